"""Whatever keeps a request waiting, the caller gets an answer of ours before the gateway's own."""

import json
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from proxy import clients
from proxy.api import Api
from proxy.deadline import ANSWER_SECONDS

from .calls import call, error
from .endpoint import TOO_LONG, Behaviour, Endpoint, accepting_nothing

Connect = Callable[..., Api]

SOON = 1.0


@pytest.mark.parametrize("behaviour", ["is silent", "trickles"])
def test_an_endpoint_that_does_not_come_to_an_end_is_a_model_that_took_too_long(
    connect: Connect, endpoint: Endpoint, behaviour: Behaviour
) -> None:
    api = connect(seconds=SOON)
    endpoint.behaviour = behaviour
    started = time.monotonic()
    response = call(api)
    assert time.monotonic() - started < TOO_LONG
    assert response["statusCode"] == 504
    assert error(response)["code"] == "model_timeout"
    assert "POST /workloads/{name}/async-invocations" in error(response)["detail"]
    assert endpoint.requests == 1


@pytest.mark.parametrize("service", ["SSM", "SAGEMAKER_RUNTIME"])
def test_a_service_that_accepts_no_connection_keeps_nobody_waiting_for_longer(
    connect: Connect, service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with accepting_nothing() as url:
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)
        started = time.monotonic()
        response = call(connect(seconds=SOON))
    assert time.monotonic() - started < TOO_LONG
    assert response["statusCode"] == 504


def test_an_endpoint_that_accepts_no_connection_is_unavailable(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    with accepting_nothing() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME", url)
        response = call(connect())
    assert response["statusCode"] == 503
    assert error(response)["code"] == "endpoint_unavailable"


def test_the_log_says_where_the_time_went(
    connect: Connect, endpoint: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint.behaviour = "is silent"
    call(connect(seconds=SOON))
    line = json.loads(capsys.readouterr().out)
    assert line["error"] == "OutOfTimeError"
    assert any("urllib3" in place for place in line["where"])


def test_the_next_request_is_answered_as_ever(connect: Connect, endpoint: Endpoint) -> None:
    api = connect(seconds=SOON)
    endpoint.behaviour = "is silent"
    call(api)
    endpoint.behaviour = "answers"
    assert call(api)["statusCode"] == 200


def test_an_answer_in_time_leaves_no_alarm_behind(connect: Connect) -> None:
    before = signal.getsignal(signal.SIGALRM)
    call(connect())
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


@pytest.mark.parametrize("config", [clients.RUNTIME, clients.SSM, clients.S3])
def test_one_service_alone_never_takes_as_long_as_an_answer_may(config: Any) -> None:
    attempts = config.retries["total_max_attempts"]
    waits = sum(2**retry for retry in range(attempts - 1))  # at most, in the standard mode
    assert config.retries["mode"] == "standard"
    assert attempts * (config.connect_timeout + config.read_timeout) + waits <= ANSWER_SECONDS
