"""What a host tells CloudFormation, or does not, decides about its stack."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.session import EmbeddedAWS
from tests.local.conftest import Account, settled
from tests.local.hosts import TELLS, Host, instance, seconds, signalled, small


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    yield from _faulty(tmp_path_factory, "host_failure=1")


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    yield from _faulty(tmp_path_factory, "host_silence=1")


def _faulty(factory: pytest.TempPathFactory, fault: str) -> Iterator[Account]:
    settings = {"SAGESTACK_RUNNER": "process", "SAGESTACK_FAULTS": fault}
    with EmbeddedAWS(factory.mktemp("faulty"), settings=settings) as aws:
        yield Account(aws)


def test_a_host_that_signals_failure_fails_its_creation_policy_and_is_terminated(
    failing: Account,
) -> None:
    host = Host(failing, "failing")
    assert host.put(**small()) == "ROLLBACK_COMPLETE"
    reason = (
        "Received 1 FAILURE signal(s) out of 1. Unable to satisfy 100% "
        "MinSuccessfulInstancesPercent requirement"
    )
    assert reason in host.reasons()
    (terminated,) = host.instances()
    assert terminated["State"]["Name"] == "terminated"
    assert host.ec2.describe_volumes()["Volumes"] == []


def test_a_host_that_signals_failure_fails_its_wait_condition_with_its_reason(
    failing: Account,
) -> None:
    host = Host(failing, "reason")
    resources = small(Instance=instance(TELLS, timeout=""), **signalled())
    assert host.put(**resources) == "ROLLBACK_COMPLETE"
    (terminated,) = host.instances()
    assert terminated["State"]["Name"] == "terminated"
    assert (
        "WaitCondition received failed message: 'the set-up of the host failed (fault: "
        f"host_failure)' for uniqueId: {terminated['InstanceId']}"
    ) in host.reasons()


def test_a_host_of_which_nothing_is_heard_fails_when_its_time_is_over(silent: Account) -> None:
    host = Host(silent, "silent")
    elapsed = seconds()
    next(elapsed)
    assert host.put(**small(Instance=instance(timeout="PT1S"))) == "ROLLBACK_COMPLETE"
    assert next(elapsed) >= 1
    assert "Failed to receive 1 resource signal(s) within the specified duration" in host.reasons()
    (terminated,) = host.instances()
    assert terminated["State"]["Name"] == "terminated"


def test_a_wait_condition_that_nobody_signals_fails_when_its_time_is_over(
    silent: Account,
) -> None:
    host = Host(silent, "waiting")
    resources = small(Instance=instance(TELLS, timeout=""), **signalled("1"))
    assert host.put(**resources) == "ROLLBACK_COMPLETE"
    assert any("WaitCondition timed out. Received 0 conditions" in r for r in host.reasons())


def cfn_signal(host: Host, status: str) -> None:
    """Signal in the name of the host, once it is waited for."""

    def signal() -> dict[str, Any]:
        try:
            host.cloudformation.signal_resource(
                StackName=host.name, LogicalResourceId="Instance", UniqueId="x", Status=status
            )
        except ClientError as error:
            return {"refused": str(error)}
        return {}

    settled(signal, lambda answer: not answer)


@pytest.mark.parametrize(
    ("status", "outcome"), [("SUCCESS", "CREATE_COMPLETE"), ("FAILURE", "ROLLBACK_COMPLETE")]
)
def test_a_host_that_cfn_signal_speaks_for_succeeds_or_fails_as_it_says(
    silent: Account, status: str, outcome: str
) -> None:
    host = Host(silent, f"spoken-{status}")
    host.start(**small())
    cfn_signal(host, status)
    assert host.settled() == outcome
    host.down()


def test_a_replacement_that_fails_leaves_the_host_that_was_there(silent: Account) -> None:
    host = Host(silent, "survivor")
    host.start(**small())
    cfn_signal(host, "SUCCESS")
    assert host.settled() == "CREATE_COMPLETE"
    first = host.id
    host.attach()
    host.start(**small(Instance=instance(ImageId={"Ref": "Imagearm64"})))
    cfn_signal(host, "FAILURE")
    assert host.settled() == "UPDATE_ROLLBACK_COMPLETE"
    assert host.id == first
    states = {each["InstanceId"]: each["State"]["Name"] for each in host.instances()}
    assert states.pop(first) == "running"
    assert list(states.values()) == ["terminated"]
    assert host.disk()["Attachments"][0]["InstanceId"] == first
    host.down()
