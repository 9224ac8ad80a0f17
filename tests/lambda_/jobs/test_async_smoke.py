"""An asynchronous endpoint is asked by way of S3, once, and what came of it does not stay there."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from jobs import endpoint_check
from jobs.async_smoke import PATIENCE
from jobs.endpoint_check import EndpointCheckError
from jobs.events import Event, Progress

from .fake_aws import STACK_ID, FakeAws
from .fake_jobs import error

BODY = "Sepal.Width,Species\n3.5,setosa\n"
FOLDER = "s3://data/iris/async/smoke"
OUTPUT, FAILURE = "s3://data/iris/async/output/1.out", "s3://data/iris/async/failures/1-error.out"
REQUEST = "5f8c0d70-0000-0000-0000-000000000000"


@pytest.fixture(autouse=True)
def runtime(aws: FakeAws) -> Iterator[Stubber]:
    aws.serves("iris", "image", "s3://data/model.tar.gz")
    with Stubber(aws.clients.runtime) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def event(request: str = REQUEST) -> Event:
    described: Any = {
        "RequestType": "Update",
        "RequestId": request,
        "StackId": STACK_ID,
        "LogicalResourceId": "EndpointCheck",
        "ResourceType": "Custom::SageMakerEndpointCheck",
        "ResourceProperties": {
            "EndpointName": "iris",
            "EndpointConfigName": "iris-config",
            "VariantNames": ["mars"],
            "AsyncInputS3Uri": f"{FOLDER}/",
            "Smoke": {"ContentType": "text/csv", "Body": BODY, "Rows": "1"},
        },
    }
    result: Event = described
    return result


def accepts(stubber: Stubber, request: str = REQUEST, **answer: str) -> None:
    sent = {
        "EndpointName": "iris",
        "ContentType": "text/csv",
        "InputLocation": f"{FOLDER}/{request}/payload",
        "InferenceId": request,
    }
    there = answer or {"OutputLocation": OUTPUT, "FailureLocation": FAILURE}
    stubber.add_response("invoke_endpoint_async", there, sent)


def check(aws: FakeAws, request: str = REQUEST) -> Progress:
    return endpoint_check.is_complete(event(request), aws.clients)


def ended(aws: FakeAws, uri: str, body: bytes, content_type: str = "text/csv") -> None:
    aws.objects[uri] = body
    aws.content_types[uri] = content_type


def test_the_payload_is_put_and_asked_about_once(aws: FakeAws, runtime: Stubber) -> None:
    accepts(runtime)
    for _ in range(3):
        assert check(aws) == {"IsComplete": False}
    payload = f"{FOLDER}/{REQUEST}/payload"
    assert aws.objects[payload] == BODY.encode()
    assert aws.content_types[payload] == "text/csv"


def test_the_answer_ends_it_and_nothing_stays(aws: FakeAws, runtime: Stubber) -> None:
    accepts(runtime)
    check(aws)
    ended(aws, OUTPUT, b"5.1\n")
    assert check(aws) == {"IsComplete": True, "Data": {"InvokedVariants": "mars"}}
    assert aws.objects == {}


def test_a_failure_is_quoted_and_nothing_stays(aws: FakeAws, runtime: Stubber) -> None:
    accepts(runtime)
    check(aws)
    ended(aws, FAILURE, b"object 'fit' not found\n")
    with pytest.raises(EndpointCheckError) as caught:
        check(aws)
    assert str(caught.value) == (
        "Endpoint iris fails the smoke payload: object 'fit' not found\n"
        "Its log: /aws/sagemaker/Endpoints/iris"
    )
    assert aws.objects == {}


def test_an_answer_that_is_none_fails_with_what_was_answered(
    aws: FakeAws, runtime: Stubber
) -> None:
    accepts(runtime)
    check(aws)
    ended(aws, OUTPUT, b"{", "application/json; charset=utf-8")
    with pytest.raises(EndpointCheckError, match="it answered application/json that is none"):
        check(aws)
    assert aws.objects == {}


def test_an_object_of_a_longer_name_is_not_the_answer(aws: FakeAws, runtime: Stubber) -> None:
    accepts(runtime, OutputLocation=OUTPUT)  # SageMaker names no failure where none is configured
    check(aws)
    ended(aws, f"{OUTPUT}.metadata", b"5.1\n")
    assert check(aws) == {"IsComplete": False}


def test_an_answer_that_does_not_come_fails(aws: FakeAws, runtime: Stubber) -> None:
    accepts(runtime)
    check(aws)
    aws.put_at = datetime.now(UTC) - PATIENCE + timedelta(minutes=1)
    assert check(aws) == {"IsComplete": False}
    aws.put_at -= timedelta(minutes=2)
    where = f"nothing came within 45 minutes at {OUTPUT} or {FAILURE}"
    with pytest.raises(EndpointCheckError, match=where):
        check(aws)
    assert aws.objects == {}


def test_another_deploy_asks_again(aws: FakeAws, runtime: Stubber) -> None:
    accepts(runtime)
    check(aws)
    accepts(runtime, request="another")
    assert check(aws, "another") == {"IsComplete": False}


def test_a_clean_up_that_is_broken_off_asks_again(aws: FakeAws, runtime: Stubber) -> None:
    def throttled() -> None:
        aws.hooks["DeleteObject"] = refused

    def refused() -> None:
        raise error("SlowDown", "Please reduce your request rate.")

    accepts(runtime)
    check(aws)
    ended(aws, OUTPUT, b"5.1\n")
    aws.hooks["DeleteObject"] = throttled  # the first goes through, the second does not
    with pytest.raises(ClientError):
        check(aws)
    accepts(runtime)
    assert check(aws) == {"IsComplete": False}
    assert check(aws)["IsComplete"]
    assert aws.objects == {}
