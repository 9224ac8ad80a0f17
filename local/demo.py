"""`make demo`: the whole path on this machine, from nothing to predictions and back to nothing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from local.cdk_cli import ROOT
from local.deployment import Deployment
from local.iris import predict, show
from local.leftovers import leftovers
from local.progress import Stages
from local.runners.engine import chosen
from local.session import EmbeddedAWS
from local.tuned import REPORT
from local.tuned import show as show_tuned
from workloads.loading import SettingsError, load_settings

WORKLOAD, TUNED = "iris-mars", "iris-tuned"


def demo(console: Console) -> None:
    """Deploy, predict, destroy. Raises what failed; returns only if all of it held."""
    start = time.monotonic()
    stages = Stages(console)
    settings = load_settings(ROOT)
    app_name = settings.environment.name
    for name in {WORKLOAD, TUNED} - {workload.name for workload in settings.workloads}:
        missing = f"workloads/{name}.toml: missing; allowed: the file as it was, which this shows"
        raise SettingsError(f"{missing} (make local deploys what there is)")
    with started(stages) as aws:
        deployment = Deployment(aws)
        deploy(deployment, stages)
        with stages.stage("Predict through API Gateway and Lambda"):
            result = predict(deployment.api(app_name), WORKLOAD)
        show(result, console)
        show_tuned(aws, deployment, f"{app_name}-{TUNED}", console)
        with stages.stage("Destroy every stack (cdk destroy)") as report:
            deployment.destroy(report)
        with stages.stage("Look for anything left"):
            if left := leftovers(aws.client):
                raise RuntimeError("destroy left these behind:\n  " + "\n  ".join(left))
    console.print(f"\n[bold green]All of it held[/] in {time.monotonic() - start:.0f} s.")
    for where, what in (
        (relative(deployment.assembly), "the templates, the same as for AWS"),
        (relative(aws.log_path), "what the embedded AWS did"),
        (relative(REPORT), "the evaluation of the tuned model, a picture"),
        (f"workloads/{TUNED}.toml", "what the tuned model is made from; iris-mars.toml is simpler"),
        ("make local", "the same again, left running for you to call"),
    ):
        console.print(f"  {where!s:<30}{what}", soft_wrap=True)


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


def deploy(deployment: Deployment, stages: Stages) -> None:
    """Synthesize, bootstrap and deploy, each as a stage."""
    with stages.stage("Synthesize and check the templates (cdk synth)") as report:
        deployment.synth(report)
    with stages.stage("Bootstrap the account (cdk bootstrap)") as report:
        deployment.bootstrap(report)
    with stages.stage("Train, serve, open the API (cdk deploy)") as report:
        deployment.deploy(report)
