"""A workload that answers later takes a request, and has its answer when it is there."""

import io
import json
import re
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from proxy import gateway
from proxy.api import Api
from proxy.asynchronous import ID_PATTERN
from proxy.routes import ASYNC_ANSWER, INVOKE_ASYNC

from .calls import SENT, call, error
from .conftest import IRIS, Parameters

FOLDER = "s3://bucket/iris/async"
LATER = IRIS | {
    "name": "later",
    "endpoint": "sagestack-later",
    "kind": "asynchronous",
    "variants": IRIS["variants"][:1],
    "async_folder": FOLDER,
}
ROUTE = "POST /workloads/later/async-invocations"
ID = "7f0f2d5e-6a0f-4a3a-9d3c-2f6f1f3b7a55"
OUTPUT, FAILURE = "iris/async/output/x.out", "iris/async/failures/x-error.out"
RECORD = {
    "output": f"s3://bucket/{OUTPUT}",
    "failure": f"s3://bucket/{FAILURE}",
    "accept": "application/json",
    "rows": 1,
    "variant": "mars",
    "model_version": "Model-mars-0",
}


def stored(s3: Stubber, key: str, content: bytes | None, content_type: str = "") -> None:
    asked = {"Bucket": "bucket", "Key": key}
    if content is None:
        s3.add_client_error("get_object", "NoSuchKey", http_status_code=404, expected_params=asked)
        return
    body = StreamingBody(io.BytesIO(content), len(content))
    s3.add_response("get_object", {"Body": body, "ContentType": content_type}, asked)


def recorded(s3: Stubber, **changes: Any) -> None:
    record = json.dumps(RECORD | changes).encode()
    stored(s3, f"iris/async/requests/{ID}.json", record, "application/json")


def fetch(api: Api, number: str = ID, name: str = "later") -> dict[str, Any]:
    return call(api, "GET", ASYNC_ANSWER, None, name=name, path={"id": number})


def test_it_is_explained_with_its_own_route(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS, LATER])
    iris, later = json.loads(call(api, "GET", "/workloads")["body"])["workloads"]
    assert "async_input" not in iris
    assert later["routes"] == {"invoke_async": "/workloads/later/async-invocations"}
    assert later["async_input"] == f"{FOLDER}/input/"


def test_an_invocation_that_would_be_answered_at_once_is_told_the_route(
    api: Api, parameters: Parameters
) -> None:
    parameters.hold([LATER])
    response = call(api, name="later", body="not even read")
    assert response["statusCode"] == 409
    assert (error(response)["code"], error(response)["allowed"]) == ("asynchronous", [ROUTE])
    assert ROUTE in error(response)["detail"]


@pytest.mark.parametrize("resource", [INVOKE_ASYNC, ASYNC_ANSWER])
def test_a_workload_that_answers_at_once_is_not_asked_for_later(
    api: Api, parameters: Parameters, resource: str
) -> None:
    parameters.hold([IRIS])
    method = "POST" if resource == INVOKE_ASYNC else "GET"
    response = call(api, method, resource, path={"id": ID})
    assert response["statusCode"] == 409
    assert error(response)["allowed"] == ["POST /workloads/iris/invocations"]


def test_a_request_is_stored_handed_over_and_recorded(
    api: Api,
    parameters: Parameters,
    runtime: Stubber,
    s3_client: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put: list[dict[str, Any]] = []
    monkeypatch.setattr(s3_client, "put_object", lambda **asked: put.append(asked))
    parameters.hold([LATER])
    taken = {
        "OutputLocation": RECORD["output"],
        "FailureLocation": RECORD["failure"],
        "InferenceId": "x",
    }
    runtime.add_response(
        "invoke_endpoint_async",
        taken,
        {
            "EndpointName": "sagestack-later",
            "ContentType": "text/csv",
            "Accept": "text/csv",
            "InputLocation": ANY,
            "InferenceId": ANY,
        },
    )
    response = call(api, resource=INVOKE_ASYNC, name="later", Accept="text/csv")
    assert response["statusCode"] == 202
    told = json.loads(response["body"])
    number = told["id"]
    assert told == {"id": number, "status": "in_progress"}
    assert re.fullmatch(ID_PATTERN, number)
    assert response["headers"]["Location"] == f"/workloads/later/async-invocations/{number}"
    request, record = put
    assert request["Key"] == f"iris/async/input/api/{number}"
    assert request["Body"] == SENT["Body"]
    assert request["ContentType"] == "text/csv"
    assert record["Key"] == f"iris/async/requests/{number}.json"
    assert json.loads(record["Body"]) == RECORD | {
        "accept": "text/csv",
        "model_version": "Model-mars-1",
    }


@pytest.mark.usefixtures("s3")
def test_a_body_that_is_not_the_schemas_is_refused_before_it_is_stored(
    api: Api, parameters: Parameters
) -> None:
    parameters.hold([LATER])
    response = call(api, resource=INVOKE_ASYNC, name="later", body="Species\nrose\n")
    assert response["statusCode"] == 400
    assert error(response)["problems"][0]["column"] == "Sepal.Width"


def test_there_is_no_answer_while_the_model_works(
    api: Api, parameters: Parameters, s3: Stubber
) -> None:
    parameters.hold([LATER])
    recorded(s3)
    stored(s3, OUTPUT, None)
    stored(s3, FAILURE, None)
    response = fetch(api)
    assert response["statusCode"] == 202
    assert json.loads(response["body"]) == {"id": ID, "status": "in_progress"}
    assert response["headers"]["Retry-After"] == "5"


@pytest.mark.parametrize("content_type", ["application/json", "", "binary/octet-stream"])
def test_the_answer_is_as_it_would_have_been_at_once(
    api: Api, parameters: Parameters, s3: Stubber, content_type: str
) -> None:
    parameters.hold([LATER])
    recorded(s3)
    stored(s3, OUTPUT, b'{"predictions":[5.010]}', content_type)
    assert fetch(api) == {
        "statusCode": 200,
        "headers": {
            "Content-Type": "application/json",
            "X-Invoked-Production-Variant": "mars",
            "X-Model-Version": "Model-mars-0",
            "X-Request-Id": "request-1",
        },
        "body": '{"predictions":[5.010],"variant":"mars","model_version":"Model-mars-0",'
        '"request_id":"request-1"}',
    }


def test_the_answer_is_in_the_format_that_was_asked_for(
    api: Api, parameters: Parameters, s3: Stubber
) -> None:
    parameters.hold([LATER])
    recorded(s3, accept="text/csv", rows=2)
    stored(s3, OUTPUT, b"1.50,2", "text/csv")
    response = fetch(api)
    assert response["headers"]["Content-Type"] == "text/csv"
    assert response["body"] == "1.50\n2\n"


def test_a_failure_is_a_problem_with_the_models_words(
    api: Api, parameters: Parameters, s3: Stubber
) -> None:
    parameters.hold([LATER])
    recorded(s3)
    stored(s3, OUTPUT, None)
    stored(s3, FAILURE, b'{"error":{"code":"x","message":"row 1 is odd"}}')
    response = fetch(api)
    assert response["statusCode"] == 502
    assert error(response)["code"] == "model_failed"
    assert error(response)["detail"] == "the model failed: row 1 is odd"


def test_an_answer_that_lambda_cannot_return_is_told_with_its_place(
    api: Api, parameters: Parameters, s3: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "_MAX_ANSWER_BYTES", 1000)
    parameters.hold([LATER])
    recorded(s3, accept="text/csv")
    stored(s3, OUTPUT, b"1\n" * 400)
    response = fetch(api)
    assert response["statusCode"] == 502
    assert f"s3://bucket/{OUTPUT}" in error(response)["detail"]


@pytest.mark.parametrize(
    "number", ["x", "../../secret", ID.upper(), f"{ID}/..", ID.replace("-4a3a-", "-5a3a-"), ""]
)
@pytest.mark.usefixtures("s3")
def test_what_is_no_id_of_ours_never_becomes_a_key(
    api: Api, parameters: Parameters, number: str
) -> None:
    parameters.hold([LATER])
    assert fetch(api, number)["statusCode"] == 404


def test_an_id_that_was_never_given_is_not_found(
    api: Api, parameters: Parameters, s3: Stubber
) -> None:
    parameters.hold([LATER])
    stored(s3, f"iris/async/requests/{ID}.json", None)
    assert fetch(api)["statusCode"] == 404


def test_a_bucket_that_the_api_may_not_read_is_a_fault_of_the_api(
    api: Api, parameters: Parameters, s3: Stubber
) -> None:
    parameters.hold([LATER])
    s3.add_client_error("get_object", "AccessDenied", http_status_code=403)
    assert fetch(api)["statusCode"] == 500
