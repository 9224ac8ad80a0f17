"""SageMaker throttles every third call, over the wire, and all goes on as if it had not."""

import json
from dataclasses import replace
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from jobs import handler
from jobs.clients import Clients
from jobs.events import Event

from .fake_aws import FakeAws
from .job_events import OTHER, complete, job_event


class Wire:
    """Answers SageMaker's HTTP requests from the account, every third one with a refusal."""

    def __init__(self, aws: FakeAws) -> None:
        self._aws = aws
        self.throttled = self._requests = 0

    def __call__(self, request: Any, **_: object) -> Any:
        self._requests += 1
        if self._requests % 3 == 0:
            self.throttled += 1
            refusal = {"__type": "ThrottlingException", "message": "Rate exceeded"}
            return _response(request, 400, refusal)
        operation = request.headers["X-Amz-Target"].decode().rpartition(".")[2]
        model = SimpleNamespace(name=operation)
        http, answer = self._aws.answer(model, {"body": json.loads(request.body)})
        if "Error" in answer:
            fault = answer["Error"]
            answer = {"__type": fault["Code"], "message": fault["Message"]}
        return _response(request, http.status_code, answer)


def _response(request: Any, status: int, answer: dict[str, Any]) -> AWSResponse:
    body = BytesIO(json.dumps(answer, default=lambda time: time.timestamp()).encode())
    raw: Any = SimpleNamespace(stream=lambda *_, **__: iter([body.read()]))
    return AWSResponse(request.url, status, HTTPHeaders(), raw)


@pytest.fixture
def wire(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> Wire:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    wire = Wire(aws)
    throttled = Clients.connect().sagemaker
    throttled.meta.events.register("before-send.sagemaker.*", wire)
    clients = replace(aws.clients, sagemaker=throttled)
    monkeypatch.setattr(handler, "clients", lambda: clients)
    return wire


def deliver(event: Event) -> Event:
    """Deliver an event; return it as `is_complete` gets it."""
    return {**event, **handler.on_event(event, None)}


def ended(aws: FakeAws, event: Event) -> bool:
    """Ask until the event is complete, every job that is stopped ending meanwhile."""
    for _ in range(9):
        for name in list(aws.jobs):
            if aws.status(name) == "Stopping":
                aws.end(name, "Stopped")
        if handler.is_complete(event, None)["IsComplete"]:
            return True
    return False


def test_a_deploy_an_update_its_rollback_and_the_end_leave_exactly_what_they_should(
    aws: FakeAws, wire: Wire, kind: str
) -> None:
    created = deliver(job_event("Create", "r1", kind=kind))
    old = created["PhysicalResourceId"]
    assert deliver(job_event("Create", "r1", kind=kind))["PhysicalResourceId"] == old
    assert handler.is_complete(created, None) == {"IsComplete": False}
    complete(aws, old)
    assert handler.is_complete(created, None)["Data"]["JobName"] == old

    aws.stack_status = "UPDATE_IN_PROGRESS"
    new = deliver(job_event("Update", "r2", kind=kind, **OTHER[kind]))["PhysicalResourceId"]
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    back = deliver(job_event("Update", "r3", kind=kind))
    assert back["PhysicalResourceId"] == old
    assert ended(aws, back)
    assert (aws.status(old), aws.status(new)) == ("Completed", "Stopped")
    assert aws.calls.count(f"Create{kind}") == 2

    aws.stack_status = "DELETE_IN_PROGRESS"
    assert ended(aws, deliver(job_event("Delete", "r4", kind=kind, physical_id=old)))
    assert not aws.jobs or kind == "TransformJob"
    assert "InProgress" not in aws.statuses()
    assert wire.throttled > 5
