"""The whole path with a workload behind it, and what became of requests by the minute."""

from __future__ import annotations

import asyncio
import json
import math
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from benchmarks.http_load import HttpLoad, Sent
from benchmarks.measurements import Measurement, at_most
from benchmarks.memory import resident
from benchmarks.sections import Report
from environments.loading import load_settings
from local.cdk_cli import ROOT
from local.deployment import Deployment
from local.session import EmbeddedAWS

WORKLOAD = "iris-mars"
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
class Watched:
    """What was sent, and the memory, minute by minute."""

    minutes: Sequence[Minute]

    @property
    def count(self) -> int:
        """How many requests were sent and have ended."""
        return sum(minute.sent.count for minute in self.minutes)

    @property
    def failures(self) -> list[str]:
        """What became of the requests that were not answered as they should be."""
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

    def table(self) -> list[str]:
        """Return the lines of a table: what was sent in each minute, and the memory."""
        kinds = sorted({kind for minute in self.minutes for kind in minute.memory})
        head = ("minute", "requests", "failed", *("p50 ms", "p95 ms", "p99 ms", "max ms"), *kinds)
        lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
        for number, minute in enumerate(self.minutes, 1):
            sent = minute.sent
            times = [sent.percentile(percent) for percent in (50, 95, 99)] + [
                max(sent.seconds, default=math.nan)
            ]
            cells = [str(number), str(sent.count), str(len(sent.failures))]
            cells += [f"{each * 1e3:.0f}" for each in times]
            cells += [f"{minute.memory.get(kind, 0):.1f}" for kind in kinds]
            lines.append(f"| {' | '.join(cells)} |")
        return lines

    def told_failures(self) -> list[str]:
        """Return the lines that name some of the failures, if there are any."""
        some = sorted(set(self.failures))[:5]
        return ["", "Failures:", "", *(f"- {each}" for each in some)] if some else []


def measurements_of(watched: Sequence[Watched]) -> list[Measurement]:
    """Return what each round's requests came to; memory beside that at a sixth of the time."""
    seconds = [each.seconds for each in watched]
    return [
        Measurement("failed", "requests", [len(each.failures) for each in watched], (), at_most(0)),
        Measurement("median", "ms", [each.percentile(50) * 1e3 for each in seconds]),
        Measurement("99th percentile", "ms", [each.percentile(99) * 1e3 for each in seconds]),
        Measurement(
            f"memory at the end / after {watched[0].settled + 1} min",
            "MiB",
            [each.memory[-1] for each in watched],
            [each.memory[each.settled] for each in watched],
            at_most(GROWTH),
        ),
    ]


@contextmanager
def deployed_api(report: Report) -> Iterator[tuple[EmbeddedAWS, HttpLoad]]:
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
            predicted = first.json()["predictions"]

            def is_expected(answer: bytes) -> bool:
                return bool(json.loads(answer)["predictions"] == predicted)

            yield aws, HttpLoad(aws.port, _signed(aws, f"{api.url}{path}", body), is_expected)


async def watch(sending: Awaitable[Sent], aws: EmbeddedAWS) -> Minute:
    """Send for a minute, and look at the memory meanwhile."""
    return Minute(*await asyncio.gather(sending, _memory(aws)))


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
