import base64
import io
import json
import time
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.response import StreamingBody
from botocore.stub import Stubber

from proxy import gateway
from proxy.api import Api
from proxy.catalog import Catalog

from .conftest import IRIS, Parameters

BODY = "Species,Sepal.Width\nsetosa,3.5\n"
SENT = {
    "EndpointName": "sagestack-iris",
    "ContentType": "text/csv",
    "Body": b"Sepal.Width,Species\n3.5,setosa\n",
}


@pytest.fixture
def api(catalog: Catalog, runtime_client: Any) -> Api:
    return Api(catalog, runtime_client)


def call(
    api: Api,
    method: str = "POST",
    resource: str = "/workloads/{name}/invocations",
    body: str | None = BODY,
    *,
    name: str = "iris",
    is_base64: bool = False,
    **headers: str,
) -> dict[str, Any]:
    headers = {"Content_Type": "text/csv"} | headers
    return api.handle(
        {
            "httpMethod": method,
            "resource": resource,
            "pathParameters": {"name": name} if "{" in resource else None,
            "multiValueHeaders": {key.replace("_", "-"): [value] for key, value in headers.items()},
            "body": body,
            "isBase64Encoded": is_base64,
            "requestContext": {"requestId": "request-1"},
        }
    )


def answer(stubber: Stubber, body: bytes = b'{"predictions":[5.01]}', **changes: Any) -> None:
    content_type = changes.pop("answered", "application/json")
    stubber.add_response(
        "invoke_endpoint",
        {
            "Body": StreamingBody(io.BytesIO(body), len(body)),
            "ContentType": content_type,
            "InvokedProductionVariant": "mars",
        },
        SENT | changes,
    )


def error(response: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(response["body"])
    assert body.keys() == {"error"}
    assert body["error"]["request_id"] == "request-1"
    found: dict[str, Any] = body["error"]
    return found


def test_the_workloads_are_listed_with_what_they_take(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    response = call(api, "GET", "/workloads", None)
    assert response["statusCode"] == 200
    assert json.loads(response["body"]) == {
        "workloads": [
            {
                "name": "iris",
                "description": "Sepal length of an iris",
                "variants": ["mars", "linear"],
                "content_type": "text/csv",
                "features": IRIS["features"],
                "invoke": "/workloads/iris/invocations",
            }
        ]
    }


def test_a_prediction_comes_back_unchanged(
    api: Api, parameters: Parameters, runtime: Stubber
) -> None:
    parameters.hold([IRIS])
    answer(runtime)
    assert call(api) == {
        "statusCode": 200,
        "headers": {
            "Content-Type": "application/json",
            "X-Invoked-Production-Variant": "mars",
        },
        "body": '{"predictions":[5.01]}',
        "isBase64Encoded": False,
    }


def test_json_reaches_a_csv_container(api: Api, parameters: Parameters, runtime: Stubber) -> None:
    parameters.hold([IRIS])
    answer(runtime)
    body = json.dumps({"instances": [{"Species": "setosa", "Sepal.Width": 3.5}]})
    assert call(api, body=body, Content_Type="application/json")["statusCode"] == 200


def test_headers_are_found_in_any_case(api: Api, parameters: Parameters, runtime: Stubber) -> None:
    parameters.hold([IRIS])
    answer(runtime, TargetVariant="linear", Accept="text/csv")
    response = call(api, x_TARGET_variant="linear", aCCept="text/csv;q=0.9, */*;q=0.1")
    assert response["statusCode"] == 200


def test_a_base64_body_is_decoded(api: Api, parameters: Parameters, runtime: Stubber) -> None:
    parameters.hold([IRIS])
    answer(runtime)
    encoded = base64.b64encode(BODY.encode()).decode()
    assert call(api, body=encoded, is_base64=True)["statusCode"] == 200


def test_a_broken_base64_body_is_refused(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    response = call(api, body="a", is_base64=True)
    assert response["statusCode"] == 400
    assert "not base64" in error(response)["message"]


@pytest.mark.parametrize(
    ("content_type", "body"), [("application/x-npy", b"\x93NUMPY"), ("text/csv", b"\xff\xfe")]
)
def test_an_answer_that_is_no_text_goes_out_in_base64(
    api: Api, parameters: Parameters, runtime: Stubber, content_type: str, body: bytes
) -> None:
    parameters.hold([IRIS])
    answer(runtime, body, answered=content_type)
    response = call(api)
    assert response["isBase64Encoded"]
    assert base64.b64decode(response["body"]) == body


def test_an_answer_that_lambda_cannot_return_is_an_error(
    api: Api, parameters: Parameters, runtime: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "_MAX_ANSWER_BYTES", 1000)
    parameters.hold([IRIS])
    answer(runtime, b"1\n" * 400, answered="text/csv")  # each line end is two bytes of JSON
    response = call(api)
    assert response["statusCode"] == 502
    assert error(response)["code"] == "answer_too_large"


@pytest.mark.parametrize("body", [None, "", "\n"])
def test_an_empty_body_is_refused_with_what_is_expected(
    api: Api, parameters: Parameters, body: str | None
) -> None:
    parameters.hold([IRIS])
    response = call(api, body=body)
    assert response["statusCode"] == 400
    assert error(response) == {
        "code": "invalid_body",
        "message": "the body is empty",
        "request_id": "request-1",
        "expected": {"Sepal.Width": "number", "Species": ["setosa", "virginica"]},
    }


def test_an_unknown_workload_is_told_the_known_ones(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    response = call(api, name="rose")
    assert response["statusCode"] == 404
    assert error(response)["expected"] == ["iris"]


def test_an_unknown_variant_is_told_the_known_ones(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    response = call(api, X_Target_Variant="forest")
    assert response["statusCode"] == 404
    assert error(response)["expected"] == ["mars", "linear"]


def test_an_unknown_path_is_told_the_known_ones(api: Api) -> None:
    response = call(api, "GET", "/models")
    assert response["statusCode"] == 404
    assert "/workloads" in error(response)["expected"]


def test_another_method_is_told_the_right_one(api: Api) -> None:
    response = call(api, "GET")
    assert response["statusCode"] == 405
    assert response["headers"]["Allow"] == "POST"


def test_another_format_is_refused(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    response = call(api, Content_Type="text/plain")
    assert response["statusCode"] == 415
    assert error(response)["expected"] == ["text/csv", "application/json"]


def test_too_large_a_body_is_refused(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    assert call(api, body="x" * 6_291_457)["statusCode"] == 413


def model_error(status: int, text: str) -> dict[str, Any]:
    return {
        "service_error_code": "ModelError",
        "http_status_code": 424,
        "modeled_fields": {
            "OriginalStatusCode": status,
            "OriginalMessage": text,
            "LogStreamArn": "arn:aws:logs:us-east-1:0:log-group:/aws/sagemaker/Endpoints/iris",
        },
    }


@pytest.mark.parametrize(
    ("raised", "status", "code", "message"),
    [
        (
            model_error(400, '{"error":{"code":"x","message":"row 1 is odd"}}'),
            400,
            "model_rejected_request",
            "row 1 is odd",
        ),
        (model_error(415, "plain words"), 400, "model_rejected_request", "plain words"),
        (model_error(406, '{"error": "no"}'), 400, "model_rejected_request", '{"error": "no"}'),
        (model_error(500, "secret"), 502, "model_failed", "The model failed"),
        ({"service_error_code": "ThrottlingException"}, 429, "throttled", "Too many requests"),
        (
            {"service_error_code": "ValidationError", "service_message": "of account 1"},
            503,
            "endpoint_unavailable",
            "try later",
        ),
        (
            {"service_error_code": "ModelNotReadyException", "http_status_code": 429},
            503,
            "endpoint_unavailable",
            "try later",
        ),
        (
            {"service_error_code": "ServiceUnavailable", "http_status_code": 503},
            503,
            "endpoint_unavailable",
            "try later",
        ),
        (
            {"service_error_code": "InternalDependencyException", "http_status_code": 530},
            503,
            "endpoint_unavailable",
            "try later",
        ),
        ({"service_error_code": "AccessDeniedException"}, 500, "internal_error", "request id"),
    ],
)
def test_every_error_of_the_endpoint_has_its_answer(
    *,
    api: Api,
    parameters: Parameters,
    runtime: Stubber,
    raised: dict[str, Any],
    status: int,
    code: str,
    message: str,
) -> None:
    parameters.hold([IRIS])
    runtime.add_client_error("invoke_endpoint", **raised)
    response = call(api)
    assert response["statusCode"] == status
    assert error(response)["code"] == code
    assert message in error(response)["message"]
    assert "account" not in response["body"]
    assert ("Retry-After" in response["headers"]) == (status in (429, 503))


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (ReadTimeoutError(endpoint_url="https://runtime"), 504),
        (ConnectTimeoutError(endpoint_url="https://runtime"), 503),
        (EndpointConnectionError(endpoint_url="https://runtime"), 503),
        (ZeroDivisionError("5.1,setosa"), 500),
    ],
)
def test_every_failure_of_the_way_there_has_its_answer(
    *,
    api: Api,
    parameters: Parameters,
    runtime_client: Any,
    monkeypatch: pytest.MonkeyPatch,
    raised: Exception,
    status: int,
) -> None:
    def fail(**_: object) -> None:
        raise raised

    parameters.hold([IRIS])
    monkeypatch.setattr(runtime_client, "invoke_endpoint", fail)
    assert call(api)["statusCode"] == status


def test_an_unreadable_catalog_is_unavailable(api: Api, parameters: Parameters) -> None:
    parameters.fail()
    assert call(api)["statusCode"] == 503


def logged(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(capsys.readouterr().out)
    return line


def test_a_request_is_one_line_in_the_log_without_its_body(
    api: Api, parameters: Parameters, capsys: pytest.CaptureFixture[str]
) -> None:
    parameters.hold([IRIS])
    call(api, body="Species,Sepal.Width\npassword,hunter2\n", X_Target_Variant="mars")
    text = capsys.readouterr().out
    assert "hunter2" not in text
    assert "password" not in text
    line = json.loads(text)
    milliseconds = line.pop("milliseconds")
    assert milliseconds < 1000
    assert line == {
        "message": "request",
        "request_id": "request-1",
        "method": "POST",
        "resource": "/workloads/{name}/invocations",
        "workload": "iris",
        "target_variant": "mars",
        "bytes": 37,
        "status": 400,
        "code": "invalid_body",
    }


def test_a_failed_model_is_logged_with_where_its_log_is_but_not_its_words(
    api: Api, parameters: Parameters, runtime: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    parameters.hold([IRIS])
    runtime.add_client_error("invoke_endpoint", **model_error(500, "hunter2"))
    call(api)
    line = logged(capsys)
    assert line["model_status"] == 500
    assert line["model_log"].endswith("/aws/sagemaker/Endpoints/iris")
    assert "hunter2" not in json.dumps(line)


def test_a_defect_is_logged_with_its_place_but_not_its_words(
    api: Api,
    parameters: Parameters,
    runtime_client: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError("hunter2")

    parameters.hold([IRIS])
    monkeypatch.setattr(runtime_client, "invoke_endpoint", fail)
    call(api)
    line = logged(capsys)
    assert line["error"] == "ZeroDivisionError"
    assert any("api.py:" in place for place in line["where"])
    assert "hunter2" not in json.dumps(line)


def test_aws_own_words_are_logged(
    api: Api, parameters: Parameters, runtime: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    parameters.hold([IRIS])
    runtime.add_client_error("invoke_endpoint", "ValidationError", "Endpoint iris not found")
    call(api)
    assert "Endpoint iris not found" in logged(capsys)["error"]


def test_fifty_thousand_rows_take_a_fraction_of_a_second(
    api: Api, parameters: Parameters, runtime: Stubber
) -> None:
    parameters.hold([IRIS])
    rows = b"3.5,setosa\n" * 50_000
    answer(runtime, Body=b"Sepal.Width,Species\n" + rows)
    started = time.process_time()
    response = call(api, body="Sepal.Width,Species\n" + rows.decode())
    assert response["statusCode"] == 200
    assert time.process_time() - started < 1
