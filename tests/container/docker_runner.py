"""The image as SageMaker runs it: `docker run IMAGE train`, `evaluate` or `serve`."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tests.container.runners import (
    NOBODY,
    SIGNAL_JOB,
    SIGNAL_MODEL_SERVER,
    START_SECONDS,
    Finished,
)

NATIVE = os.environ.get("SAGESTACK_RUNNER") == "process"
"""Whether who started the tests wants no Docker; later some of them set it themselves."""


def docker(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = ["docker", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stderr}")
    return done


def docker_problem() -> str | None:
    """Say why no Docker engine is to be used, or None."""
    if NATIVE:
        return "SAGESTACK_RUNNER=process asks for none"
    if shutil.which("docker") is None:
        return "no docker command on the PATH"
    answer = docker("version", "--format", "{{.Server.Os}}", check=False)
    return None if answer.returncode == 0 else f"no Docker engine answers: {answer.stderr.strip()}"


@dataclass
class DockerProcess:
    container: str
    port: int = 0

    def terminate(self) -> None:
        docker("kill", "--signal=TERM", self.container)

    def wait(self, seconds: float = START_SECONDS) -> Finished:
        waiting = ["docker", "wait", self.container]
        done = subprocess.run(waiting, capture_output=True, text=True, check=True, timeout=seconds)
        logs = docker("logs", self.container)
        return Finished(int(done.stdout), logs.stdout + logs.stderr)

    def running(self) -> bool:
        state = docker("inspect", "--format={{.State.Running}}", self.container).stdout
        return state.strip() == "true"

    def signal_job(self, number: signal.Signals) -> None:
        self._signal(SIGNAL_JOB, number)

    def signal_model_server(self, number: signal.Signals) -> None:
        self._signal(SIGNAL_MODEL_SERVER, number)

    def _signal(self, script: Path, number: signal.Signals) -> None:
        text = script.read_text()
        docker("exec", self.container, "bash", "-c", text, "bash", "1", number.name)


@dataclass(frozen=True)
class DockerRunner:
    """Runs an image in the engine that the `docker` command reaches."""

    image: str
    options: tuple[str, ...] = ()

    @classmethod
    def build(cls, container: Path) -> DockerRunner:
        image = f"sagestack-contract-{container.name}"
        with tempfile.TemporaryDirectory() as folder:
            # with what it links to, which docker would leave out
            context = shutil.copytree(container, Path(folder) / "context")
            docker("build", "--platform=linux/amd64", "--tag", image, str(context))
        return cls(image)

    @contextlib.contextmanager
    def start(self, *command: str, base: Path, **environment: str) -> Iterator[DockerProcess]:
        with self._container(f"{base}:/opt/ml", *command, **environment) as container:
            yield DockerProcess(container)

    @contextlib.contextmanager
    def serve(self, base: Path, **environment: str) -> Iterator[DockerProcess]:
        model = f"{base}/model:/opt/ml/model:ro"
        with self._container(model, "serve", **environment) as container:
            address = docker("port", container, "8080", check=False).stdout
            yield DockerProcess(container, int(address.rpartition(":")[2] or 0))

    @contextlib.contextmanager
    def _container(self, volume: str, *command: str, **environment: str) -> Iterator[str]:
        options = ["--publish=127.0.0.1::8080", f"--volume={volume}", *self.options]
        options += [f"--env={name}={value}" for name, value in environment.items()]
        container = docker("create", *options, self.image, *command).stdout.strip()
        try:
            docker("start", container, check=False)  # an unknown command cannot be started
            yield container
        finally:
            docker("rm", "--force", "--volumes", container)

    @contextlib.contextmanager
    def confined(self) -> Iterator[DockerRunner]:
        options = ("--read-only", "--tmpfs=/tmp", f"--user={NOBODY}:{NOBODY}", "--cap-drop=ALL")
        yield replace(self, options=options)

    def tool(self, *command: str) -> str:
        return docker("run", "--rm", self.image, *command).stdout
