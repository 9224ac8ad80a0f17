"""A notebook instance stops when its Jupyter has been idle, by a clock of the test's."""

import http.server
import itertools
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from notebook import idle_stop
from notebook.idle_stop import INTERVAL, idle_for, last_active

MINUTES = 30
AT = 1_767_225_600.0  # 2026-01-01T00:00:00Z


class Jupyter(http.server.ThreadingHTTPServer):
    """Answers what `sessions` and `terminals` hold, as Jupyter's API does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Api)
        self.sessions: list[dict[str, Any]] = []
        self.terminals: list[dict[str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def add_kernel(self, state: str, last_activity: str) -> None:
        kernel = {"execution_state": state, "last_activity": last_activity, "connections": 1}
        self.sessions.append({"type": "notebook", "kernel": kernel})


class _Api(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Jupyter)
        known = {"/api/sessions": self.server.sessions, "/api/terminals": self.server.terminals}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(known[self.path]).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def jupyter() -> Iterator[Jupyter]:
    with Jupyter() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Clock:
    """Time that passes by minutes."""

    def __init__(self) -> None:
        self.now = AT

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _minutes_until_stop(jupyter: Jupyter, clock: Clock) -> int:
    looks = idle_for(MINUTES, lambda: last_active(jupyter.url, clock), clock)
    for minute in itertools.count():
        if next(looks):
            return minute
        clock.now += INTERVAL
        if minute > 4 * MINUTES:
            break
    return -1


def test_without_kernels_it_stops_after_the_minutes_since_its_start(
    jupyter: Jupyter, clock: Clock
) -> None:
    assert _minutes_until_stop(jupyter, clock) == MINUTES


def test_a_kernel_that_computes_keeps_it(jupyter: Jupyter, clock: Clock) -> None:
    jupyter.add_kernel("idle", "2025-12-31T00:00:00.000000Z")
    jupyter.add_kernel("busy", "2025-12-31T00:00:00.000000Z")
    assert _minutes_until_stop(jupyter, clock) == -1


def test_the_minutes_begin_with_the_last_activity_of_any(jupyter: Jupyter, clock: Clock) -> None:
    jupyter.add_kernel("idle", "2026-01-01T00:10:00.000000Z")
    jupyter.add_kernel("idle", "2025-12-31T00:00:00.000000Z")
    jupyter.terminals.append({"name": "1", "last_activity": "2026-01-01T00:12:00Z"})
    assert _minutes_until_stop(jupyter, clock) == 12 + MINUTES


@pytest.mark.parametrize("state", ["dead", "starting", "unknown"])
def test_a_kernel_that_hangs_does_not_keep_it(jupyter: Jupyter, clock: Clock, state: str) -> None:
    jupyter.add_kernel(state, "2026-01-01T00:05:00.000000Z")
    assert _minutes_until_stop(jupyter, clock) == 5 + MINUTES


def test_a_jupyter_that_does_not_answer_does_not_keep_it(
    jupyter: Jupyter, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    jupyter.url = "http://127.0.0.1:1"
    assert _minutes_until_stop(jupyter, clock) == MINUTES
    assert "Jupyter does not answer" in capsys.readouterr().out


def test_it_stops_itself_and_tries_again_until_it_is_stopped(
    jupyter: Jupyter, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[str] = []

    class SageMaker:
        def stop_notebook_instance(self, *, NotebookInstanceName: str) -> None:  # noqa: N803
            stopped.append(NotebookInstanceName)
            if len(stopped) == 1:
                raise ClientError({"Error": {"Code": "Throttling", "Message": ""}}, "Stop")
            raise InterruptedError  # as the machine is gone

    def client(service: str, *, region_name: str) -> SageMaker:
        assert (service, region_name) == ("sagemaker", "eu-west-1")
        return SageMaker()

    def sleep(seconds: float) -> None:
        clock.now += seconds

    monkeypatch.setattr(idle_stop, "JUPYTER", jupyter.url)
    monkeypatch.setattr("boto3.client", client)
    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("time.time", clock)
    with pytest.raises(InterruptedError):
        idle_stop.main("app-dev-host", "eu-west-1", str(MINUTES))
    assert stopped == ["app-dev-host"] * 2
    assert clock.now == AT + (MINUTES + 1) * 60
