"""Two ways to run a container's programs: as native processes, and as its real image.

Both give SageMaker's contract: a base folder (/opt/ml), the exit codes of `train` and `evaluate`,
and the port of `serve`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

CONTAINER = Path(__file__).parents[2] / "container" / "mars"
START_SECONDS = 120
STOP_SECONDS = 30


@dataclass(frozen=True)
class Finished:
    """How a program ended: its exit code, all of its output, and how long its end took."""

    code: int
    output: str
    seconds: float = 0.0


class Server(Protocol):
    """A running `serve`."""

    port: int

    def stop(self) -> Finished:
        """Ask it to end as SageMaker does, with SIGTERM."""

    def wait(self) -> Finished:
        """Wait until it ends by itself."""

    def kill_r(self) -> None:
        """Kill the R process that holds the model."""


class Runner(Protocol):
    """Runs the programs of the MARS container on a base folder."""

    def run(self, program: str, base: Path, **environment: str) -> Finished:
        """Run `train` or `evaluate` to its end."""

    def serve(self, base: Path, **environment: str) -> contextlib.AbstractContextManager[Server]:
        """Start `serve`; it is ended with the context."""

    def rscript(self, code: str) -> str:
        """What R prints for `code`, with the container's packages."""


def apt_packages() -> list[str]:
    """List the Debian packages of the container."""
    lines = (CONTAINER / "apt-packages.txt").read_text().splitlines()
    return [name for line in lines if (name := line.partition("#")[0].strip())]


def listens(port: int) -> bool:
    """Tell whether something accepts connections on this port."""
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def children(pid: int) -> dict[int, str]:
    """Map the process ids of the direct children to their names."""
    ids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child): Path(f"/proc/{child}/comm").read_text().strip() for child in ids}


@dataclass
class NativeServer:
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def stop(self) -> Finished:
        began = time.monotonic()
        self.process.terminate()
        code = self.process.wait(STOP_SECONDS)
        return Finished(code, self.log.read_text(), time.monotonic() - began)

    def wait(self) -> Finished:
        return Finished(self.process.wait(START_SECONDS), self.log.read_text())

    def r_process(self) -> int:
        (pid,) = (pid for pid, name in children(self.process.pid).items() if name == "R")
        return pid

    def kill_r(self) -> None:
        os.kill(self.r_process(), signal.SIGKILL)


@dataclass(frozen=True)
class NativeRunner:
    """A copy of the container's folder is the working folder and comes first on the PATH."""

    program: Path

    def environment(self, base: Path, **more: str) -> dict[str, str]:
        scratch = self.program.parent / "tmp"
        scratch.mkdir(exist_ok=True)
        path = f"{self.program}{os.pathsep}{os.environ['PATH']}"
        return {"PATH": path, "TMPDIR": str(scratch), "SAGEMAKER_BASE_DIR": str(base), **more}

    def run(self, program: str, base: Path, **environment: str) -> Finished:
        done = subprocess.run(
            [self.program / program],
            cwd=self.program,
            env=self.environment(base, **environment),
            capture_output=True,
            text=True,
            check=False,
        )
        return Finished(done.returncode, done.stdout + done.stderr)

    @contextlib.contextmanager
    def serve(self, base: Path, **environment: str) -> Iterator[NativeServer]:
        port = free_port()
        log = self.program.parent / f"serve-{port}.log"
        bind = {"SAGEMAKER_BIND_TO_HOST": "127.0.0.1", "SAGEMAKER_BIND_TO_PORT": str(port)}
        with log.open("wb") as output:
            process = subprocess.Popen(
                [self.program / "serve"],
                cwd=self.program,
                env=self.environment(base, **bind, **environment),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            yield NativeServer(process, port, log)
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)

    def rscript(self, code: str) -> str:
        command = ["Rscript", "--vanilla", "-e", code]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def docker(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    command = ["docker", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(command)}: {done.stderr}")
    return done


def environment_options(environment: dict[str, str]) -> list[str]:
    return [f"--env={name}={value}" for name, value in environment.items()]


def docker_problem() -> str | None:
    """Say why no Docker engine can be used, or None."""
    if shutil.which("docker") is None:
        return "no docker command on the PATH"
    answer = docker("version", "--format", "{{.Server.Os}}", check=False)
    return None if answer.returncode == 0 else f"no Docker engine answers: {answer.stderr.strip()}"


@dataclass
class DockerServer:
    container: str
    port: int

    def ended(self, seconds: float = 0.0) -> Finished:
        code = docker("inspect", "--format", "{{.State.ExitCode}}", self.container).stdout
        logs = docker("logs", self.container)
        return Finished(int(code), logs.stdout + logs.stderr, seconds)

    def stop(self) -> Finished:
        began = time.monotonic()
        docker("stop", "--time", str(STOP_SECONDS), self.container)
        return self.ended(time.monotonic() - began)

    def wait(self) -> Finished:
        docker("wait", self.container)
        return self.ended()

    def kill_r(self) -> None:
        # The kernel names R's processes "R"; the lowest id is the one that holds the model.
        script = "for p in /proc/[0-9]*; do read n < $p/comm; [ $n = R ] && echo ${p#/proc/}; done"
        found = docker("exec", self.container, "bash", "-c", script, check=False).stdout
        lowest = min(int(pid) for pid in found.split())
        docker("exec", self.container, "bash", "-c", f"kill -KILL {lowest}")


@dataclass(frozen=True)
class DockerRunner:
    """The image as SageMaker runs it: `docker run IMAGE train`, `evaluate` or `serve`."""

    image: str

    @classmethod
    def build(cls) -> DockerRunner:
        image = "sagestack-mars-contract"
        docker("build", "--platform", "linux/amd64", "--tag", image, str(CONTAINER))
        return cls(image)

    def run(self, program: str, base: Path, **environment: str) -> Finished:
        options = ["--volume", f"{base}:/opt/ml", *environment_options(environment)]
        done = docker("run", "--rm", *options, self.image, program, check=False)
        return Finished(done.returncode, done.stdout + done.stderr)

    @contextlib.contextmanager
    def serve(self, base: Path, **environment: str) -> Iterator[DockerServer]:
        model = f"{base}/model:/opt/ml/model:ro"
        options = ["--publish", "127.0.0.1::8080", "--volume", model]
        options += environment_options(environment)
        container = docker("run", "--detach", *options, self.image, "serve").stdout.strip()
        try:
            address = docker("port", container, "8080", check=False).stdout
            yield DockerServer(container, int(address.rpartition(":")[2] or 0))
        finally:
            docker("rm", "--force", container)

    def rscript(self, code: str) -> str:
        return docker("run", "--rm", self.image, "Rscript", "--vanilla", "-e", code).stdout
