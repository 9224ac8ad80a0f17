import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.run_directory import MARKER, RunDirectory, processes_of, sweep

Start = Callable[[Path], subprocess.Popen[bytes]]


@pytest.fixture
def process_of() -> Iterator[Start]:
    started: list[subprocess.Popen[bytes]] = []

    def start(run: Path) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(["sleep", "60"], env={**os.environ, MARKER: str(run)})
        started.append(process)
        deadline = time.monotonic() + 5
        while process.pid not in processes_of(run) and time.monotonic() < deadline:
            time.sleep(0.005)  # until it has become `sleep`
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def dead_run(state: Path) -> RunDirectory:
    """What a killed server leaves: `RunDirectory.create` in a process that is gone."""
    create = f"from local.run_directory import *; RunDirectory.create(Path({str(state)!r}))"
    subprocess.run([sys.executable, "-c", create], check=True)
    (path,) = state.glob("run-*")
    return RunDirectory(path)


def test_a_dead_runs_directory_and_processes_are_removed(tmp_path: Path, process_of: Start) -> None:
    run = dead_run(tmp_path)
    left = process_of(run.path)
    assert sweep(tmp_path) == [run.path]
    assert left.wait(timeout=5) == -9
    assert not run.path.exists()


def test_a_running_servers_directory_and_processes_are_left_alone(
    tmp_path: Path, process_of: Start
) -> None:
    run = RunDirectory.create(tmp_path)
    running = process_of(run.path)
    assert sweep(tmp_path) == []
    assert run.path.is_dir()
    assert running.poll() is None


def test_somebody_elses_process_is_left_alone(tmp_path: Path, process_of: Start) -> None:
    run = dead_run(tmp_path)
    other = process_of(tmp_path / "run-11")
    run.remove()
    assert other.poll() is None
