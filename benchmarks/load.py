"""The whole path under load for half an hour: API Gateway, Lambda, endpoint, model."""

from __future__ import annotations

import asyncio
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression, median

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from benchmarks.http_load import HttpLoad, Sent
from benchmarks.measurements import Findings, Measurement, at_most
from benchmarks.memory import resident
from benchmarks.sections import Report, Section
from environments.loading import load_settings
from local.cdk_cli import ROOT
from local.deployment import Deployment
from local.session import EmbeddedAWS

WORKLOAD = "iris-mars"
MINUTES = int(os.environ.get("SAGESTACK_LOAD_MINUTES", "30"))
"""How long the load lasts, after the maximum has been found."""
SHARE = 0.7
"""Of the maximum."""
CLIENTS = (1, 2, 4, 8)
"""How many send at a time while the maximum is looked for."""
RAMP_SECONDS = 10
"""How long each number of clients sends, after as long as half of it that does not count."""
SETTLED = 1 / 6
"""Of the time: memory at its end is compared with memory at this point, at 5 of 30 minutes."""
GROWTH = 1.05
LOOK_SECONDS = 10
"""How often memory is looked at; a minute's is the median."""
SIGNATURE_SECONDS = 60
"""How long a signature is used again: API Gateway takes one for five minutes."""


@dataclass(frozen=True)
class Minute:
    """What was sent in one minute, and the memory meanwhile in MiB."""

    sent: Sent
    memory: dict[str, float]


@dataclass(frozen=True)
class Held:
    """A load that was held: the most that there could be, and what there was, by the minute."""

    ramp: dict[int, Sent]
    maximum: float
    minutes: list[Minute]

    @property
    def failures(self) -> list[str]:
        """Those of the requests that count."""
        return [failure for minute in self.minutes for failure in minute.sent.failures]

    @property
    def seconds(self) -> Sent:
        """All requests together."""
        return Sent([each for minute in self.minutes for each in minute.sent.seconds])

    @property
    def memory(self) -> list[float]:
        """The MiB of all processes together, in each minute."""
        return [sum(minute.memory.values()) for minute in self.minutes]

    @property
    def settled(self) -> int:
        """The minute with which the last one is compared."""
        return max(1, round(len(self.minutes) * SETTLED)) - 1


def run(rounds: int, report: Report) -> Findings:
    """Deploy, find the maximum, hold the load; each round with an embedded AWS of its own."""
    held = []
    for _ in range(rounds):
        with _api(report) as (aws, load):
            held.append(asyncio.run(_hold(aws, load, report)))
    milliseconds = [each.seconds for each in held]
    measurements = [
        Measurement("the most that it answers", "requests/s", [each.maximum for each in held]),
        Measurement(
            f"requests in {MINUTES} min at {SHARE:.0%} of it",
            "requests",
            [sum(minute.sent.count for minute in each.minutes) for each in held],
        ),
        Measurement("failed", "requests", [len(each.failures) for each in held], (), at_most(0)),
        Measurement("median", "ms", [each.percentile(50) * 1e3 for each in milliseconds]),
        Measurement("99th percentile", "ms", [each.percentile(99) * 1e3 for each in milliseconds]),
        Measurement(
            f"memory at the end / after {held[0].settled + 1} min",
            "MiB",
            [each.memory[-1] for each in held],
            [each.memory[each.settled] for each in held],
            at_most(GROWTH),
        ),
    ]
    return Findings(measurements, "\n\n".join(_notes(each) for each in held))


@contextmanager
def _api(report: Report) -> Iterator[tuple[EmbeddedAWS, HttpLoad]]:
    """Deploy the workload, with a limit of the API's stage that is out of the way."""
    app = load_settings(ROOT).environment.name
    with tempfile.TemporaryDirectory() as folder:
        settings = {"SAGESTACK_RUNNER": "process"}
        with EmbeddedAWS(Path(folder, "state"), settings=settings) as aws:
            deployment = Deployment(aws, assembly=Path(folder, "cdk.out"))
            deployment.synth(report)
            deployment.bootstrap(report)
            deployment.deploy(report, f"{app}-{WORKLOAD}", f"{app}-api")
            api = deployment.api(app)
            _lift_limit(aws)
            path = f"/workloads/{WORKLOAD}/invocations"
            workload = next(w for w in load_settings(ROOT).workloads if w.name == WORKLOAD)
            body = workload.smoke.body.encode()
            first = api.post(path, body, content_type="text/csv")
            if first.status != 200:
                raise RuntimeError(f"{api.url} answered {first.status}: {first.body.decode()}")
            yield aws, HttpLoad(aws.port, _signed(aws, f"{api.url}{path}", body), first.body)


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
        minutes.append(Minute(*await asyncio.gather(load.paced(SHARE * maximum, 60), _memory(aws))))
    load.close()
    return Held(ramp, maximum, minutes)


async def _memory(aws: EmbeddedAWS) -> dict[str, float]:
    """Look at the memory for a minute: Rserve has a process for each connection of the moment."""
    found = []
    for _ in range(60 // LOOK_SECONDS):
        await asyncio.sleep(LOOK_SECONDS)
        found.append(await asyncio.to_thread(resident, aws))
    kinds = {kind for each in found for kind in each}
    return {kind: median(each.get(kind, 0.0) for each in found) for kind in kinds}


def _lift_limit(aws: EmbeddedAWS) -> None:
    """Raise the stage's limit, 10 requests/s unless the environment's file says another."""
    apigateway = aws.client("apigateway")
    (api,) = apigateway.get_rest_apis()["items"]
    (stage,) = apigateway.get_stages(restApiId=api["id"])["item"]
    apigateway.update_stage(
        restApiId=api["id"],
        stageName=stage["stageName"],
        patchOperations=[
            {"op": "replace", "path": f"/*/*/throttling/{limit}", "value": "5000"}
            for limit in ("rateLimit", "burstLimit")
        ],
    )


def _signed(aws: EmbeddedAWS, url: str, body: bytes) -> Callable[[], bytes]:
    """Return what gives the bytes of a signed request, signed anew now and then."""
    credentials = aws.session().get_credentials()
    assert credentials is not None, "the embedded AWS's session has keys"
    signer = SigV4Auth(credentials, "execute-api", aws.region)
    made, until = b"", 0.0

    def request() -> bytes:
        nonlocal made, until
        if time.monotonic() > until:
            asked = AWSRequest("POST", url, {"Content-Type": "text/csv"}, body)
            signer.add_auth(asked)
            host, _, path = url.removeprefix("http://").partition("/")
            headers = {"Host": host, "Content-Length": str(len(body)), **dict(asked.headers)}
            lines = [f"POST /{path} HTTP/1.1", *(f"{key}: {headers[key]}" for key in headers)]
            made = "\r\n".join([*lines, "", ""]).encode() + body
            until = time.monotonic() + SIGNATURE_SECONDS
        return made

    return request


def _notes(held: Held) -> str:
    lines = ["Clients, each with one request at a time, while the maximum was looked for:", ""]
    lines += ["| clients | requests/s | median ms | failed |", "|---|---|---|---|"]
    lines += [
        f"| {clients} | {len(sent.seconds) / RAMP_SECONDS:.1f} | {sent.percentile(50) * 1e3:.0f} "
        f"| {len(sent.failures)} |"
        for clients, sent in held.ramp.items()
    ]
    kinds = sorted({kind for minute in held.minutes for kind in minute.memory})
    head = ("minute", "requests", "failed", *("p50 ms", "p95 ms", "p99 ms", "max ms"), *kinds)
    lines += ["", "The load itself, memory in MiB (PSS):", ""]
    lines += [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for number, minute in enumerate(held.minutes, 1):
        sent = minute.sent
        times = [sent.percentile(percent) for percent in (50, 95, 99)] + [
            max(sent.seconds, default=math.nan)
        ]
        cells = [str(number), str(sent.count), str(len(sent.failures))]
        cells += [f"{each * 1e3:.0f}" for each in times]
        cells += [f"{minute.memory.get(kind, 0):.1f}" for kind in kinds]
        lines.append(f"| {' | '.join(cells)} |")
    later = held.memory[held.settled :]
    if len(later) > 1:
        slope = linear_regression(range(len(later)), later).slope
        lines += ["", f"From minute {held.settled + 1} on {slope:+.3f} MiB a minute."]
    if held.failures:
        lines += ["", "Failures:", "", *(f"- {each}" for each in sorted(set(held.failures))[:5])]
    return "\n".join(lines)


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
