"""The processes that serve an endpoint where there is no Docker, and what is done to them.

`place` is where the folders of its containers are, and how their names begin: an endpoint of the
same name on another embedded AWS is somebody else's.
"""

import contextlib
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.run_directory import RunDirectory
from local.session import EmbeddedAWS

HOLDS_THE_MODEL = ("R", "model-server")


def place_of(aws: EmbeddedAWS, endpoint: str) -> str:
    run = RunDirectory((aws.state / f"run-{aws.pid}").resolve())
    return f"{run.containers}/{endpoint}-"


def processes(place: str) -> dict[int, tuple[str, int]]:
    """The name and the parent of each process of the endpoint's containers, by its id."""
    found = {}
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):  # somebody else's, or it ends at this moment
            if folder.name.isdigit() and _is_of(folder, place):
                name, _, rest = (folder / "stat").read_text().rpartition(")")
                found[int(folder.name)] = name.partition("(")[2], int(rest.split()[1])
    return found


def _is_of(folder: Path, place: str) -> bool:
    """Whether the folder that it has in the place of /opt/ml is the endpoint's."""
    variables = (folder / "environ").read_bytes().split(b"\0")
    return any(each.startswith(f"SAGEMAKER_BASE_DIR={place}".encode()) for each in variables)


def holder(place: str) -> int:
    """The process that has loaded the model and made the workers."""
    there = processes(place)
    holding = {pid for pid, (name, _) in there.items() if name in HOLDS_THE_MODEL}
    found = [pid for pid in holding if there[pid][1] not in holding]
    assert len(found) == 1, there
    return found[0]


def workers(place: str) -> set[int]:
    """The processes that answer requests, one at a time."""
    held_by = holder(place)
    return {pid for pid, (_, parent) in processes(place).items() if parent == held_by}


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def kill(pid: int) -> None:
    """End a process as the kernel does that needs its memory."""
    os.kill(pid, signal.SIGKILL)


@contextmanager
def no_space(place: str) -> Iterator[None]:
    """Let none of them, nor those that they make, write a byte to any file, wherever it is."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    _limit_files(place, (0, limits[1]))
    try:
        yield
    finally:
        _limit_files(place, limits)


def _limit_files(place: str, limits: tuple[int, int]) -> None:
    for pid in processes(place):
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
