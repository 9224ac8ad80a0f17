import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from jobs import handler
from jobs.events import Event, ResourceError, fitting_reason

from .fake_aws import FakeAws
from .job_events import complete, job_event, wait_event


@pytest.fixture(autouse=True)
def _clients(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "clients", lambda: aws.clients)


def test_an_event_of_any_kind_goes_the_whole_way(aws: FakeAws, kind: str) -> None:
    event = job_event("Create", "r1", kind=kind)
    merged: Event = {**event, **handler.on_event(event, None)}
    assert handler.is_complete(merged, None) == {"IsComplete": False}
    complete(aws, merged["PhysicalResourceId"])
    progress = handler.is_complete(merged, None)
    assert progress["IsComplete"]
    assert len(json.dumps(progress)) < 1000


def test_the_wait_for_a_job_of_any_kind_goes_the_whole_way(aws: FakeAws, kind: str) -> None:
    name = handler.on_event(job_event("Create", "r1", kind=kind), None)["PhysicalResourceId"]
    event = wait_event("Create", name, kind=kind, last=True)
    merged: Event = {**event, **handler.on_event(event, None)}
    assert handler.is_complete(merged, None) == {"IsComplete": False}
    complete(aws, name)
    assert handler.is_complete(merged, None)["Data"]["JobName"] == name


@pytest.mark.parametrize("resource", ["EndpointCheck", "JobWait", "QualityGate", "UpdateCheck"])
def test_what_a_delete_has_nothing_to_do_for_completes_at_once(aws: FakeAws, resource: str) -> None:
    event: Any = {"ResourceType": f"Custom::SageMaker{resource}", "RequestType": "Delete"}
    assert handler.on_event(event, None) == {}
    assert handler.is_complete(event, None) == {"IsComplete": True}
    assert aws.calls == []


def test_a_refused_request_fails_with_its_problem(capsys: pytest.CaptureFixture[str]) -> None:
    event = job_event("Create", "r1", NoSuchMember="1")
    with pytest.raises(ResourceError, match="NoSuchMember does not exist"):
        handler.on_event(event, None)
    assert json.loads(capsys.readouterr().out)["trace"] is None


def test_an_unexpected_error_is_logged_with_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    event = job_event("Create", "r1")
    event["ResourceProperties"] = {}
    with pytest.raises(ResourceError, match="KeyError: 'CreateTrainingJobRequest'"):
        handler.on_event(event, None)
    assert "job_resource.py" in "".join(json.loads(capsys.readouterr().out)["trace"])


def client_error(code: str, status: int) -> ClientError:
    return ClientError(
        {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "DescribeTrainingJob",
    )


@pytest.mark.parametrize(
    "error",
    [
        client_error("ThrottlingException", 400),
        client_error("RequestLimitExceeded", 400),
        client_error("ModelNotReadyException", 429),
        client_error("ServiceUnavailable", 503),
        ConnectTimeoutError(endpoint_url="https://api.sagemaker"),
    ],
)
def test_an_error_that_passes_by_itself_is_asked_about_again(
    aws: FakeAws, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aws.clients.sagemaker, "describe_training_job", raiser(error))
    event = job_event("Create", "r1", physical_id="iris")
    assert handler.is_complete(event, None) == {"IsComplete": False}


def test_an_error_that_stays_fails_the_resource(aws: FakeAws) -> None:
    event = job_event("Create", "r1", physical_id="iris")
    with Stubber(aws.clients.sagemaker) as sagemaker:
        sagemaker.add_client_error("describe_training_job", "AccessDenied", http_status_code=400)
        with pytest.raises(ResourceError, match="AccessDenied"):
            handler.is_complete(event, None)


def raiser(error: Exception) -> Callable[..., None]:
    def fail(**_: object) -> None:
        raise error

    return fail


@given(st.text(min_size=1, max_size=1))
def test_a_reason_always_fits_into_cloudformations_response(character: str) -> None:
    reason = fitting_reason(ResourceError(character * 5000))
    assert len(json.dumps(reason, ensure_ascii=False).encode()) <= 2_810
    assert reason.endswith("…")


def test_a_failure_reason_of_sagemakers_greatest_length_is_whole() -> None:
    assert fitting_reason(ResourceError("é" * 400 + "x" * 624)) == "é" * 400 + "x" * 624
