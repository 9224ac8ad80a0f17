"""Many clients at once through the whole local path, each with one request after the other."""

from __future__ import annotations

import asyncio
import os

from benchmarks.api_path import WORKLOAD, Watched, deployed_api, measurements_of, watch
from benchmarks.histogram import histogram
from benchmarks.http_load import HttpLoad
from benchmarks.measurements import Findings, Measurement
from benchmarks.sections import Report, Section
from local.cdk_cli import ROOT
from local.session import EmbeddedAWS

CLIENTS = 64
MINUTES = int(os.environ.get("SAGESTACK_PARALLEL_MINUTES", "10"))
"""How long they send, after a minute that does not count."""
PICTURE = ROOT / "docs" / "latency.svg"


def run(rounds: int, report: Report) -> Findings:
    """Deploy and send; each round with an embedded AWS of its own. Draws the last one's times."""
    watched = []
    for _ in range(rounds):
        with deployed_api(report) as (aws, load):
            watched.append(asyncio.run(_send(aws, load, report)))
    counts = [each.count for each in watched]
    measurements = [
        Measurement(f"requests of {CLIENTS} clients in {MINUTES} min", "requests", counts),
        *measurements_of(watched),
    ]
    seconds = watched[-1].seconds.seconds
    title = f"{len(seconds):,} answers to {CLIENTS} clients at once, in {MINUTES} minutes"
    PICTURE.write_text(histogram([each * 1e3 for each in seconds], title=title, unit="ms"))
    tables = "\n\n".join("\n".join([*each.table(), *each.told_failures()]) for each in watched)
    return Findings(measurements, f"By the minute, memory in MiB (PSS):\n\n{tables}")


async def _send(aws: EmbeddedAWS, load: HttpLoad, report: Report) -> Watched:
    report(f"{CLIENTS} clients, a minute that does not count")
    await load.closed(CLIENTS, 60)
    minutes = []
    for number in range(MINUTES):
        report(f"minute {number + 1} of {MINUTES}")
        minutes.append(await watch(load.closed(CLIENTS, 60), aws))
    load.close()
    return Watched(minutes)


SECTION = Section(
    name="parallel",
    title=f"{CLIENTS} clients at once through the whole local path",
    method=(
        f"{WORKLOAD} is deployed and asked as for the load above, by {CLIENTS} clients for "
        f"{MINUTES} minutes; each sends its next request when its last one is answered, so that "
        "what is measured is the time in the queue for two cores. docs/latency.svg is drawn from "
        "the times."
    ),
    rounds=1,
    run=run,
)
