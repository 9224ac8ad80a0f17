"""Images of ours and of peers: built, trained and served by Docker, with SageMaker's contract."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

ROOT = Path(__file__).resolve().parents[1]
PEERS = Path(__file__).parent / "peers"
_START_SECONDS = 60
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def docker(*arguments: str) -> str:
    """Run a command of Docker and return what it printed. Raises RuntimeError."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"docker {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout.strip()


def free_port() -> int:
    """Return a port that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass(frozen=True)
class Container:
    """A container that serves on this machine's own network, which costs a request least."""

    id: str
    port: int

    def cpu_seconds(self) -> dict[str, float]:
        """Return what its processes, and those of theirs that have ended, used of the processor.

        By the program's name, and what the kernel did for it by that name with ": kernel".
        """
        seconds: dict[str, float] = defaultdict(float)
        for pid in docker("top", self.id, "-o", "pid").split()[1:]:
            with contextlib.suppress(FileNotFoundError):  # it has ended
                before, _, after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
                name, fields = before.partition("(")[2], after.split()
                itself, kernel, ended, kernel_of_ended = map(int, fields[11:15])
                seconds[name] += (itself + ended) / _TICKS_PER_SECOND
                seconds[f"{name}: kernel"] += (kernel + kernel_of_ended) / _TICKS_PER_SECOND
        return dict(seconds)

    def ping(self) -> int:
        """Return the status of GET /ping. Raises OSError or HTTPException."""
        return self._request("GET", "/ping")[0]

    def invoke(self, body: bytes) -> tuple[int, bytes]:
        """Return the status and the answer of CSV to /invocations. Raises as `ping`."""
        return self._request("POST", "/invocations", body, {"Content-Type": "text/csv"})

    def wait_until_healthy(self) -> None:
        """Wait for the first 200 on /ping. Raises TimeoutError."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.ping() == 200:
                    return
            time.sleep(0.005)
        raise TimeoutError(f"no 200 on /ping: {docker('logs', self.id)}")

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@dataclass(frozen=True)
class Image:
    """An image with a model that it has trained."""

    tag: str
    base: Path
    """Its /opt/ml."""

    @classmethod
    @contextlib.contextmanager
    def trained(cls, tag: str, hyperparameters: Mapping[str, str], data: Path) -> Iterator[Image]:
        """Train a model of one file of data, which is there for the time of the context."""
        with tempfile.TemporaryDirectory(prefix="sagestack-bench-") as folder:
            base = Path(folder)
            for each in ("input/config", "input/data/train", "model", "output"):
                (base / each).mkdir(parents=True)
            (base / "input/config/hyperparameters.json").write_text(json.dumps(hyperparameters))
            shutil.copy(data, base / "input/data/train")
            docker("run", "--rm", f"--volume={base}:/opt/ml", tag, "train")
            yield cls(tag, base)
            # what a container wrote is root's
            docker("run", "--rm", f"--volume={base}:/opt/ml", "--entrypoint=chmod", tag, "-R",
                   "a+rwX", "/opt/ml")  # fmt: skip

    def create(self) -> Container:
        """Create a container that would serve, and is not started."""
        port = free_port()
        environment = {"SAGEMAKER_BIND_TO_HOST": "127.0.0.1", "SAGEMAKER_BIND_TO_PORT": str(port)}
        options = [f"--env={name}={value}" for name, value in environment.items()]
        volume = f"--volume={self.base}/model:/opt/ml/model:ro"
        return Container(
            docker("create", "--network=host", volume, *options, self.tag, "serve"), port
        )

    def run(self, script: Path, *arguments: Path) -> str:
        """Return what a script prints in the folder of the image's programs, with its model."""
        files = [f"--volume={file}:{file}:ro" for file in (script, *arguments)]
        model = f"--volume={self.base}/model:/opt/ml/model:ro"
        program = {".R": "Rscript", ".py": "python3"}[script.suffix]
        command = [f"--entrypoint={program}", self.tag, str(script), *map(str, arguments)]
        return docker("run", "--rm", model, *files, *command)

    @contextlib.contextmanager
    def serving(self) -> Iterator[Container]:
        """Serve for the time of the context."""
        container = self.create()
        try:
            docker("start", container.id)
            container.wait_until_healthy()
            yield container
        finally:
            docker("rm", "--force", "--volumes", container.id)


def build_container(name: str) -> str:
    """Build container/<name> and return the image's tag."""
    with tempfile.TemporaryDirectory() as folder:
        # with what it links to, which docker would leave out
        context = shutil.copytree(ROOT / "container" / name, Path(folder) / "context")
        return _build(context, f"sagestack-bench-{name}")


def build_peer(name: str, *files: Path) -> str:
    """Build peers/<name>, with more files beside its own, and return the image's tag."""
    with tempfile.TemporaryDirectory() as folder:
        context = shutil.copytree(PEERS / name, Path(folder) / "context")
        for file in files:
            shutil.copy(file, context)
        return _build(context, f"sagestack-bench-peer-{name}")


def _build(context: Path, tag: str) -> str:
    docker("build", "--platform=linux/amd64", "--quiet", "--tag", tag, str(context))
    return tag
