"""`make demo`: the whole path on this machine, from nothing to predictions and back to nothing."""

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from cli.account import Account
from cli.api_client import ApiClient
from cli.deploy import workload_stacks
from cli.problems import InputError
from cli.report import say
from cli.words import workloads_named
from environments.api import ApiSettings
from environments.loading import load_settings
from local import by_hand
from local.cdk_cli import ROOT
from local.comparison import Compared, assert_equal, compare, show_compared
from local.deployment import Deployment
from local.iris import predict, show
from local.leftovers import leftovers
from local.progress import Report, Stages
from local.results import Metrics, Results
from local.runners.engine import chosen
from local.session import EmbeddedAWS
from workloads.schema import Workload

QUICK = ("iris-mars", "iris-tuned")
"""The workloads to begin with, unless others are asked for."""
PICTURED = "iris-mars"
"""The workload that the demo draws a picture of; it has no held-out data."""


def demo(words: str, console: Console) -> None:
    """Deploy the workloads of `words`, predict, compare, destroy; return only if all of it held.

    Raises InputError for a name that is no workload's and for an API that asks for more than a
    signature, and what failed.
    """
    start = time.monotonic()
    stages = Stages(console)
    settings = load_settings(ROOT)
    workloads = workloads_named(words, settings, default=QUICK)
    _assert_signed(settings.environment.api)
    app = settings.environment.name
    with started(stages) as aws:
        deployment = Deployment(aws)
        deploy(deployment, stages, workload_stacks(workloads, settings))
        account = Account.of(aws.session())
        results = [Results(account, app, workload) for workload in workloads]
        beyond: dict[str, Metrics] = {}
        for result in results:
            if result.workload.name == PICTURED:
                beyond[PICTURED] = _predict(deployment.api(app), result.workload, stages, console)
            result.show_tunings(console)
        with stages.stage("Make the same models by hand, in R and Python") as report:
            compared = list(_compared(aws, results, beyond, report))
        show_compared(compared, console)
        reports = [path for result in results for path in result.fetch_reports(ROOT / "build")]
        assert_equal(compared)
        with stages.stage("Destroy every stack (cdk destroy)") as report:
            deployment.destroy(report)
        with stages.stage("Look for anything left"):
            session: Any = aws.session()  # one for all clients: each reads AWS's endpoints once
            if left := leftovers(session.client):
                raise RuntimeError("destroy left these behind:\n  " + "\n  ".join(left))
    console.print(f"\n[bold green]All of it held[/] in {time.monotonic() - start:.0f} s.")
    say(
        console,
        (f"  {relative(deployment.assembly)}", "the templates, the same as for AWS"),
        (f"  {relative(aws.log_path)}", "what the embedded AWS did"),
        *((f"  {relative(path)}", "what an evaluation found, a picture") for path in reports),
        ("  workloads/", "what the models are made from, a file for each workload"),
        (f"  {by_hand.FOLDER}/", "the same models by hand"),
        ("  make local", "the same again, left running for you to call"),
    )


def _assert_signed(api: ApiSettings) -> None:
    """Raise InputError unless the API takes what the demo sends."""
    asked = [key for key in ("jwt", "keys", "private") if getattr(api, key)]
    if asked:
        raise InputError(
            f"environments/default.toml: api.{asked[0]}: found; allowed with make demo: only "
            "without it, as the demo signs what it sends and no more; make local takes every API"
        )


def _predict(api: ApiClient, workload: Workload, stages: Stages, console: Console) -> Metrics:
    """Predict every iris, show that, and return the RMSE: such a workload holds no data out."""
    with stages.stage("Predict through API Gateway and Lambda"):
        predicted = predict(api, workload.name)
    show(predicted, console)
    return {(model, "rmse"): predicted.rmse for model in workload.models}


def _compared(
    aws: EmbeddedAWS, results: list[Results], beyond: Mapping[str, Metrics], report: Report
) -> Iterator[Compared]:
    """Yield each workload's metrics, with those of `beyond`, beside what its script gives."""
    for result in results:
        name, models = result.workload.name, list(result.workload.models)
        told = None
        if script := by_hand.script_of(name):
            report(str(script))
            uri = result.image() if chosen() == "docker" else None
            image = by_hand.image_of(aws, uri) if uri else None
            told = by_hand.run(script, models, result.hyperparameters(), image=image)
        yield from compare(name, {**result.metrics(), **beyond.get(name, {})}, told)


@contextmanager
def started(stages: Stages) -> Iterator[EmbeddedAWS]:
    """Start the embedded AWS as a stage; stop it at the end."""
    aws = EmbeddedAWS()
    how = "in Docker" if chosen() == "docker" else "as processes"
    with stages.stage(f"Start the embedded AWS (containers run {how})"):
        aws.start()
    try:
        yield aws
    finally:
        aws.stop()


def relative(path: Path) -> Path:
    """Return the path as somebody in the project's folder would type it."""
    return path.relative_to(ROOT)


def deploy(deployment: Deployment, stages: Stages, stacks: Sequence[str]) -> None:
    """Synthesize and bootstrap, then deploy the stacks and those that they need, as stages."""
    with ThreadPoolExecutor(1) as beside:
        bootstrapped = beside.submit(deployment.bootstrap, _unheard)
        with stages.stage("Synthesize and check the templates (cdk synth)") as report:
            deployment.synth(report)
        with stages.stage("Bootstrap the account (cdk bootstrap, meanwhile)"):
            bootstrapped.result()
    with stages.stage("Train, serve, open the API (cdk deploy)") as report:
        deployment.deploy(report, *stacks)


def _unheard(_: str) -> None:
    """Report nothing: another stage is shown."""
