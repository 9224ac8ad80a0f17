"""The whole path from nothing to predictions and back, beside the deploy of an empty stack."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmarks.measurements import Findings, Measurement, at_most
from benchmarks.sections import Report, Section
from local.cdk_cli import ROOT
from local.deployment import Deployment
from local.session import EmbeddedAWS

WORKLOAD = "iris-mars"
EMPTY = ROOT / "benchmarks" / "peers" / "empty_app"
RUNNER = {"SAGESTACK_RUNNER": "process"}
AT_MOST = 4.0

_STAGE = re.compile(r"^✓ (?P<title>.+?) +(?P<seconds>[0-9.]+) s$")
_WHOLE = "All of it"

Stages = dict[str, float]
"""Seconds by stage, in their order; and of the whole."""


def run(rounds: int, report: Report) -> Findings:
    """Run the demo and deploy the empty stack in turn."""
    demos, empties = [], []
    for number in range(1, rounds + 1):
        report(f"make demo, {number} of {rounds}")
        demos.append(_demo())
        report(f"the empty stack, {number} of {rounds}")
        empties.append(_empty())
    ours, peer = ([stages[_WHOLE] for stages in each] for each in (demos, empties))
    measured = Measurement(f"make demo WORKLOADS={WORKLOAD}", "s", ours, peer, at_most(AT_MOST))
    return Findings([measured], f"{_table('make demo', demos)}\n\n{_table('Empty stack', empties)}")


def _demo() -> Stages:
    """Run `make demo` as a user does; its stages are those that it prints."""
    start = time.monotonic()
    done = subprocess.run(
        # set-up is done, whatever the files' times say: it would be measured, and install anew
        ["make", "--silent", "--old-file=.venv/installed", "demo", f"WORKLOADS={WORKLOAD}"],
        cwd=ROOT,
        env={**os.environ, **RUNNER},
        capture_output=True,
        text=True,
        check=False,
    )
    whole = time.monotonic() - start
    if done.returncode != 0:
        raise RuntimeError(f"make demo failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    found = filter(None, map(_STAGE.match, done.stdout.splitlines()))
    stages = {stage["title"].partition(" (")[0]: float(stage["seconds"]) for stage in found}
    return {**stages, "Make, Python, the pictures": whole - sum(stages.values()), _WHOLE: whole}


def _empty() -> Stages:
    """Deploy the empty stack: the same server, the same command line, the same steps."""
    with tempfile.TemporaryDirectory() as folder:
        times = [time.monotonic()]
        with EmbeddedAWS(Path(folder, "state"), settings=RUNNER) as aws:
            deployment = Deployment(aws, root=EMPTY, assembly=Path(folder, "cdk.out"))
            times.append(time.monotonic())
            for step in (deployment.synth, deployment.bootstrap, deployment.deploy):
                step(lambda _: None)
                times.append(time.monotonic())
            deployed = aws.client("cloudformation").describe_stacks(StackName="empty")["Stacks"]
            if deployed[0]["StackStatus"] != "CREATE_COMPLETE":
                raise RuntimeError(f"the empty stack is {deployed[0]['StackStatus']}")
    steps = ("Start the embedded AWS", "cdk synth", "cdk bootstrap", "cdk deploy")
    taken = [end - start for start, end in pairwise(times)]
    return {**dict(zip(steps, taken, strict=True)), _WHOLE: times[-1] - times[0]}


def _table(title: str, rounds: Sequence[Stages]) -> str:
    lines = [f"| {title} | s | spread |", "|---|---|---|"]
    for stage in rounds[0]:
        seconds = [stages[stage] for stages in rounds]
        spread = f"{min(seconds):.1f} to {max(seconds):.1f}"
        lines.append(f"| {stage} | {median(seconds):.1f} | {spread} |")
    return "\n".join(lines)


SECTION = Section(
    name="demo",
    title="The demo",
    method=(
        f"`make demo WORKLOADS={WORKLOAD}` with all set up, natively: start of the embedded AWS, "
        "synth with every check, bootstrap, deploy with training and endpoint, prediction, the "
        "same model by hand, destroy, the search for leftovers. The peer is the deploy of an "
        "empty stack on the same embedded AWS by the same command line: its start, `cdk synth` of "
        "an app in Python with one stack that has nothing in it, `cdk bootstrap`, `cdk deploy`; "
        "it is not destroyed."
    ),
    rounds=3,
    run=run,
)
