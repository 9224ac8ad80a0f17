"""How many requests a container answers, beside a peer's with the same model and payloads."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.containers import ROOT, Container, Image
from benchmarks.measurements import Findings, Limit, Measurement
from benchmarks.sections import Report
from benchmarks.wrk import Sent, send

_IRIS = ROOT / "workloads" / "data" / "iris.csv"
_WARM_SECONDS = 1
_SECONDS = 4


@dataclass(frozen=True)
class Load:
    """One way to send requests."""

    rows: int
    connections: int
    keep_alive: bool = True

    def __str__(self) -> str:
        rows = "1 row" if self.rows == 1 else f"{self.rows} rows"
        connections = "1 connection" if self.connections == 1 else f"{self.connections} connections"
        return f"{rows}, {connections}" + ("" if self.keep_alive else ", a new one each request")


@contextmanager
def trained_pair(
    ours: str, peer: str, hyperparameters: Mapping[str, str]
) -> Iterator[tuple[Image, Image, dict[int, Path]]]:
    """Train both images on iris; yield them and the payloads for both, by their rows."""
    with (
        Image.trained(ours, hyperparameters, _IRIS) as our_image,
        Image.trained(peer, hyperparameters, _IRIS) as peer_image,
        tempfile.TemporaryDirectory() as folder,
    ):
        yield our_image, peer_image, _write_payloads(Path(folder), hyperparameters["target"])


def _write_payloads(folder: Path, target: str) -> dict[int, Path]:
    """Write 1 and 150 irises without the target as CSV with a header line."""
    lines = [line.split(",") for line in _IRIS.read_text().splitlines()]
    left_out = lines[0].index(target)
    rows = [",".join(cells[:left_out] + cells[left_out + 1 :]) for cells in lines]
    payloads = {}
    for count in (1, 150):
        payloads[count] = folder / f"{count}.csv"
        payloads[count].write_text("\n".join(rows[: count + 1]) + "\n")
    return payloads


def compare(
    ours: Image,
    peer: Image,
    *,
    payloads: Mapping[int, Path],
    limits: Mapping[tuple[Load, str], Limit],
    rounds: int,
    report: Report,
) -> Findings:
    """Send each load of `limits` to both in turn, `rounds` times.

    A limit is of a load and of what is measured of it: "requests/s", "p99" or "CPU".
    """
    programs: dict[Load, list[dict[str, float]]] = defaultdict(list)
    figures: dict[tuple[Load, str], dict[str, list[float]]] = defaultdict(
        lambda: {"ours": [], "peer": []}
    )
    loads = list(dict.fromkeys(load for load, _ in limits))
    with ExitStack() as stack:
        servers = {
            "ours": stack.enter_context(ours.serving()),
            "peer": stack.enter_context(peer.serving()),
        }
        for body in payloads.values():
            check_same_answers(servers["ours"], servers["peer"], body.read_bytes())
        for turn in range(rounds):
            for load in loads:
                for name, server in servers.items():
                    report(f"round {turn + 1} of {rounds}: {load}, {name}")
                    sent, cpu = _measure(server, payloads[load.rows], load)
                    figures[load, "requests/s"][name].append(sent.per_second)
                    figures[load, "p99"][name].append(sent.p99)
                    figures[load, "CPU"][name].append(sum(cpu.values()))
                    if name == "ours" and load.keep_alive:
                        programs[load].append(cpu)
    measurements = [
        Measurement(f"{load}: {what}", _UNITS[what], found["ours"], found["peer"], limits.get(key))
        for key, found in figures.items()
        for load, what in [key]
        if load.keep_alive or what != "CPU"  # processes that end with their connection are missed
    ]
    return Findings(measurements, _by_program(programs))


def _by_program(programs: Mapping[Load, Sequence[Mapping[str, float]]]) -> str:
    """Say what each program of ours takes of the processor for a request."""
    names = dict.fromkeys(name for rounds in programs.values() for each in rounds for name in each)
    figures = {
        name: [median(each.get(name, 0) for each in rounds) for rounds in programs.values()]
        for name in names
    }
    lines = [
        "The CPU of a request, by the programs of our container, in µs: the median of the rounds.",
        "",
        f"| program | {' | '.join(map(str, programs))} |",
        f"|---|{'---|' * len(programs)}",
        *(
            f"| {name} | {' | '.join(f'{figure:.0f}' for figure in its)} |"
            for name, its in figures.items()
            if max(its) >= 1
        ),
    ]
    return "\n".join(lines)


def profile(image: Image, script: Path, payloads: Mapping[int, Path]) -> str:
    """Say where the time of a request goes in the container's own code, step by step."""
    took: dict[str, list[str]] = defaultdict(list)
    for line in image.run(script, *payloads.values()).splitlines():
        _file, step, microseconds = line.split("\t")
        took[step].append(microseconds)
    lines = [
        "Of that, what its own code takes, in µs: the median of calls one after the other, alone "
        f"on a core (`{script.name}`). HTTP comes on top, and that the caches of the processor "
        "hold something else when a process is woken by a request.",
        "",
        f"| step | {' | '.join(f'rows: {rows}' for rows in payloads)} |",
        f"|---|{'---|' * len(payloads)}",
        *(f"| {step} | {' | '.join(figures)} |" for step, figures in took.items()),
    ]
    return "\n".join(lines)


def check_same_answers(ours: Container, peer: Container, body: bytes) -> None:
    """Raise RuntimeError unless both predict the same, to 12 digits."""
    answers = [_predictions(server.invoke(body)) for server in (ours, peer)]
    if answers[0] != answers[1]:
        raise RuntimeError(f"ours predicts {answers[0]}, the peer {answers[1]}")


def _predictions(answer: tuple[int, bytes]) -> list[str]:
    status, body = answer
    if status != 200:
        raise RuntimeError(f"{status}: {body.decode(errors='replace')}")
    if body.startswith(b"{"):
        predictions = json.loads(body)["predictions"]
    else:
        predictions = json.loads(b"[" + body + b"]")
    return [f"{each:.12g}" if isinstance(each, float) else each for each in predictions]


_UNITS = {"requests/s": "/s", "p99": "ms", "CPU": "µs"}


def _measure(server: Container, body: Path, load: Load) -> tuple[Sent, dict[str, float]]:
    """Return what came of it, and the processor's microseconds for each request by program."""

    def run(seconds: float) -> Sent:
        return send(
            server.port,
            body,
            connections=load.connections,
            seconds=seconds,
            keep_alive=load.keep_alive,
        )

    run(_WARM_SECONDS)
    before = server.cpu_seconds()
    sent = run(_SECONDS)
    used = server.cpu_seconds()
    spent = {name: each - before.get(name, 0) for name, each in used.items()}
    return sent, {name: seconds / sent.requests * 1e6 for name, seconds in spent.items()}
