"""Fixtures: a runner (native or docker), a trained base folder, a server of its model."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import tarfile
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.container.runners import (
    CONTAINER,
    START_SECONDS,
    DockerRunner,
    NativeRunner,
    Runner,
    Server,
    apt_packages,
)

IRIS = Path(__file__).parents[2] / "workloads" / "data" / "iris.csv"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    content_type: str
    text: str

    @property
    def predictions(self) -> list[float]:
        return list(map(float, json.loads(self.text)["predictions"]))

    @property
    def error(self) -> dict[str, str]:
        error: dict[str, str] = json.loads(self.text)["error"]
        return error


@dataclass(frozen=True)
class Client:
    """Talks to a server of a model."""

    port: int

    def request(
        self, method: str, path: str, body: str | Iterable[bytes] | None = None, **headers: str
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.connect()
            # A server may answer before it has read all of a body, and close.
            with contextlib.suppress(ConnectionError):
                connection.request(method, path, body, named)
            response = connection.getresponse()
            content_type = response.headers.get("Content-Type", "")
            return Answer(response.status, content_type, response.read().decode())
        finally:
            connection.close()

    def post(
        self, body: str | Iterable[bytes], content_type: str = "text/csv", **headers: str
    ) -> Answer:
        return self.request("POST", "/invocations", body, Content_Type=content_type, **headers)

    def ping(self) -> int:
        """Return the status of /ping, or 0 where no HTTP server answers."""
        try:
            return self.request("GET", "/ping").status
        # A free port can connect to itself, and then answers with the request (BadStatusLine).
        except (OSError, http.client.HTTPException):
            return 0

    def wait_until_healthy(self) -> Client:
        deadline = time.monotonic() + START_SECONDS
        while self.ping() != 200:
            assert time.monotonic() < deadline, "the server did not become healthy"
            time.sleep(0.02)
        return self


@dataclass(frozen=True)
class Base:
    """SageMaker's base folder, made for one training or processing job."""

    path: Path

    def give(self, hyperparameters: dict[str, str], **files: str) -> Base:
        """Give a training job its hyperparameters and the CSV files of the channel `train`."""
        config = self.path / "input" / "config"
        config.mkdir(parents=True)
        (config / "hyperparameters.json").write_text(json.dumps(hyperparameters))
        return self.channel("train", **files)

    def channel(self, name: str, **files: str) -> Base:
        """Give a training job one more channel, in File mode."""
        return self.folder("input", "data", name, **files)

    def pipes(self, **channels: Iterable[str]) -> Base:
        """Give a training job channels in Pipe mode, each written by a thread of its own."""
        described = {name: {"TrainingInputMode": "Pipe"} for name in channels}
        config = self.path / "input" / "config" / "inputdataconfig.json"
        config.write_text(json.dumps(described))
        for name, texts in channels.items():
            pipe = self.path / "input" / "data" / f"{name}_0"
            os.mkfifo(pipe)
            text = "".join(texts)
            # it waits for a reader: a job that never reads must not hold up the test's end
            threading.Thread(target=pipe.write_text, args=[text], daemon=True).start()
        return self

    def evaluation(self, model: Path, **channels: str) -> Base:
        """Give a processing job a model's folder, packed, and channels of one CSV file each."""
        artifact = self.path / "processing" / "model" / "model.tar.gz"
        artifact.parent.mkdir(parents=True)
        with tarfile.open(artifact, "w:gz") as archive:
            archive.add(model, arcname=".")
        (self.path / "processing" / "input").mkdir()
        for name, text in channels.items():
            self.folder("processing", "input", name, rows=text)
        return self

    def folder(self, *parts: str, **files: str) -> Base:
        folder = self.path.joinpath(*parts)
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / f"{name}.csv").write_text(text)
        return self

    @property
    def failure(self) -> str:
        return (self.path / "output" / "failure").read_text()

    @property
    def message(self) -> str:
        return (self.path / "output" / "message").read_text()


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return Base(tmp_path / "ml")


@pytest.fixture(scope="session", params=["native", "docker"])
def runner(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    if request.param == "native":
        if missing := [name for name in ("Rscript", "haproxy") if shutil.which(name) is None]:
            install = f"apt-get install --no-install-recommends {' '.join(apt_packages())}"
            pytest.fail(f"{missing} not on the PATH; install: {install}")
        program = tmp_path_factory.mktemp("native") / "program"
        shutil.copytree(CONTAINER, program)
        return NativeRunner(program)
    request.getfixturevalue("docker_engine")
    return DockerRunner.build()


@pytest.fixture(scope="session")
def trained(runner: Runner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base folder with the model of Sepal.Length, degree 2."""
    base = Base(tmp_path_factory.mktemp("trained"))
    base.give({"target": "Sepal.Length", "degree": "2"}, iris=IRIS.read_text())
    done = runner.run("train", base.path)
    assert done.code == 0, done.output
    return base.path


@pytest.fixture(scope="session")
def server(runner: Runner, trained: Path) -> Iterator[Server]:
    with runner.serve(trained) as server:
        Client(server.port).wait_until_healthy()
        yield server


@pytest.fixture
def client(server: Server) -> Client:
    return Client(server.port)


@pytest.fixture(scope="session")
def by_hand(runner: Runner) -> list[float]:
    """What mda::mars predicts for R's own iris, without any of our code."""
    code = (
        "x <- model.matrix(~ ., iris[-1])[, -1];"
        "cat(sprintf('%.15g', predict(mda::mars(x, iris[[1]], degree = 2), x)))"
    )
    return list(map(float, runner.rscript(code).split()))
