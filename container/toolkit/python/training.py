"""A training job: hyperparameters and data in, a model and its metrics out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.artifact import Model, save_model
from toolkit.channels import Channels, channels_header, job_channels, read_channel
from toolkit.fitting import Build, compare_rows, fit_model, measured
from toolkit.hyperparameters import Rule, as_strings, parse_hyperparameters
from toolkit.jobs import run_job
from toolkit.metrics import metric_lines
from toolkit.paths import Paths, read_config
from toolkit.problems import problems_in, report


def run_training(paths: Paths) -> int:
    """Fit what the model.py beside the toolkit says, and return the job's exit code."""

    def work() -> None:
        import model  # noqa: PLC0415 - a mistake in it has its reason told, too

        train_model(paths, model.HYPERPARAMETERS, model.build)

    return run_job(work, paths.failure)


def train_model(paths: Paths, rules: Mapping[str, Rule], build: Build) -> None:
    """Fit, measure and save a model, and log its metrics."""
    channels = job_channels(paths)
    names = ["train", "validation"] if "validation" in channels else ["train"]
    header = channels_header(channels, names)
    _check_instances(read_config(paths.resources).get("hosts", []), channels)
    given = as_strings(read_config(paths.hyperparameters))
    settings = parse_hyperparameters(rules, given, header=header)
    # read before the model is fitted: a channel's problems are told at once
    tables = {name: read_channel(paths, name, channels, header=header) for name in names}
    model = fit_model(tables["train"], settings, build, header=header)
    if "validation" in tables:
        with problems_in("channel 'validation'"):
            measured(model, validation=compare_rows(model, tables["validation"]))
    save_model(model, paths.model)
    print("\n".join(training_log(model)))


def _check_instances(hosts: Sequence[str], channels: Channels) -> None:
    """Report data that is shared out over instances: an estimator is fitted on one of them."""
    if len(hosts) > 1:
        report(
            [
                f"channel '{name}': found S3DistributionType ShardedByS3Key on {len(hosts)} "
                "instances, expected FullyReplicated, or one instance"
                for name, channel in channels.items()
                if channel.get("S3DistributionType") == "ShardedByS3Key"
            ]
        )


def training_log(model: Model) -> list[str]:
    """Say what a job logs, its metrics as MetricDefinitions look for them."""
    facts = model.metadata
    return [
        f"rows: {facts['rows']}",
        f"columns: {', '.join(model.names)}",
        f"estimator: {facts['estimator']}",
        *(
            line
            for stage, metrics in facts["metrics"].items()
            for line in metric_lines(stage, metrics)
        ),
    ]
