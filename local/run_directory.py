"""The one directory of a server's run, and the sweep that removes a dead server's.

Everything that a run leaves on the machine lives below `<state>/run-<pid>`: temporary files, the
containers' roots, the image cache. Its processes carry its name in their environment, its Docker
containers and networks in a label: what a `kill -9` left behind can be told from everybody else's.
"""

import fcntl
import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MARKER = "SAGESTACK_RUN"
"""Environment variable that names the run that a process belongs to."""

LABEL = "sagestack.run"
"""Label that names the run that a Docker container or network belongs to."""

REMOVAL_ATTEMPTS = 20
REMOVAL_PAUSE = 0.1
"""Seconds between two attempts to remove a run."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RunDirectory:
    """The directory of one run of the server."""

    path: Path

    @classmethod
    def create(cls, state: Path) -> "RunDirectory":
        """Remove what dead runs left below `state`, then make this process's own directory."""
        state.mkdir(parents=True, exist_ok=True)
        with _locked(state):  # two servers that start together do not take each other for dead
            sweep(state)
            run = cls((state / f"run-{os.getpid()}").resolve())
            for folder in (run.temp, run.home, run.bin, run.containers, run.images):
                folder.mkdir(parents=True)
            # Never closed: the kernel gives the lock back when this process ends, however it does.
            fcntl.flock(os.open(run.path, os.O_RDONLY), fcntl.LOCK_EX)
        return run

    @property
    def temp(self) -> Path:
        """TMPDIR of the server and of what it starts."""
        return self.path / "tmp"

    @property
    def home(self) -> Path:
        """HOME of the server and of what it starts: nobody's ~/.aws is ever read."""
        return self.path / "home"

    @property
    def bin(self) -> Path:
        """First folder of PATH."""
        return self.path / "bin"

    @property
    def containers(self) -> Path:
        """One folder for each training job and each model server."""
        return self.path / "containers"

    @property
    def images(self) -> Path:
        """Unpacked images, by digest."""
        return self.path / "images"

    @property
    def docker_images(self) -> Path:
        """The references, one on a line, that the run pulled into the Docker engine."""
        return self.path / "docker-images"

    def note_docker_image(self, reference: str) -> None:
        """Have an image that was pulled removed with the run."""
        with self.docker_images.open("a") as file:
            file.write(f"{reference}\n")

    def alive(self) -> bool:
        """Whether the server of this directory still runs: it holds a lock on it."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(folder)
        return False

    def remove(self) -> None:
        """End what still runs of this run, by its marks, and delete the directory."""
        noted = self.docker_images.read_text().split() if self.docker_images.exists() else []
        # More than once: jobs of a server that stops may be making or removing the same just now.
        for _ in range(REMOVAL_ATTEMPTS):
            end_processes(self.path)
            in_docker = remove_docker_objects(self.path)
            shutil.rmtree(self.path, ignore_errors=True)
            if not in_docker and not self.path.exists():
                break
            time.sleep(REMOVAL_PAUSE)
        if noted:
            _docker("rmi", *set(noted))


def sweep(state: Path) -> list[Path]:
    """Remove every dead run below `state`; the paths that were removed."""
    removed = []
    for path in sorted(state.glob("run-*")):
        run = RunDirectory(path.resolve())
        if not run.alive():
            logger.info("removing what a dead run left: %s", path)
            run.remove()
            removed.append(path)
    return removed


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def processes_of(run: Path) -> list[int]:
    """Process ids, other than ours, whose environment says that they belong to `run`."""
    mark = f"{MARKER}={run}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int(entry.name) != os.getpid() and mark in (entry / "environ").read_bytes().split(
                b"\0"
            ):
                found.append(int(entry.name))
        except OSError:  # ended meanwhile, or somebody else's
            continue
    return found


def end_processes(run: Path) -> None:
    """Kill the processes of `run`; those that they start meanwhile too."""
    for _ in range(10):
        found = processes_of(run)
        if not found:
            return
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def remove_docker_objects(run: Path) -> list[str]:
    """Remove the Docker containers of `run`, running or not, and its networks; what is left."""
    if shutil.which("docker") is None:
        return []
    if containers := _docker_objects(run, "ps", "--all"):
        _docker("rm", "--force", "--volumes", *containers)
    if networks := _docker_objects(run, "network", "ls"):
        _docker("network", "rm", *networks)
    if not containers and not networks:
        return []
    return _docker_objects(run, "ps", "--all") + _docker_objects(run, "network", "ls")


def _docker_objects(run: Path, *listing: str) -> list[str]:
    return _docker(*listing, "--quiet", "--filter", f"label={LABEL}={run}").split()


def _docker(*arguments: str) -> str:
    """Return what docker prints: nothing where no engine answers, or it has nothing to do."""
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    return done.stdout
