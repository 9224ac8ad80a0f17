"""wrk, which sends as many requests as so many connections can have under way."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).with_suffix(".lua")


@dataclass(frozen=True)
class Sent:
    """What came of the requests of a few seconds."""

    requests: int
    seconds: float
    p50: float
    """Milliseconds that half of the answers took at most."""
    p99: float
    failed: int

    @property
    def per_second(self) -> float:
        """Requests answered in a second."""
        return self.requests / self.seconds


def send(
    port: int, body: Path, *, connections: int, seconds: float, keep_alive: bool = True
) -> Sent:
    """POST a file to 127.0.0.1:port/invocations. Raises RuntimeError if an answer is no 200."""
    process = _start(port, body, connections, seconds, keep_alive=keep_alive)
    output, problem = process.communicate()
    if process.returncode:
        raise RuntimeError(f"wrk: {problem or output}")
    sent = Sent(**json.loads(output.strip().splitlines()[-1]))
    if sent.failed:
        raise RuntimeError(f"{sent.failed} of {sent.requests} requests of {body.name} failed")
    return sent


@contextlib.contextmanager
def start_sending(port: int, body: Path, *, connections: int) -> Iterator[None]:
    """Go on as `send` does for the time of the context."""
    process = _start(port, body, connections, seconds=3600, keep_alive=True)
    try:
        yield
        if process.poll() is not None:
            raise RuntimeError(f"wrk has ended: {process.communicate()}")
    finally:
        process.kill()
        process.communicate()


def _start(
    port: int, body: Path, connections: int, seconds: float, *, keep_alive: bool
) -> subprocess.Popen[str]:
    environment = {**os.environ, "BENCH_BODY": str(body)}
    if not keep_alive:
        environment["BENCH_CLOSE"] = "1"
    # one thread: wrk shares the cores with what it measures
    command = ["wrk", "--threads=1", f"--connections={connections}", f"--duration={seconds:g}s"]
    command += ["--timeout=30s", f"--script={_SCRIPT}", f"http://127.0.0.1:{port}/invocations"]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
