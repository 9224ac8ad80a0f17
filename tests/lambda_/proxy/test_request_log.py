"""The log says what happened to a request, and nothing of what was in it."""

import json
from typing import Any

import pytest
from botocore.stub import Stubber

from proxy.api import Api
from proxy.routes import INVOKE_VARIANT

from .calls import call, model_error
from .conftest import IRIS, Parameters


def logged(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    line: dict[str, Any] = json.loads(capsys.readouterr().out)
    return line


def test_a_request_is_one_line_in_the_log_without_its_body(
    api: Api, parameters: Parameters, capsys: pytest.CaptureFixture[str]
) -> None:
    parameters.hold([IRIS])
    call(
        api,
        resource=INVOKE_VARIANT,
        path={"variant": "mars"},
        body="Species,Sepal.Width\npassword,hunter2\n",
    )
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
        "resource": INVOKE_VARIANT,
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
    assert any("invocation.py:" in place for place in line["where"])
    assert "hunter2" not in json.dumps(line)


def test_aws_own_words_are_logged(
    api: Api, parameters: Parameters, runtime: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    parameters.hold([IRIS])
    runtime.add_client_error("invoke_endpoint", "ValidationError", "Endpoint iris not found")
    call(api)
    assert "Endpoint iris not found" in logged(capsys)["error"]


def test_the_trace_of_x_ray_is_in_the_line(
    api: Api,
    parameters: Parameters,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    parameters.hold([IRIS])
    trace = "1-5759e988-bd862e3fe1be46a994272793"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={trace};Parent=53995c3f42cd8ad8;Sampled=1")
    call(api)
    assert logged(capsys)["trace"] == trace
