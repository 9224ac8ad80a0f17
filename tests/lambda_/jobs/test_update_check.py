"""What SageMaker would refuse to make of the endpoint is refused, and a rollback never is."""

from typing import Any

import pytest

from jobs import handler
from jobs.events import Event, ResourceError

from .fake_aws import STACK_ID, FakeAws
from .fake_jobs import error
from .job_events import stringified

INSTANCES: dict[str, Any] = {"InstanceType": "ml.m5.large"}
WITHOUT: dict[str, Any] = {"ServerlessConfig": {"MemorySizeInMB": 2048}}


@pytest.fixture(autouse=True)
def _updating(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.stack_status = "UPDATE_IN_PROGRESS"
    monkeypatch.setattr(handler, "clients", lambda: aws.clients)


def wanted(
    *names: str, kind: str = "Update", serverless: bool = False, guarded: bool = False
) -> Event:
    """An event of a workload that asks for these variants."""
    event: Any = {
        "RequestType": kind,
        "RequestId": "r1",
        "StackId": STACK_ID,
        "LogicalResourceId": "UpdateCheck",
        "ResourceType": "Custom::SageMakerUpdateCheck",
        "ResourceProperties": stringified(
            {
                "EndpointName": "app-iris",
                "WorkloadName": "iris",
                "VariantNames": list(names),
                "Serverless": serverless,
                "Guarded": guarded,
            }
        ),
    }
    result: Event = event
    return result


def serves(
    aws: FakeAws, *names: str, kind: dict[str, Any] = INSTANCES, status: str = "InService"
) -> None:
    """Let the endpoint serve variants of a kind."""
    aws.endpoints["app-iris"] = {"EndpointStatus": status, "EndpointConfigName": "config"}
    aws.endpoint_configs["config"] = [{"VariantName": name, **kind} for name in names]


def deliver(event: Event) -> None:
    """Deliver an event; it is answered at once."""
    merged: Event = {**event, **handler.on_event(event, None)}
    assert merged["PhysicalResourceId"] == "app-iris-update-check"
    assert handler.is_complete(merged, None) == {"IsComplete": True}


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_guarded_update_to_other_names_is_refused(aws: FakeAws, kind: str) -> None:
    serves(aws, "green", "blue")
    with pytest.raises(ResourceError) as refused:
        deliver(wanted("red", "blue", kind=kind, guarded=True))
    assert str(refused.value) == (
        "Endpoint app-iris serves the variants blue, green, and the workload's file asks for blue, "
        "red. With [deployment] or [alarms] SageMaker takes no other names, neither in an update "
        "nor when CloudFormation puts the old version back. Deploy without both tables first, with "
        "the variants that serve; then with the new ones; then with the tables again. No job was "
        "started; the endpoint serves as before."
    )


@pytest.mark.parametrize("names", [["blue"], ["blue", "green", "red"]])
def test_so_is_one_that_adds_or_removes_some(aws: FakeAws, names: list[str]) -> None:
    serves(aws, "blue", "green")
    with pytest.raises(ResourceError, match="takes no other names"):
        deliver(wanted(*names, guarded=True))


def test_so_is_one_whose_rollback_would_be_guarded(aws: FakeAws) -> None:
    serves(aws, "blue")
    event = wanted("red")
    event["OldResourceProperties"] = wanted("blue", guarded=True)["ResourceProperties"]
    with pytest.raises(ResourceError, match="takes no other names"):
        deliver(event)
    event["OldResourceProperties"] = wanted("blue")["ResourceProperties"]
    deliver(event)


def test_instances_to_serverless_is_refused(aws: FakeAws) -> None:
    serves(aws, "mars")
    with pytest.raises(ResourceError) as refused:
        deliver(wanted("mars", serverless=True))
    assert str(refused.value) == (
        "Endpoint app-iris serves with instances, and the workload's file asks for serverless, "
        "which SageMaker does not make of it. Remove the workload first (make remove "
        "WORKLOAD=iris), with nobody answering until it is deployed again, or add a second "
        "workload. No job was started; the endpoint serves as before."
    )


def test_what_sagemaker_takes_is_not_refused(aws: FakeAws) -> None:
    serves(aws, "blue", "green")
    deliver(wanted("red"))
    deliver(wanted("green", "blue", guarded=True))
    serves(aws, "mars", kind=WITHOUT)
    deliver(wanted("mars", serverless=True))
    deliver(wanted("mars"))


@pytest.mark.parametrize("status", ["Creating", "Deleting", "Failed", "OutOfService"])
def test_an_endpoint_that_answers_nobody_is_nothing_to_compare(aws: FakeAws, status: str) -> None:
    deliver(wanted("mars", kind="Create", guarded=True))
    serves(aws, "blue", status=status)
    deliver(wanted("mars", guarded=True))


@pytest.mark.parametrize("status", ["Updating", "SystemUpdating", "RollingBack"])
def test_one_that_changes_is_compared_as_it_serves(aws: FakeAws, status: str) -> None:
    serves(aws, "blue", status=status)
    with pytest.raises(ResourceError, match="serves the variants blue"):
        deliver(wanted("mars", guarded=True))


def test_a_rollback_and_the_end_are_never_held_up(aws: FakeAws) -> None:
    serves(aws, "blue")
    event = wanted("mars", guarded=True)
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    deliver(event)
    aws.stack_status = "DELETE_IN_PROGRESS"
    end = wanted("mars", kind="Delete", guarded=True)
    assert handler.on_event(end, None) == {}
    assert handler.is_complete(end, None) == {"IsComplete": True}


def test_what_passes_by_itself_is_asked_again(aws: FakeAws) -> None:
    serves(aws, "mars")

    def refuse() -> None:
        raise error("ThrottlingException", "Rate exceeded")

    aws.hooks["DescribeEndpoint"] = refuse
    event = wanted("mars", guarded=True)
    assert handler.is_complete(event, None) == {"IsComplete": False}
    assert handler.is_complete(event, None) == {"IsComplete": True}
