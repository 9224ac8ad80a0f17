"""The demo's tuned workload: what its tuning tried, what its evaluation found."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from local.cdk_cli import ROOT
from local.deployment import Deployment
from local.session import EmbeddedAWS

REPORT = ROOT / "build" / "iris-tuned-report.png"
"""Where the demo leaves the evaluation's picture: the bucket that holds it is destroyed."""


def show(aws: EmbeddedAWS, deployment: Deployment, stack: str, console: Console) -> None:
    """Print the training jobs of the stack's tuning and its evaluation; fetch its picture."""
    best = deployment.output(stack, "TrainingJobs")
    jobs, objective = _training_jobs(aws.client("sagemaker"), best)
    names = sorted(jobs[0]["TunedHyperParameters"])
    table = Table("", *names, objective, box=None, padding=(0, 2))
    for job in sorted(jobs, key=_objective):
        chosen = job["TrainingJobName"] == best
        table.add_row(
            "best" if chosen else "",
            *(f"{float(job['TunedHyperParameters'][name]):.4g}" for name in names),
            f"{_objective(job):.6f}",
            style="bold green" if chosen else "",
        )
    console.print(f"{stack}: {len(jobs)} models trained, the best one serves\n")
    console.print(table)
    metrics = json.loads(deployment.output(stack, "MarsMetrics"))
    figures = ", ".join(f"{name} {value:.4g}" for name, value in sorted(metrics.items()))
    console.print(f"\nOn irises held out of the training: {figures}\n", soft_wrap=True)
    _fetch(aws.client("s3"), f"{deployment.output(stack, 'MarsEvaluation')}/report.png", REPORT)


def _training_jobs(sagemaker: Any, best: str) -> tuple[list[dict[str, Any]], str]:
    """Return all that were tried with the best one, and the metric that they were judged by."""
    tuning = sagemaker.describe_training_job(TrainingJobName=best)["TuningJobArn"].rpartition("/")[
        2
    ]
    listed = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=tuning
    )["TrainingJobSummaries"]
    metric = listed[0]["FinalHyperParameterTuningJobObjectiveMetric"]["MetricName"]
    return listed, metric


def _objective(job: dict[str, Any]) -> float:
    return float(job["FinalHyperParameterTuningJobObjectiveMetric"]["Value"])


def _fetch(s3: Any, uri: str, target: Path) -> None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    target.parent.mkdir(exist_ok=True)
    s3.download_file(bucket, key, str(target))
