"""The training jobs of a tuning job: a line as each ends, and a table of all."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from cli.account import Account
from cli.jobs import RUNNING, Description, Job
from cli.report import say, show, table

Trial = dict[str, Any]
"""A HyperParameterTrainingJobSummary."""


class Trials:
    """What `make logs` shows of a tuning job, which has no log of its own."""

    def __init__(self, job: Job, account: Account, console: Console) -> None:
        self._job = job
        self._account = account
        self._console = console
        self._ended: set[str] = set()
        self._described: Description = {}

    def update(self, described: Description) -> None:
        """Print the training jobs that have ended since."""
        self._described = described
        for trial in self._trials():
            name = trial["TrainingJobName"]
            if trial["TrainingJobStatus"] not in RUNNING and name not in self._ended:
                self._ended.add(name)
                values = " ".join(f"{key}={value}" for key, value in _tuned(trial).items())
                outcome = _objective(trial) or trial.get("FailureReason", "")
                line = f"{name}  {trial['TrainingJobStatus']}  {values}  {outcome}"
                self._console.print(Text(line.rstrip()), soft_wrap=True)

    def finish(self) -> None:
        """Print the table, best first, and how to see the log of the best."""
        trials = self._trials()
        best = self._described.get("BestTrainingJob", {}).get("TrainingJobName")
        config = self._described["HyperParameterTuningJobConfig"]
        _show(trials, config["HyperParameterTuningJobObjective"], best, self._console)
        if best:
            say(self._console, ("its log", f"make logs JOB={best}"))

    def _trials(self) -> list[Trial]:
        pages = self._account.sagemaker.get_paginator(
            "list_training_jobs_for_hyper_parameter_tuning_job"
        ).paginate(
            HyperParameterTuningJobName=self._job.name, SortBy="CreationTime", SortOrder="Ascending"
        )
        return [dict(trial) for page in pages for trial in page["TrainingJobSummaries"]]


def _show(
    trials: list[Trial], objective: Mapping[str, str], best: str | None, console: Console
) -> None:
    hyperparameters = sorted({key for trial in trials for key in _tuned(trial)})
    metric = objective["MetricName"]
    rows = table("training job", "status", *hyperparameters, figures=(metric,))
    for trial in sorted(trials, key=lambda each: _rank(each, objective["Type"])):
        name = trial["TrainingJobName"]
        rows.add_row(
            name,
            trial["TrainingJobStatus"],
            *(_tuned(trial).get(key, "") for key in hyperparameters),
            _objective(trial),
            style="green" if name == best else "",
        )
    show(rows, console)


def _rank(trial: Trial, goal: str) -> float:
    metric = trial.get("FinalHyperParameterTuningJobObjectiveMetric")
    if metric is None:
        return float("inf")
    return float(metric["Value"]) if goal == "Minimize" else -float(metric["Value"])


def _tuned(trial: Trial) -> dict[str, str]:
    return dict(trial.get("TunedHyperParameters", {}))


def _objective(trial: Trial) -> str:
    metric = trial.get("FinalHyperParameterTuningJobObjectiveMetric")
    return f"{metric['Value']:.6g}" if metric else ""
