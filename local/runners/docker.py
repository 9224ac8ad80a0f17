"""The Docker runner: the built image as SageMaker runs it, /opt/ml mounted, on a loopback port."""

import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from local.run_directory import LABEL, RunDirectory
from local.runners import PORT, ContainerSpec, ImageError, images


class DockerRunner:
    """Runs containers in the engine that the `docker` command reaches."""

    def __init__(self, run: RunDirectory, endpoint: str) -> None:
        self._run = run
        self._registry = endpoint.partition("://")[2]

    def create(self, spec: ContainerSpec) -> "DockerContainer":
        """See Runner.create."""
        image = self._pull(spec)
        root = self._run.containers / spec.name
        (root / "ml").mkdir(parents=True)
        variables = [f"--env={name}={value}" for name, value in spec.environment.items()]
        container = _docker(
            "create",
            *("--label", f"{LABEL}={self._run.path}"),
            *("--volume", f"{root / 'ml'}:/opt/ml"),
            *("--publish", f"127.0.0.1::{PORT}"),
            *("--stop-timeout", str(int(spec.grace))),
            *variables,
            image,
            spec.command,
        )
        return DockerContainer(container, image, root, spec.log)

    def _pull(self, spec: ContainerSpec) -> str:
        # Asked with the role of the job first: the registry's own protocol knows no roles here.
        reference = images.Reference.parse(spec.image)
        answer = spec.ecr.batch_get_image(
            repositoryName=reference.repository, imageIds=[reference.image_id]
        )
        if not answer["images"]:
            raise ImageError(f"image {spec.image} does not exist")
        digest = answer["images"][0]["imageId"]["imageDigest"]
        local = f"{self._registry}/{reference.repository}@{digest}"
        _docker("pull", "--quiet", local)
        return local


class DockerContainer:
    """One container of the engine."""

    def __init__(self, name: str, image: str, root: Path, log: Callable[[str], None]) -> None:
        self._name = name
        self._image = image
        self._root = root
        self._log = log
        self._attached: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    @property
    def base_dir(self) -> Path:
        """See Container.base_dir."""
        return self._root / "ml"

    @property
    def address(self) -> tuple[str, int]:
        """See Container.address."""
        host, _, port = _docker("port", self._name, f"{PORT}/tcp").splitlines()[0].rpartition(":")
        return host, int(port)

    def start(self) -> None:
        """See Container.start."""
        self._attached = subprocess.Popen(
            ["docker", "start", "--attach", self._name],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._reader = threading.Thread(target=self._follow, args=(self._attached,), daemon=True)
        self._reader.start()

    def wait(self, timeout: float) -> int | None:
        """See Container.wait."""
        assert self._attached is not None
        assert self._reader is not None
        try:
            code = self._attached.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join(timeout=5)
        return code

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

    def _follow(self, attached: subprocess.Popen[bytes]) -> None:
        assert attached.stdout is not None
        for line in attached.stdout:
            self._log(line.decode("utf-8", errors="replace").rstrip("\n"))


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ImageError(f"docker {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout.strip()
