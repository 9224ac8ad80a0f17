"""A request that cannot be served is told what could be."""

import base64

import pytest

from proxy.api import Api

from .calls import call, error
from .conftest import IRIS, Parameters

LARGEST = 5 * 1024 * 1024


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


def test_a_body_of_5_mb_is_read_and_a_larger_one_refused(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    assert call(api, body="x" * LARGEST)["statusCode"] == 400
    response = call(api, body="x" * (LARGEST + 1))
    assert response["statusCode"] == 413
    assert error(response) == {
        "code": "body_too_large",
        "message": "the body has 5242881 bytes: send fewer rows",
        "request_id": "request-1",
        "expected": "at most 5242880 bytes",
    }


def test_the_limit_is_of_the_body_not_of_its_base64(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    bodies = [base64.b64encode(b"x" * size).decode() for size in (LARGEST, LARGEST + 1)]
    statuses = [call(api, body=body, is_base64=True)["statusCode"] for body in bodies]
    assert statuses == [400, 413]


def test_a_broken_base64_body_is_refused(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    response = call(api, body="a", is_base64=True)
    assert response["statusCode"] == 400
    assert "not base64" in error(response)["message"]
