"""The Docker runner: the built image as SageMaker runs it, /opt/ml mounted, on a loopback port."""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.run_directory import LABEL, RunDirectory
from local.runners import PORT, ContainerSpec, ImageError, images, registry
from local.runners.process import follow

_IS_BUILD_CONTEXT = f'{{{{index .Config.Labels "{images.MARKER_LABEL}"}}}}'


class DockerRunner:
    """Runs containers in the engine that the `docker` command reaches."""

    interface = "eth0"

    def __init__(self, run: RunDirectory, endpoint: str) -> None:
        self._run = run
        self._endpoint = endpoint
        self._registry = endpoint.partition("://")[2]

    @contextmanager
    def network(self, name: str, *, isolated: bool) -> Iterator[str]:
        """See Runner.network."""
        label = f"{LABEL}={self._run.path}"
        internal = ["--internal"] if isolated else []
        identifier = _docker("network", "create", "--label", label, *internal, name)
        try:
            yield identifier
        finally:
            _docker("network", "rm", identifier)

    def create(self, spec: ContainerSpec) -> "DockerContainer":
        """See Runner.create."""
        image = self._pull(spec)
        root = self._run.containers / spec.name
        (root / "ml").mkdir(parents=True)
        variables = [f"--env={name}={value}" for name, value in spec.environment.items()]
        entrypoint = [f"--entrypoint={spec.entrypoint[0]}"] if spec.entrypoint else []
        network = (
            [f"--network={spec.network}", f"--network-alias={spec.host}"]
            if spec.network
            else [f"--publish=127.0.0.1::{PORT}"]
        )
        container = _docker(
            "create",
            *("--label", f"{LABEL}={self._run.path}"),
            *("--volume", f"{root / 'ml'}:/opt/ml"),
            *network,
            *([f"--hostname={spec.host}"] if spec.host else []),
            *("--stop-timeout", str(int(spec.grace))),
            *variables,
            *entrypoint,
            image,
            *(*spec.entrypoint[1:], *spec.arguments),
        )
        return DockerContainer(container, image, root, spec.log)

    def _pull(self, spec: ContainerSpec) -> str:
        # Asked with the role of the job first: the registry's own protocol knows no roles here.
        found = registry.find(spec.image, spec.ecr, self._endpoint)
        if found is None:
            raise ImageError(f"image {spec.image} does not exist")
        repository = images.Reference.parse(spec.image).repository
        local = f"{self._registry}/{repository}@{found['imageId']['imageDigest']}"
        _docker("pull", "--quiet", local)
        if _docker("image", "inspect", "--format", _IS_BUILD_CONTEXT, local) == "true":
            raise ImageError(
                f"image {spec.image} was pushed where no Docker engine answered, as its build "
                "context: push it again, or run it without Docker (SAGESTACK_RUNNER=process)"
            )
        self._run.note_docker_image(local)
        return local


class DockerContainer:
    """One container of the engine."""

    def __init__(self, name: str, image: str, root: Path, log: Callable[[str], None]) -> None:
        self._name = name
        self._image = image
        self._root = root
        self._log = log
        self._output: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    @property
    def base_dir(self) -> Path:
        """See Container.base_dir."""
        return self._root / "ml"

    @property
    def address(self) -> tuple[str, int]:
        """See Container.address. Raises ConnectionError while it is not running."""
        try:
            published = _docker("port", self._name, f"{PORT}/tcp").splitlines()[0]
        except ImageError as error:
            raise ConnectionError(str(error)) from error
        host, _, port = published.rpartition(":")
        return host, int(port)

    def start(self) -> None:
        """See Container.start."""
        _docker("start", self._name)
        self._output = subprocess.Popen(
            ["docker", "logs", "--follow", self._name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=follow, args=(self._output, self._log), daemon=True)
        self._reader.start()

    def wait(self, timeout: float) -> int | None:
        """See Container.wait."""
        assert self._output is not None
        assert self._reader is not None
        try:
            self._output.wait(timeout)  # its output ends with the container
        except subprocess.TimeoutExpired:
            return None
        self._reader.join(timeout=5)
        return int(_docker("wait", self._name))

    def stop(self) -> None:
        """See Container.stop."""
        _docker("stop", self._name)

    def remove(self) -> None:
        """See Container.remove."""
        _docker("rm", "--force", "--volumes", self._name)
        if os.getuid() != 0:  # what a container writes as root below /opt/ml only root can delete
            _docker(
                *("run", "--rm", "--network", "none", "--entrypoint", "chown"),
                *("--volume", f"{self.base_dir}:/opt/ml", self._image),
                *("-R", f"{os.getuid()}:{os.getgid()}", "/opt/ml"),
            )
        shutil.rmtree(self._root)


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ImageError(f"docker {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()
