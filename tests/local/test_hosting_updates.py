"""Guarded updates, by boto3 against the running server."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import TIMEOUT, Account
from tests.local.test_deployment_plan import blue_green, instances, percent, rolling
from tests.local.test_hosting import hosts, refused

CANARY = blue_green("CANARY", 2, CanarySize=percent(30))


class Clients:
    """Keeps asking an endpoint; what it answered."""

    def __init__(self, account: Account, endpoint: str) -> None:
        self.answers: Counter[str] = Counter()
        self._account = account
        self._endpoint = endpoint
        self._ending = threading.Event()

    def _ask(self) -> None:
        while not self._ending.is_set():
            try:
                _, answer = self._account.ask(self._endpoint, b"1")
                self.answers[answer.split()[0].decode()] += 1
            except ClientError as error:
                self.answers[f"{error.response['Error']['Message'][:60]}"] += 1

    @contextmanager
    def asking(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ending.set()
            for thread in threads:
                thread.join()


def update(account: Account, name: str, config: dict[str, Any], **more: Any) -> None:
    """Start an update of an endpoint to the configuration whose name has a 2 behind."""
    account.sagemaker.update_endpoint(
        EndpointName=name, EndpointConfigName=f"{name}-2", DeploymentConfig=config, **more
    )


def followed(account: Account, name: str) -> list[dict[str, Any]]:
    """The descriptions of an endpoint until it is in service."""
    found = []
    deadline = time.monotonic() + TIMEOUT
    while True:
        found.append(account.sagemaker.describe_endpoint(EndpointName=name))
        if found[-1]["EndpointStatus"] in ("InService", "Failed"):
            return found
        assert time.monotonic() < deadline, found[-1]
        time.sleep(0.05)


def stages(descriptions: list[dict[str, Any]]) -> list[str]:
    """Each status of the new fleet's variant, once."""
    found = [
        each["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"][0]["Status"]
        for each in descriptions
        if "PendingDeploymentSummary" in each
    ]
    return [status for at, status in enumerate(found) if at == 0 or found[at - 1] != status]


def alarmed(account: Account, endpoint: str, variant: str) -> dict[str, Any]:
    """An AutoRollbackConfiguration with an alarm on any server error of a variant."""
    account.aws.client("cloudwatch").put_metric_alarm(
        AlarmName=f"{endpoint}-errors",
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=[
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": variant},
        ],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
    )
    return {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": f"{endpoint}-errors"}]}}


def test_a_canary_gets_its_part_and_then_all_and_no_request_fails(account: Account) -> None:
    account.serve("bird", v="Old")
    account.configure("bird-2", v="New")
    clients = Clients(account, "bird")
    with clients.asking():
        update(account, "bird", CANARY)
        found = followed(account, "bird")
        while account.ask("bird", b"1")[1] != b"New text/csv 1":
            pass
    assert set(clients.answers) == {"Old", "New"}
    assert found[-1]["EndpointConfigName"] == "bird-2"
    assert found[-1]["LastDeploymentConfig"] == CANARY
    assert "PendingDeploymentSummary" not in found[-1]
    assert {each["EndpointStatus"] for each in found} == {"Updating", "InService"}
    assert stages(found) in (["Creating", "Baking"], ["Creating", "ActivatingTraffic", "Baking"])
    pending = found[0]["PendingDeploymentSummary"]
    assert pending["EndpointConfigName"] == "bird-2"
    assert found[0]["EndpointConfigName"] == "bird"
    (variant,) = pending["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (0, 1)
    assert variant["InstanceType"] == "ml.t2.medium"


def test_a_canary_is_so_many_of_the_requests_as_its_size_says(account: Account) -> None:
    account.serve("share", v="Old")
    account.configure("share-2", v="New")
    alarm = alarmed(account, "share", "v")
    update(account, "share", {**blue_green("CANARY", 3600, CanarySize=percent(30)), **alarm})
    while "Baking" not in stages([account.sagemaker.describe_endpoint(EndpointName="share")]):
        time.sleep(0.02)
    targets: tuple[dict[str, str], ...] = ({}, {"TargetVariant": "v"})
    for target in targets:  # asked for by name the variant is of both fleets, too
        answers = Counter(account.ask("share", b"1", **target)[1][:3] for _ in range(300))
        assert 300 * 0.3 - 4 * 8 < answers[b"New"] < 300 * 0.3 + 4 * 8, answers
    refused(account.runtime.invoke_endpoint, EndpointName="share", Body=b"500")
    assert account.endpoint("share")["EndpointConfigName"] == "share"


def test_an_alarm_rolls_back_and_the_old_fleet_has_all_again(account: Account) -> None:
    account.serve("mine", v="Old")
    account.configure("mine-2", v="fails")
    alarm = alarmed(account, "mine", "v")
    clients = Clients(account, "mine")
    with clients.asking():
        # it would be an hour before the update ended by itself
        update(account, "mine", {**blue_green("CANARY", 3600, CanarySize=percent(30)), **alarm})
        found = followed(account, "mine")
    assert found[-1]["EndpointStatus"] == "InService"
    assert found[-1]["EndpointConfigName"] == "mine"
    assert "in ALARM: mine-errors" in found[-1]["FailureReason"]
    assert "PendingDeploymentSummary" not in found[-1]
    model_errors = [answer for answer in clients.answers if answer != "Old"]
    assert all("Received server error (500)" in answer for answer in model_errors), clients.answers
    assert {account.ask("mine", b"1")[1] for _ in range(20)} == {b"Old text/csv 1"}
    # It is in ALARM still: the next update is not even begun.
    started = hosts(account, "mine")
    update(account, "mine", {**CANARY, **alarm})
    assert "in ALARM: mine-errors" in followed(account, "mine")[-1]["FailureReason"]
    assert hosts(account, "mine") == started


def test_a_rolling_update_goes_back_in_the_batches_of_its_policy(account: Account) -> None:
    account.serve("batch", v="Old", instances=4)
    account.configure("batch-2", v="New", instances=4)
    policy = rolling(percent(50), 2, RollbackMaximumBatchSize=percent(25))
    update(account, "batch", {**policy, **alarmed(account, "batch", "v")})
    while account.ask("batch", b"1")[1] != b"New text/csv 1":
        pass
    refused(account.runtime.invoke_endpoint, EndpointName="batch", Body=b"500")
    found = followed(account, "batch")
    back = [each for each in found if each["EndpointStatus"] == "RollingBack"]
    assert {each["ProductionVariants"][0]["CurrentInstanceCount"] for each in back} >= {3}
    assert all("in ALARM: batch-errors" in each["FailureReason"] for each in back)
    (variant,) = found[-1]["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], found[-1]["EndpointConfigName"]) == (4, "batch")


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("line", blue_green("LINEAR", 0, LinearStepSize=percent(50), TerminationWaitInSeconds=1)),
        ("roll", rolling(instances(1), 1)),
        ("once", blue_green("ALL_AT_ONCE", 1)),
    ],
)
def test_every_policy_ends_on_the_new_configuration(
    account: Account, name: str, config: dict[str, Any]
) -> None:
    account.serve(name, v="Old", instances=2)
    account.configure(f"{name}-2", v="New", instances=2)
    clients = Clients(account, name)
    with clients.asking():
        update(account, name, config)
        found = followed(account, name)
    assert found[-1]["EndpointConfigName"] == f"{name}-2"
    assert "FailureReason" not in found[-1]
    assert set(clients.answers) == {"Old", "New"}
    if name == "roll":
        counts = {
            (
                each["ProductionVariants"][0]["CurrentInstanceCount"],
                each["PendingDeploymentSummary"]["ProductionVariants"][0]["CurrentInstanceCount"],
            )
            for each in found[:-1]
        }
        assert (1, 1) in counts


def test_a_fleet_that_never_answers_is_rolled_back_too(account: Account) -> None:
    account.serve("mute", v="Old")
    account.configure("mute-2", v="health=exit")
    update(account, "mute", CANARY)
    endpoint = account.endpoint("mute")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "mute")
    assert "ended with exit code 3" in endpoint["FailureReason"]


def test_the_last_deployment_config_can_be_used_again(account: Account) -> None:
    account.configure("again", v="Old")
    account.configure("again-2", v="New")
    config = blue_green("ALL_AT_ONCE", 1)
    account.sagemaker.create_endpoint(
        EndpointName="again", EndpointConfigName="again", DeploymentConfig=config
    )
    creating = account.sagemaker.describe_endpoint(EndpointName="again")
    assert creating["EndpointStatus"] == "Creating"
    assert creating["PendingDeploymentSummary"]["EndpointConfigName"] == "again"
    assert account.endpoint("again")["LastDeploymentConfig"] == config
    account.sagemaker.update_endpoint(
        EndpointName="again", EndpointConfigName="again-2", RetainDeploymentConfig=True
    )
    assert "Baking" in stages(followed(account, "again"))
    assert account.endpoint("again")["EndpointConfigName"] == "again-2"


def test_retained_properties_go_before_those_of_the_configuration(account: Account) -> None:
    account.serve("kept", v="Old", w="Old")
    account.configure("kept-2", v="New", w="New")
    account.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="kept",
        DesiredWeightsAndCapacities=[
            {"VariantName": "v", "DesiredWeight": 3, "DesiredInstanceCount": 4}
        ],
    )
    before = account.endpoint("kept")["ProductionVariants"][0]
    assert (before["CurrentWeight"], before["CurrentInstanceCount"]) == (3, 4)
    account.sagemaker.update_endpoint(
        EndpointName="kept",
        EndpointConfigName="kept-2",
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredWeight"}],
    )
    after = account.endpoint("kept")["ProductionVariants"][0]
    assert (after["CurrentWeight"], after["CurrentInstanceCount"]) == (1, 4)


def test_a_policy_that_does_not_fit_is_refused_before_anything_happens(account: Account) -> None:
    account.serve("strict", v="Old")
    account.configure("strict-2", other="New")
    request = {"EndpointName": "strict", "EndpointConfigName": "strict-2"}
    error = refused(account.sagemaker.update_endpoint, **request, DeploymentConfig=CANARY)["Error"]
    assert error["Code"] == "ValidationException"
    assert "those of the old one, v; found other" in error["Message"]
    for call in (account.sagemaker.update_endpoint, account.sagemaker.create_endpoint):
        error = refused(
            call,
            **{**request, "EndpointConfigName": "strict"},
            DeploymentConfig=blue_green("CANARY", 0, CanarySize=instances(1)),
        )["Error"]
        assert "found 1 of the 1 instances of variant v" in error["Message"]
    assert account.endpoint("strict")["EndpointStatus"] == "InService"


def test_an_endpoint_cannot_be_updated_or_deleted_while_it_is(account: Account) -> None:
    account.serve("busy", v="Old")
    account.configure("busy-2", v="New")
    update(account, "busy", blue_green("ALL_AT_ONCE", 2))
    for call, request in (
        (account.sagemaker.delete_endpoint, {}),
        (account.sagemaker.update_endpoint, {"EndpointConfigName": "busy"}),
    ):
        error = refused(call, EndpointName="busy", **request)["Error"]
        assert error["Message"].startswith("Cannot update in-progress endpoint")
    account.endpoint("busy")
