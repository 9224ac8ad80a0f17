"""What is asked comes back answered, in the model's own words."""

import base64
import json
import time

import pytest
from botocore.stub import Stubber

from proxy import gateway
from proxy.api import Api
from proxy.routes import EXPLAIN, INVOKE_VARIANT

from .calls import BODY, answer, call, error, model_error
from .conftest import IRIS, Parameters


def test_the_workloads_are_listed_with_what_they_take(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS])
    response = call(api, "GET", "/workloads", None)
    assert response["statusCode"] == 200
    (found,) = json.loads(response["body"])["workloads"]
    assert found == json.loads(call(api, "GET", EXPLAIN, None)["body"])
    assert found == {
        "name": "iris",
        "description": "Sepal length of an iris",
        "endpoint": "sagestack-iris",
        "kind": "instances",
        "variants": [
            {
                "name": name,
                "model": name,
                "weight": weight,
                "model_version": f"Model-{name}-1",
                "artifact": f"s3://bucket/{name}/model.tar.gz",
            }
            for name, weight in (("mars", 3), ("linear", 1))
        ],
        "content_type": "text/csv",
        "features": IRIS["features"],
        "routes": {
            "invoke": "/workloads/iris/invocations",
            "invoke_variant": "/workloads/iris/variants/{variant}/invocations",
        },
    }


def test_a_prediction_comes_back_with_who_made_it(
    api: Api, parameters: Parameters, runtime: Stubber
) -> None:
    parameters.hold([IRIS])
    answer(runtime)
    assert call(api) == {
        "statusCode": 200,
        "headers": {
            "Content-Type": "application/json",
            "X-Invoked-Production-Variant": "mars",
            "X-Model-Version": "Model-mars-1",
            "X-Request-Id": "request-1",
        },
        "body": '{"predictions":[5.01],"variant":"mars","model_version":"Model-mars-1",'
        '"request_id":"request-1"}',
    }


def test_json_reaches_a_csv_container(api: Api, parameters: Parameters, runtime: Stubber) -> None:
    parameters.hold([IRIS])
    answer(runtime)
    body = json.dumps({"instances": [{"Species": "setosa", "Sepal.Width": 3.5}]})
    assert call(api, body=body, Content_Type="application/json")["statusCode"] == 200


def test_headers_are_found_in_any_case(api: Api, parameters: Parameters, runtime: Stubber) -> None:
    parameters.hold([IRIS])
    answer(runtime, b"5.01\n", TargetVariant="linear", Accept="text/csv", answered="text/csv")
    response = call(
        api,
        resource=INVOKE_VARIANT,
        path={"variant": "linear"},
        aCCept="text/csv;q=0.9, */*;q=0.1",
    )
    assert response["statusCode"] == 200
    assert response["headers"]["Content-Type"] == "text/csv"
    assert response["headers"]["X-Model-Version"] == "Model-mars-1"


def test_a_base64_body_is_decoded(api: Api, parameters: Parameters, runtime: Stubber) -> None:
    parameters.hold([IRIS])
    answer(runtime)
    encoded = base64.b64encode(BODY.encode()).decode()
    assert call(api, body=encoded, is_base64=True)["statusCode"] == 200


@pytest.mark.parametrize(
    "content_type", ["application/octet-stream", "application/x-ndjson", "text/csv", None]
)
def test_text_is_a_prediction_whatever_it_is_called(
    api: Api, parameters: Parameters, runtime: Stubber, content_type: str | None
) -> None:
    parameters.hold([IRIS])
    answer(runtime, "5.01 ±\n".encode(), answered=content_type)
    response = call(api)
    assert response["statusCode"] == 200
    assert json.loads(response["body"])["predictions"] == ["5.01 ±"]


@pytest.mark.parametrize(
    ("wanted", "other", "said", "told"),
    [
        ("application/json", "text/csv", b"5.010\n", '{"predictions":[5.010],'),
        ("text/csv", "application/json", b'{"predictions":[5.010]}', "5.010\n"),
    ],
)
def test_a_container_that_writes_one_format_answers_in_both(
    *,
    api: Api,
    parameters: Parameters,
    runtime: Stubber,
    wanted: str,
    other: str,
    said: bytes,
    told: str,
) -> None:
    parameters.hold([IRIS])
    runtime.add_client_error("invoke_endpoint", **model_error(406, "not that one"))
    answer(runtime, said, Accept=other, answered=other)
    response = call(api, Accept=wanted)
    assert response["headers"]["Content-Type"] == wanted
    assert response["body"].startswith(told)


def test_a_container_that_writes_neither_is_not_asked_for_ever(
    api: Api, parameters: Parameters, runtime: Stubber
) -> None:
    parameters.hold([IRIS])
    for _ in range(2):
        runtime.add_client_error("invoke_endpoint", **model_error(406, "neither"))
    assert error(call(api))["code"] == "model_rejected_request"


@pytest.mark.parametrize(
    ("content_type", "body"), [("application/x-npy", b"\x93NUMPY"), ("text/csv", b"\xff\xfe")]
)
def test_an_answer_that_is_no_text_is_an_error(
    api: Api, parameters: Parameters, runtime: Stubber, content_type: str, body: bytes
) -> None:
    parameters.hold([IRIS])
    answer(runtime, body, answered=content_type)
    response = call(api)
    assert response["statusCode"] == 502
    assert error(response)["code"] == "unsupported_answer"
    assert error(response)["detail"] == (
        f"the model answers {content_type} that is not UTF-8: the API passes on text and JSON"
    )


def test_an_answer_that_lambda_cannot_return_is_an_error(
    api: Api, parameters: Parameters, runtime: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway, "_MAX_ANSWER_BYTES", 1000)
    parameters.hold([IRIS])
    answer(
        runtime, b"1\n" * 400, answered="text/csv", Accept="text/csv"
    )  # each line end is two bytes of JSON
    response = call(api, Accept="text/csv")
    assert response["statusCode"] == 502
    assert error(response)["code"] == "answer_too_large"


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
