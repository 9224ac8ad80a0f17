"""The whole path under load for half an hour: API Gateway, Lambda, endpoint, model."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from statistics import linear_regression

from benchmarks.api_path import (
    WORKLOAD,
    Watched,
    deployed_api,
    measurements_of,
    watch,
)
from benchmarks.http_load import HttpLoad, Sent
from benchmarks.measurements import Findings, Measurement
from benchmarks.sections import Report, Section
from local.session import EmbeddedAWS

MINUTES = int(os.environ.get("SAGESTACK_LOAD_MINUTES", "30"))
"""How long the load lasts, after the maximum has been found."""
SHARE = 0.7
"""Of the maximum."""
CLIENTS = (1, 2, 4, 8)
"""How many send at a time while the maximum is looked for."""
RAMP_SECONDS = 10
"""How long each number of clients sends, after as long as half of it that does not count."""


@dataclass(frozen=True)
class Held:
    """A load that was held: the most that there could be, and what there was, by the minute."""

    ramp: dict[int, Sent]
    maximum: float
    watched: Watched


def run(rounds: int, report: Report) -> Findings:
    """Deploy, find the maximum, hold the load; each round with an embedded AWS of its own."""
    held = []
    for _ in range(rounds):
        with deployed_api(report) as (aws, load):
            held.append(asyncio.run(_hold(aws, load, report)))
    measurements = [
        Measurement("the most that it answers", "requests/s", [each.maximum for each in held]),
        Measurement(
            f"requests in {MINUTES} min at {SHARE:.0%} of it",
            "requests",
            [each.watched.count for each in held],
        ),
        *measurements_of([each.watched for each in held]),
    ]
    return Findings(measurements, "\n\n".join(_notes(each) for each in held))


async def _hold(aws: EmbeddedAWS, load: HttpLoad, report: Report) -> Held:
    ramp: dict[int, Sent] = {}
    for clients in CLIENTS:
        report(f"{clients} clients at a time")
        await load.closed(clients, RAMP_SECONDS / 2)  # functions that are not warm yet
        ramp[clients] = await load.closed(clients, RAMP_SECONDS)
    maximum = max(len(sent.seconds) for sent in ramp.values()) / RAMP_SECONDS
    minutes = []
    for number in range(MINUTES):
        report(f"minute {number + 1} of {MINUTES} at {SHARE * maximum:.1f} requests/s")
        minutes.append(await watch(load.paced(SHARE * maximum, 60), aws))
    load.close()
    return Held(ramp, maximum, Watched(minutes))


def _notes(held: Held) -> str:
    lines = ["Clients, each with one request at a time, while the maximum was looked for:", ""]
    lines += ["| clients | requests/s | median ms | failed |", "|---|---|---|---|"]
    lines += [
        f"| {clients} | {len(sent.seconds) / RAMP_SECONDS:.1f} | {sent.percentile(50) * 1e3:.0f} "
        f"| {len(sent.failures)} |"
        for clients, sent in held.ramp.items()
    ]
    lines += ["", "The load itself, memory in MiB (PSS):", "", *held.watched.table()]
    later = held.watched.memory[held.watched.settled :]
    if len(later) > 1:
        slope = linear_regression(range(len(later)), later).slope
        lines += ["", f"From minute {held.watched.settled + 1} on {slope:+.3f} MiB a minute."]
    return "\n".join([*lines, *held.watched.told_failures()])


SECTION = Section(
    name="load",
    title=f"Load: {MINUTES} minutes through the whole local path",
    method=(
        f"{WORKLOAD} is deployed to the embedded AWS, its container runs natively. Clients with "
        f"connections that are kept send its smoke request to the API: {CLIENTS} at a time for "
        f"{RAMP_SECONDS} s each to find the maximum, then one every so often as makes "
        f"{SHARE:.0%} of it, whatever became of those before, for {MINUTES} minutes. A request "
        "has failed that is not answered 200 with the same body; its time counts from when it was "
        "due. The API's stage allows 10 requests/s unless the environment's file says another: "
        "that limit is lifted. Memory is the PSS of every process of the embedded AWS, the median "
        "of each minute. The clients, the embedded AWS, the functions and the model server share "
        "the machine."
    ),
    rounds=1,
    run=run,
)
