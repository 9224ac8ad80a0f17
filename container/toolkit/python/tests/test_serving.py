from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PowerTransformer
from uvicorn.config import Config
from uvicorn.server import ServerState

from toolkit import serving
from toolkit.artifact import Model, save_model
from toolkit.csv_tables import Table, parse_csv
from toolkit.fitting import fit_model, predict_rows
from toolkit.serving import example, handler
from toolkit.tests.examples import CONTAINER
from toolkit.worker import Protocol, Worker

BODY = b"Sepal.Length,Sepal.Width,Petal.Length,Petal.Width\n5,3,1,0\n"
PROGRAMS = CONTAINER / "sklearn"
SECONDS = 60
WORKERS = 3


class Server:
    """A `serve` of container/sklearn."""

    def __init__(self, base: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.log = base / "serve.log"
        environment = {
            "PATH": os.environ["PATH"],
            "SAGEMAKER_BASE_DIR": str(base),
            "SAGEMAKER_BIND_TO_HOST": "127.0.0.1",
            "SAGEMAKER_BIND_TO_PORT": str(self.port),
            "SAGEMAKER_MODEL_SERVER_WORKERS": str(WORKERS),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [PROGRAMS / "serve"], env=environment, stdout=log, stderr=subprocess.STDOUT
            )

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)

    def ask(self, connection: http.client.HTTPConnection) -> int:
        connection.request("POST", "/invocations", BODY, {"Content-Type": "text/csv"})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def healthy(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        connection = self.connect()
        with contextlib.suppress(OSError), contextlib.closing(connection):
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200
        return False

    def parent(self) -> int:
        """Process id of the one that holds the model."""
        (pid,) = [pid for pid, name in children(self.process.pid) if name == "model-server"]
        return pid

    def workers(self) -> list[int]:
        return sorted(pid for pid, _ in children(self.parent()))


def children(pid: int) -> list[tuple[int, str]]:
    """Living children and their names."""
    found = []
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        with contextlib.suppress(OSError):
            found.append((int(child), Path(f"/proc/{child}/comm").read_text().strip()))
    return found


def wait(condition: Any) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, "nothing came of it"
        time.sleep(0.01)


@pytest.fixture
def server(species: Model, tmp_path: Path) -> Iterator[Server]:
    save_model(species, tmp_path / "model")
    server = Server(tmp_path)
    try:
        wait(server.healthy)
        yield server
    finally:
        server.process.terminate()
        server.process.wait(SECONDS)


def test_a_worker_that_is_killed_costs_no_client_an_answer(server: Server) -> None:
    statuses: Counter[int] = Counter()
    stop = threading.Event()

    def load() -> None:
        connection = server.connect()
        while not stop.is_set():
            statuses[server.ask(connection)] += 1
        connection.close()

    clients = [threading.Thread(target=load) for _ in range(6)]
    for client in clients:
        client.start()
    for _ in range(6):
        os.kill(server.workers()[0], signal.SIGKILL)
        enough = statuses[200] + 100
        wait(lambda enough=enough: statuses[200] > enough and len(server.workers()) == WORKERS)
    stop.set()
    for client in clients:
        client.join()
    assert set(statuses) == {200}


def test_a_busy_worker_keeps_no_request_waiting_that_another_could_answer(server: Server) -> None:
    busy = server.workers()[0]
    os.kill(busy, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(WORKERS) as pool:
            asked = [pool.submit(server.ask, server.connect()) for _ in range(WORKERS)]
            wait(lambda: sum(each.done() for each in asked) == WORKERS - 1)
            assert [server.ask(server.connect()) for _ in range(50)] == [200] * 50
            assert sum(each.done() for each in asked) == WORKERS - 1
            os.kill(busy, signal.SIGCONT)
            assert [each.result() for each in asked] == [200] * WORKERS
    finally:
        os.kill(busy, signal.SIGCONT)


def test_no_worker_outlives_the_one_that_would_end_it(server: Server) -> None:
    workers = server.workers()
    os.kill(server.parent(), signal.SIGKILL)
    assert server.process.wait(SECONDS) == 1
    wait(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
    assert "serve: the model server ended by itself" in server.log.read_text()


def test_workers_share_the_models_pages(server: Server) -> None:
    """The memory of a worker's own is a small part of what it uses."""
    for pid in server.workers():
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        size = {line.split()[0]: int(line.split()[1]) for line in lines}
        assert size["Private_Dirty:"] < size["Rss:"] / 3


def test_a_model_that_cannot_be_loaded_ends_it_before_the_web_is_imported(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "SAGEMAKER_BASE_DIR": str(tmp_path),
        "PYTHONPROFILEIMPORTTIME": "1",
    }
    done = subprocess.run(
        [PROGRAMS / "model-server"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"serve: no model in {tmp_path}/model: expected model.pickle and meta" in done.stderr
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "sklearn" in imported
    assert not imported & {"gunicorn", "uvicorn", "uvloop", "matplotlib", "pandas", "model"}


def answers(model: Model, *received: bytes) -> list[bytes]:
    """What is written to a connection on which HAProxy sends these pieces."""
    config = Config(handler(model), **Worker.CONFIG_KWARGS)
    protocol = Protocol(config, ServerState(), _loop=Mock())
    transport = Mock()
    transport.get_extra_info.return_value = None
    protocol.connection_made(transport)
    for piece in received:
        protocol.data_received(piece)
    protocol.connection_lost(None)
    return [written.args[0] for written in transport.write.call_args_list]


HEAD = b"POST /invocations HTTP/1.1\r\nhost: 127.0.0.1\r\n"
CSV_REQUEST = HEAD + b"content-type: text/csv\r\ncontent-length: %d\r\n\r\n" % len(BODY) + BODY


def test_estimators_predict_in_one_thread_whatever_they_were_fitted_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, species: Model
) -> None:
    save_model(species, tmp_path / "model")
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    monkeypatch.setenv("MODEL_SERVER_PORT", "20000")
    monkeypatch.setenv("SAGEMAKER_MODEL_SERVER_WORKERS", "2")
    jobs: list[int] = []
    monkeypatch.setattr(serving, "_run", lambda *_: jobs.append(joblib.effective_n_jobs(-1)))
    monkeypatch.setattr(serving, "sklearn", Mock())  # its setting would stay
    assert serving.serve() == 0
    assert jobs == [1]


def test_a_request_may_come_in_pieces(species: Model) -> None:
    whole = answers(species, CSV_REQUEST)
    (answer,) = whole
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 200 OK",
        b"content-type: application/json",
        b"content-length: %d" % len(body),
    ]
    assert json.loads(body)["predictions"] == ["setosa"]
    for cut in range(1, len(CSV_REQUEST)):
        assert answers(species, CSV_REQUEST[:cut], CSV_REQUEST[cut:]) == whole


def test_requests_on_one_connection_have_nothing_of_each_other(species: Model) -> None:
    without_type = HEAD + b"content-length: 2\r\n\r\n{}"
    as_csv = CSV_REQUEST.replace(b"host", b"accept: text/csv\r\nhost")
    one_by_one = [*answers(species, CSV_REQUEST), *answers(species, without_type)]
    one_by_one += [*answers(species, as_csv), *answers(species, CSV_REQUEST)]
    assert [each[9:12] for each in one_by_one] == [b"200", b"415", b"200", b"200"]
    assert answers(species, CSV_REQUEST, without_type, as_csv, CSV_REQUEST) == one_by_one


def test_nothing_is_answered_to_a_client_that_has_gone(species: Model) -> None:
    assert answers(species, CSV_REQUEST[:-1]) == []


def test_the_example_is_a_row_that_a_model_can_score(lengths: Model, species: Model) -> None:
    for model in (lengths, species):
        assert len(predict_rows(model, example(model)).values) == 1


def test_the_example_is_a_row_of_the_data_where_not_every_number_is_valid() -> None:
    def build(*_: object) -> Any:
        return make_pipeline(PowerTransformer("box-cox"), LinearRegression())

    settings = {"target": "y", "probabilities": False}
    model = fit_model(parse_csv("y,a\n1,2\n3,5\n4,7\n"), settings, build, header=True)
    assert example(model) == Table(["a"], [["2"]])
    assert np.isfinite(predict_rows(model, example(model)).values).all()
