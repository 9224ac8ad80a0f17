import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

TETHER = Path(__file__).parents[2] / "local" / "runners" / "tether.py"
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def tether(script: str, grace: float = 30) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", TETHER, str(grace), "sh", "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield tether
    for process in started:
        process.kill()
        process.wait()
        assert process.stdin
        assert process.stdout
        process.stdin.close()
        process.stdout.close()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def gone(pid: int) -> bool:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True  # ended; nobody has asked for its exit code
        except FileNotFoundError:
            return True
        time.sleep(0.01)
    return False


def test_the_exit_code_is_the_commands(start: Start) -> None:
    assert start("exit 3").wait(timeout=120) == 3


def test_sigterm_reaches_the_command(start: Start) -> None:
    process = start("trap 'exit 7' TERM; echo up; sleep 60 & wait")
    first_line(process)
    process.terminate()
    assert process.wait(timeout=120) == 7


def test_a_command_that_ignores_sigterm_is_killed_after_the_grace(start: Start) -> None:
    process = start("trap '' TERM; echo up; while :; do sleep 1; done", grace=0.2)
    first_line(process)
    process.terminate()
    assert process.wait(timeout=120) == 128 + signal.SIGKILL


def test_the_end_of_the_server_ends_the_command_and_its_children(start: Start) -> None:
    process = start("sleep 60 & echo $! $$; wait")
    child, command = map(int, first_line(process).split())
    assert process.stdin is not None
    process.stdin.close()
    assert gone(command)
    assert gone(child)


def test_what_the_command_leaves_running_ends_with_it(start: Start) -> None:
    process = start("sleep 60 >/dev/null & echo $!")
    left = int(first_line(process))
    assert process.wait(timeout=120) == 0
    assert gone(left)
