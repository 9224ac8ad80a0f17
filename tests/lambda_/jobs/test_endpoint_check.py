from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.stub import Stubber

from jobs import endpoint_check
from jobs.endpoint_check import EndpointCheckError
from jobs.events import Event

from .fake_aws import STACK_ID, FakeAws

BODY = "Sepal.Width,Species\n3.5,setosa\n"


@pytest.fixture
def sagemaker(aws: FakeAws) -> Iterator[Stubber]:
    with Stubber(aws.clients.sagemaker) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.fixture
def runtime(aws: FakeAws) -> Iterator[Stubber]:
    with Stubber(aws.clients.runtime) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def event(request_type: str = "Update", **properties: object) -> Event:
    result: Any = {
        "RequestType": request_type,
        "RequestId": "r1",
        "StackId": STACK_ID,
        "LogicalResourceId": "EndpointCheck",
        "ResourceType": "Custom::SageMakerEndpointCheck",
        "ResourceProperties": {
            "EndpointName": "iris",
            "EndpointConfigName": "config-2",
            "VariantNames": ["mars", "linear"],
            "Smoke": {"ContentType": "text/csv", "Body": BODY, "Rows": "1"},
            **properties,
        },
    }
    described: Event = result
    return described


def endpoint(stubber: Stubber, status: str, config: str = "config-2", **fields: object) -> None:
    answer = {
        "EndpointName": "iris",
        "EndpointArn": "arn:aws:sagemaker:us-east-1:000000000000:endpoint/iris",
        "EndpointConfigName": config,
        "EndpointStatus": status,
        "CreationTime": 0,
        "LastModifiedTime": 0,
    }
    stubber.add_response("describe_endpoint", answer | fields, {"EndpointName": "iris"})


def answers(
    stubber: Stubber, variant: str, body: bytes = b"5.1\n", content_type: str = "text/csv"
) -> None:
    sent = {"EndpointName": "iris", "TargetVariant": variant, "ContentType": "text/csv"}
    answer = {"Body": BytesIO(body), "ContentType": content_type}
    stubber.add_response("invoke_endpoint", answer, sent | {"Body": BODY.encode()})


def test_every_variant_is_sent_the_smoke_payload(
    aws: FakeAws, sagemaker: Stubber, runtime: Stubber
) -> None:
    endpoint(sagemaker, "InService")
    answers(runtime, "mars")
    answers(runtime, "linear")
    assert endpoint_check.is_complete(event(), aws.clients) == {
        "IsComplete": True,
        "Data": {"InvokedVariants": "mars,linear"},
    }


@pytest.mark.parametrize("status", ["Creating", "Updating", "SystemUpdating", "RollingBack"])
def test_a_changing_endpoint_is_waited_for(aws: FakeAws, sagemaker: Stubber, status: str) -> None:
    endpoint(sagemaker, status)
    assert endpoint_check.is_complete(event(), aws.clients) == {"IsComplete": False}


def test_a_silent_rollback_of_the_endpoint_is_found(aws: FakeAws, sagemaker: Stubber) -> None:
    endpoint(sagemaker, "InService", "config-1", FailureReason="did not pass the ping check")
    with pytest.raises(EndpointCheckError) as caught:
        endpoint_check.is_complete(event(), aws.clients)
    assert str(caught.value) == (
        "Endpoint iris serves config-1 instead of config-2: SageMaker rolled the update back: "
        "did not pass the ping check"
    )


@pytest.mark.parametrize("status", ["Failed", "OutOfService", "UpdateRollbackFailed", "Deleting"])
def test_an_endpoint_out_of_service_fails_with_its_reason(
    aws: FakeAws, sagemaker: Stubber, status: str
) -> None:
    endpoint(sagemaker, status, FailureReason="no capacity")
    with pytest.raises(EndpointCheckError, match=f"is {status}: no capacity"):
        endpoint_check.is_complete(event(), aws.clients)


def test_a_variant_that_fails_is_quoted(aws: FakeAws, sagemaker: Stubber, runtime: Stubber) -> None:
    endpoint(sagemaker, "InService")
    answers(runtime, "mars")
    runtime.add_client_error(
        "invoke_endpoint",
        "ModelError",
        http_status_code=424,
        modeled_fields={
            "OriginalStatusCode": 500,
            "OriginalMessage": "object 'fit' not found",
            "LogStreamArn": "arn:aws:logs:us-east-1:0:log-group:/aws/sagemaker/Endpoints/iris",
        },
    )
    with pytest.raises(EndpointCheckError) as caught:
        endpoint_check.is_complete(event(), aws.clients)
    assert str(caught.value) == (
        "Variant linear of endpoint iris fails the smoke payload: 500: object 'fit' not found\n"
        "Its log: arn:aws:logs:us-east-1:0:log-group:/aws/sagemaker/Endpoints/iris"
    )


def test_a_variant_that_sagemaker_does_not_know_fails(
    aws: FakeAws, sagemaker: Stubber, runtime: Stubber
) -> None:
    endpoint(sagemaker, "InService")
    runtime.add_client_error(
        "invoke_endpoint", "ValidationError", "Variant mars not found", http_status_code=400
    )
    with pytest.raises(EndpointCheckError, match="Variant mars not found"):
        endpoint_check.is_complete(event(), aws.clients)


def test_a_variant_that_does_not_answer_fails(
    aws: FakeAws, sagemaker: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never_answers(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://runtime")

    endpoint(sagemaker, "InService")
    monkeypatch.setattr(aws.clients.runtime, "invoke_endpoint", never_answers)
    with pytest.raises(EndpointCheckError, match="did not answer within 60 seconds"):
        endpoint_check.is_complete(event(), aws.clients)


def test_a_throttled_variant_is_left_to_the_next_call(
    aws: FakeAws, sagemaker: Stubber, runtime: Stubber
) -> None:
    endpoint(sagemaker, "InService")
    runtime.add_client_error("invoke_endpoint", "ThrottlingException", http_status_code=400)
    with pytest.raises(ClientError, match="ThrottlingException"):
        endpoint_check.is_complete(event(), aws.clients)


def test_an_answer_that_is_none_fails_with_what_was_answered(
    aws: FakeAws, sagemaker: Stubber, runtime: Stubber
) -> None:
    endpoint(sagemaker, "InService")
    answers(runtime, "mars", b"<html>Welcome to nginx!</html>", "application/json")
    with pytest.raises(EndpointCheckError) as caught:
        endpoint_check.is_complete(event(), aws.clients)
    assert str(caught.value) == (
        "Variant mars of endpoint iris fails the smoke payload: it answered application/json that "
        "is none (Expecting value: line 1 column 1 (char 0)): <html>Welcome to nginx!</html>"
    )


def test_an_answer_to_fewer_rows_than_were_sent_fails(
    aws: FakeAws, sagemaker: Stubber, runtime: Stubber
) -> None:
    endpoint(sagemaker, "InService")
    answers(runtime, "mars", b"5.1\n")
    smoke = {"ContentType": "text/csv", "Body": BODY, "Rows": "2"}
    with pytest.raises(EndpointCheckError, match=r"it answered 2 rows with 1 lines of CSV: 5\.1"):
        endpoint_check.is_complete(event(Smoke=smoke), aws.clients)


def test_rows_that_are_not_known_are_not_counted(
    aws: FakeAws, sagemaker: Stubber, runtime: Stubber
) -> None:
    endpoint(sagemaker, "InService")
    answers(runtime, "mars")
    smoke = {"ContentType": "text/csv", "Body": BODY}
    found = endpoint_check.is_complete(event(Smoke=smoke, VariantNames=["mars"]), aws.clients)
    assert found["IsComplete"]


def test_a_shadow_variant_is_looked_for_and_not_asked(
    aws: FakeAws, sagemaker: Stubber, runtime: Stubber
) -> None:
    shadowed = event(VariantNames=["mars"], ShadowVariantNames=["next"])
    endpoint(sagemaker, "InService", ShadowProductionVariants=[{"VariantName": "next"}])
    answers(runtime, "mars")
    assert endpoint_check.is_complete(shadowed, aws.clients)["IsComplete"]


@pytest.mark.parametrize(("running", "shown"), [([{"VariantName": "old"}], "old"), (None, "none")])
def test_a_shadow_variant_that_is_not_there_fails(
    aws: FakeAws, sagemaker: Stubber, running: list[dict[str, str]] | None, shown: str
) -> None:
    fields: dict[str, Any] = {} if running is None else {"ShadowProductionVariants": running}
    endpoint(sagemaker, "InService", **fields)
    with pytest.raises(EndpointCheckError) as caught:
        endpoint_check.is_complete(event(ShadowVariantNames=["next"]), aws.clients)
    assert str(caught.value) == f"Endpoint iris has no shadow variant next; it has: {shown}"


def test_nobody_is_asked_while_the_stack_rolls_back(
    aws: FakeAws,
    sagemaker: Stubber,
    runtime: Stubber,  # noqa: ARG001 - it would answer "no more responses"
) -> None:
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    for properties in ({}, {"AsyncInputS3Uri": "s3://data/iris/async/smoke"}):
        endpoint(sagemaker, "InService")
        assert endpoint_check.is_complete(event(**properties), aws.clients)["IsComplete"]
    assert aws.objects == {}


@pytest.mark.parametrize("status", ["Failed", "Updating", "InService"])
def test_a_rollback_is_never_held_up(
    aws: FakeAws, sagemaker: Stubber, status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    endpoint(sagemaker, status, "config-1")
    assert endpoint_check.is_complete(event(), aws.clients)["IsComplete"]
    assert status in capsys.readouterr().out


def test_a_rollback_is_not_held_up_by_a_missing_endpoint(
    aws: FakeAws, sagemaker: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.stack_status = "ROLLBACK_IN_PROGRESS"
    sagemaker.add_client_error("describe_endpoint", "ValidationException", "Could not find")
    assert endpoint_check.is_complete(event("Create"), aws.clients)["IsComplete"]
    assert "Could not find" in capsys.readouterr().out


def test_the_check_is_named_after_its_endpoint(aws: FakeAws) -> None:
    assert endpoint_check.on_event(event("Create"), aws.clients) == {
        "PhysicalResourceId": "iris-check"
    }


def test_a_delete_does_nothing(aws: FakeAws, sagemaker: Stubber) -> None:  # noqa: ARG001
    assert endpoint_check.on_event(event("Delete"), aws.clients) == {}
    assert endpoint_check.is_complete(event("Delete"), aws.clients) == {"IsComplete": True}
