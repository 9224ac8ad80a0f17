"""A request that cannot be served is told what could be."""

import base64

import pytest

from proxy.api import Api
from proxy.routes import INVOKE_VARIANT

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
        "type": "urn:sagestack:problem:invalid_body",
        "title": "Bad Request",
        "status": 400,
        "detail": "the body is empty",
        "instance": "request-1",
        "code": "invalid_body",
        "problems": [{"row": None, "column": None, "value": None, "expected": "at least one row"}],
    }


def test_an_unknown_workload_is_told_the_known_ones(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    response = call(api, name="rose")
    assert response["statusCode"] == 404
    assert error(response)["allowed"] == ["iris"]


def test_an_unknown_variant_is_told_the_known_ones(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    response = call(api, resource=INVOKE_VARIANT, path={"variant": "forest"})
    assert response["statusCode"] == 404
    assert error(response)["allowed"] == ["mars", "linear"]


def test_an_unknown_path_is_told_the_known_ones(api: Api) -> None:
    response = call(api, "GET", "/models")
    assert response["statusCode"] == 404
    assert "/workloads" in error(response)["allowed"]


def test_another_method_is_told_the_right_one(api: Api) -> None:
    response = call(api, "GET")
    assert response["statusCode"] == 405
    assert response["headers"]["Allow"] == "POST"


def test_another_format_is_refused(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    response = call(api, Content_Type="text/plain")
    assert response["statusCode"] == 415
    assert error(response)["allowed"] == [
        "application/json",
        "text/csv",
        "application/jsonlines",
        "application/x-ndjson",
    ]


def test_a_body_of_5_mb_is_read_and_a_larger_one_refused(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    assert call(api, body="x" * LARGEST)["statusCode"] == 400
    response = call(api, body="x" * (LARGEST + 1))
    assert response["statusCode"] == 413
    assert error(response)["code"] == "body_too_large"
    assert "5242881 bytes, at most 5242880" in error(response)["detail"]


def test_the_limit_is_of_the_body_not_of_its_base64(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    bodies = [base64.b64encode(b"x" * size).decode() for size in (LARGEST, LARGEST + 1)]
    statuses = [call(api, body=body, is_base64=True)["statusCode"] for body in bodies]
    assert statuses == [400, 413]


def test_a_broken_base64_body_is_refused(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    response = call(api, body="a", is_base64=True)
    assert response["statusCode"] == 400
    assert "not base64" in error(response)["detail"]


def test_a_caller_who_takes_neither_json_nor_csv_is_told_of_both(
    api: Api, parameters: Parameters
) -> None:
    parameters.hold([IRIS])
    response = call(api, Accept="image/png, application/*;q=0")
    assert response["statusCode"] == 406
    assert error(response)["allowed"] == ["application/json", "text/csv"]


def test_a_problem_names_row_column_value_and_what_was_expected(
    api: Api, parameters: Parameters
) -> None:
    parameters.hold([IRIS])
    response = call(api, body="Species,Sepal.Width\nsetosa,3.5\nrose,wide\n")
    assert response["statusCode"] == 400
    assert error(response)["problems"] == [
        {"row": 2, "column": "Sepal.Width", "value": "wide", "expected": "a finite number"},
        {
            "row": 2,
            "column": "Species",
            "value": "rose",
            "expected": 'one of "setosa", "virginica"',
        },
    ]
