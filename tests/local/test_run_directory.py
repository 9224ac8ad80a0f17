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
        deadline = time.monotonic() + 30
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
    assert left.wait(timeout=120) == -9
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


BUSY_DOCKER = """#!/bin/sh
# An engine whose container somebody else removes at this moment, and a network with it.
echo "$1" >> "$CALLS"
asked=$(grep -c "$1" "$CALLS")
case "$1 $2" in
    "ps --all" | "network ls") test "$asked" -gt 5 || echo an-id ;;
    "rm --force") echo "removal of container an-id is already in progress" >&2; exit 1 ;;
    "network rm") echo "network has active endpoints" >&2; exit 1 ;;
esac
"""


def test_what_a_stopping_servers_jobs_remove_themselves_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker, calls = tmp_path / "bin" / "docker", tmp_path / "calls"
    docker.parent.mkdir()
    docker.write_text(BUSY_DOCKER)
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{docker.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(calls))
    run = RunDirectory.create(tmp_path / "state")
    run.remove()
    assert not run.path.exists()
    assert calls.read_text().splitlines().count("ps") > 5
