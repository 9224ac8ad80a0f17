"""Every failure behind the API has its one answer."""

import json
from typing import Any

import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.stub import Stubber

from proxy.api import Api
from proxy.errors import CODES, RequestError

from .calls import call, error, model_error
from .conftest import IRIS, Parameters


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
        (model_error(422, '{"error": "no"}'), 400, "model_rejected_request", '{"error": "no"}'),
        (model_error(500, "secret"), 502, "model_failed", "The model failed"),
        (
            model_error(504, "secret"),
            504,
            "model_timeout",
            "The model took longer than a request of this API can wait",
        ),
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
    assert message in error(response)["detail"]
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


@pytest.mark.parametrize(
    ("code", "http_status"), [("InternalServerError", 500), ("ThrottlingException", 400)]
)
def test_a_catalog_that_cannot_be_read_now_is_unavailable(
    api: Api, parameters: Parameters, code: str, http_status: int
) -> None:
    parameters.fail(code, http_status)
    response = call(api)
    assert response["statusCode"] == 503
    assert response["headers"]["Retry-After"] == "1"


def test_a_catalog_that_the_api_may_not_read_is_a_fault_of_the_api(
    api: Api, parameters: Parameters, capsys: pytest.CaptureFixture[str]
) -> None:
    parameters.fail("AccessDeniedException", 400)
    response = call(api)
    assert response["statusCode"] == 500
    assert error(response)["code"] == "internal_error"
    assert "Retry-After" not in response["headers"]
    logged = json.loads(capsys.readouterr().out)["error"]
    assert "AccessDeniedException" in logged
    assert "GetParametersByPath" in logged


def test_every_refusal_is_among_the_problems_that_the_document_has() -> None:
    refusals = RequestError.__subclasses__()
    assert refusals
    for refusal in refusals:
        assert refusal.code in CODES[refusal.status]
