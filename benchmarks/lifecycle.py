"""How fast a container starts and stops, and what /ping takes while it is busy."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.containers import Container, Image, build_container, build_peer, docker
from benchmarks.measurements import Findings, Measurement, at_most
from benchmarks.sections import Report, Section
from benchmarks.serving import trained_pair
from benchmarks.serving_python import BJOERN
from benchmarks.serving_python import HYPERPARAMETERS as SPECIES
from benchmarks.serving_r import HYPERPARAMETERS as MARS
from benchmarks.wrk import start_sending

_CLIENTS = 8
_PINGS = 100
_LARGE = 6 * 1024 * 1024
"""Bytes that InvokeEndpoint takes at most."""


def _run(rounds: int, report: Report) -> Findings:
    report("build the images")
    r = build_container("mars"), build_peer("plumber")
    python = build_container("sklearn"), build_peer("bottle", BJOERN)
    pairs = (("R", r, MARS), ("Python", python, SPECIES))
    return Findings([each for pair in pairs for each in _of_pair(*pair, rounds, report)])


def _of_pair(
    language: str,
    tags: tuple[str, str],
    hyperparameters: Mapping[str, str],
    rounds: int,
    report: Report,
) -> Iterator[Measurement]:
    with trained_pair(*tags, hyperparameters) as (ours, peer, payloads):
        body = payloads[150].read_bytes()
        report(f"{language}: start")
        starts = [(start_seconds(ours), start_seconds(peer)) for _ in range(rounds)]
        what = f"{language}: start to the first 200 on /ping"
        yield Measurement(
            what, "s", [each for each, _ in starts], [each for _, each in starts], at_most(1)
        )
        report(f"{language}: stop")
        stops = [stop_seconds(ours, body) for _ in range(rounds)]
        what = f"{language}: stop while {_CLIENTS} clients ask, all that was sent before answered"
        yield Measurement(what, "s", stops, limit=at_most(0.5))
        report(f"{language}: /ping beside large requests")
        large = payloads[150].with_name("large.csv")
        header, rows = body.split(b"\n", 1)
        large.write_bytes(header + b"\n" + rows * ((_LARGE - len(header) - 1) // len(rows)))
        with ours.serving() as server:
            pings = [slowest_ping(server, large) for _ in range(rounds)]
        what = f"{language}: the slowest of {_PINGS} /ping while requests of 6 MB run"
        yield Measurement(what, "ms", pings, limit=at_most(20))


def start_seconds(image: Image) -> float:
    """Return the time from `docker start` to the first 200 on /ping."""
    container = image.create()
    try:
        start = time.monotonic()
        docker("start", container.id)
        container.wait_until_healthy()
        return time.monotonic() - start
    finally:
        docker("rm", "--force", "--volumes", container.id)


def stop_seconds(image: Image, body: bytes) -> float:
    """Return the time from SIGTERM to the end of a container that clients keep busy.

    Raises RuntimeError if a request that was sent before SIGTERM has no answer of 200.
    """
    with image.serving() as container:
        clients = [_Client(container.port, body) for _ in range(_CLIENTS)]
        for client in clients:
            client.start()
        time.sleep(1)
        start = time.monotonic()
        docker("kill", "--signal=TERM", container.id)
        docker("wait", container.id)
        taken = time.monotonic() - start
        for client in clients:
            client.join()
        if lost := [each.sent for each in clients if each.lost and each.sent < start]:
            raise RuntimeError(f"{len(lost)} requests that were sent before SIGTERM were lost")
        return taken


class _Client(threading.Thread):
    """Asks again and again on one connection until that is closed."""

    def __init__(self, port: int, body: bytes) -> None:
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._body = body
        self.sent = 0.0
        """When the last request had been sent."""
        self.lost = False
        """Whether it got no answer, or another than 200."""

    def run(self) -> None:
        status = 200
        while status == 200:
            try:
                self.sent, self.lost = time.monotonic(), True
                self._connection.request(
                    "POST", "/invocations", self._body, {"Content-Type": "text/csv"}
                )
                self.sent = time.monotonic()
                answer = self._connection.getresponse()
                answer.read()
                status = answer.status
                self.lost = status != 200
            except (OSError, http.client.HTTPException):
                return


def slowest_ping(container: Container, large: Path) -> float:
    """Return the milliseconds of the slowest of many /ping while large requests run."""
    with start_sending(container.port, large, connections=4):
        time.sleep(1)
        return max(_ping_milliseconds(container) for _ in range(_PINGS))


def _ping_milliseconds(container: Container) -> float:
    start = time.monotonic()
    status = container.ping()
    taken = time.monotonic() - start
    if status != 200:
        raise RuntimeError(f"/ping: {status}")
    time.sleep(0.02)
    return taken * 1000


SECTION = Section(
    name="lifecycle",
    title="Start, stop and /ping",
    method=(
        "The same containers and peers. *Start* is from `docker start` to the first 200, asked "
        "for every 5 ms. *Stop* is from SIGTERM until the container has ended, with eight clients "
        "that ask for 150 rows again as soon as they have their answer; that a request sent "
        "before SIGTERM goes without a 200 ends the benchmark. */ping* comes on a new connection "
        "every 20 ms, beside four that send CSV of 6 MB."
    ),
    rounds=5,
    run=_run,
)
