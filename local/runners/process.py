"""The native runner: a container's `train` or `serve`, without Docker.

The program runs in a copy of its image's /opt/program with that copy on PATH, and takes its places
from SAGEMAKER_BASE_DIR (/opt/ml in a container) and SAGEMAKER_BIND_TO_HOST and _PORT.
"""

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from local.run_directory import MARKER, RunDirectory
from local.runners import ContainerSpec, ImageError, images, registry

_TETHER = Path(__file__).with_name("tether.py")


class ProcessRunner:
    """Runs containers as processes below the run's directory.

    They share this machine's network: it isolates none, and host names mean nothing on it.
    """

    interface = "lo"

    def __init__(self, run: RunDirectory, endpoint: str) -> None:
        self._run = run
        self._endpoint = endpoint

    def network(self, name: str, *, isolated: bool) -> AbstractContextManager[str]:  # noqa: ARG002
        """See Runner.network."""
        return nullcontext("")

    def create(self, spec: ContainerSpec) -> "ProcessContainer":
        """See Runner.create."""
        found = registry.find(spec.image, spec.ecr, self._endpoint)
        if found is None:
            raise ImageError(f"image {spec.image} does not exist")
        image = images.pull(spec.image, found, self._endpoint, self._run.images)
        root = self._run.containers / spec.name
        command = _command(spec, image.programs, root / "program")
        shutil.copytree(image.programs, root / "program", symlinks=True)
        return ProcessContainer(spec, image.environment, command, root, self._run)


class ProcessContainer:
    """One program with a root of its own."""

    def __init__(
        self,
        spec: ContainerSpec,
        image_environment: Mapping[str, str],
        command: list[str],
        root: Path,
        run: RunDirectory,
    ) -> None:
        self._spec = spec
        self._image_environment = image_environment
        self._command = command
        self._root = root
        self._run = run
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None
        self._port = 0
        for folder in (self.base_dir, root / "tmp"):
            folder.mkdir()

    @property
    def base_dir(self) -> Path:
        """See Container.base_dir."""
        return self._root / "ml"

    @property
    def address(self) -> tuple[str, int]:
        """See Container.address."""
        return "127.0.0.1", self._port

    def start(self) -> None:
        """See Container.start."""
        self._port = _free_port()
        program = self._root / "program"
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", _TETHER, str(self._spec.grace)),
                *self._command,
            ],
            cwd=program,
            env=self._environment(program),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=follow, args=(self._process, self._spec.log))
        self._reader.daemon = True
        self._reader.start()

    def wait(self, timeout: float) -> int | None:
        """See Container.wait."""
        assert self._process is not None
        try:
            code = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        assert self._reader is not None
        self._reader.join(timeout=5)
        return code

    def stop(self) -> None:
        """See Container.stop."""
        if self._process is None:
            return
        self._process.terminate()  # the tether passes it on and keeps to the grace
        while self.wait(timeout=60) is None:
            continue

    def remove(self) -> None:
        """See Container.remove."""
        shutil.rmtree(self._root)

    def _environment(self, program: Path) -> dict[str, str]:
        # Nothing of the server's own environment but what a program on this machine needs.
        inherited = ("HOME", "LANG", "LC_ALL", "TZ")
        return {
            **{name: os.environ[name] for name in inherited if name in os.environ},
            **self._image_environment,
            **self._spec.environment,
            "PATH": f"{program}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "TMPDIR": str(self._root / "tmp"),
            "SAGEMAKER_BASE_DIR": str(self.base_dir),
            "SAGEMAKER_BIND_TO_HOST": "127.0.0.1",
            "SAGEMAKER_BIND_TO_PORT": str(self._port),
            MARKER: str(self._run.path),
        }


def _command(spec: ContainerSpec, programs: Path, copy: Path) -> list[str]:
    """Return what to run: one of the image's programs, in `copy`, or one of this machine."""
    command = (*spec.entrypoint, *spec.arguments)
    if not command:
        raise ImageError(
            f"image {spec.image} runs without Docker, where nothing says what its own command is: "
            "give the job an entrypoint or arguments"
        )
    name, *arguments = command
    own = name.removeprefix(f"/{images.PROGRAM}/")
    if (programs / own).is_file() and os.access(programs / own, os.X_OK):
        return [str(copy / own), *arguments]
    if spec.entrypoint and (found := shutil.which(name)):
        return [found, *arguments]
    raise ImageError(
        f"image {spec.image} has no executable {name} in /opt/program, where without Docker there "
        "is what lies in the container's folder itself: put it there, or start a Docker engine, "
        "which follows the Dockerfile"
    )


def follow(process: subprocess.Popen[bytes], log: Callable[[str], None]) -> None:
    """Give each line that a process prints to `log`, until it ends."""
    assert process.stdout is not None
    for line in process.stdout:
        log(line.decode("utf-8", errors="replace").rstrip("\n"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
