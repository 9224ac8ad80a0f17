"""The training jobs of a tuning job: a line as each ends, and a table of all."""

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from cli.account import Account
from cli.jobs import RUNNING, TRAINING, Description, Job
from cli.log_streams import LogStreams
from cli.report import say, show, table

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

LAST_LINES = 5
"""How many lines show what a regex did not match."""

Trial = dict[str, Any]
"""A HyperParameterTrainingJobSummary."""


class Trials:
    """What `make logs` shows of a tuning job, which has no log of its own."""

    def __init__(self, job: Job, account: Account, console: Console) -> None:
        self._job = job
        self._account = account
        self._console = console
        self._ended: set[str] = set()
        self._followed = False
        self._described: Description = {}

    def update(self, described: Description) -> None:
        """Print the training jobs that have ended since.

        Of a tuning that had ended before, the table has them all, and only these lines why one
        failed.
        """
        self._described = described
        self._followed = self._followed or not self._job.ended(described)
        for trial in trials_of(self._job, self._account.sagemaker):
            name = trial["TrainingJobName"]
            if trial["TrainingJobStatus"] not in RUNNING and name not in self._ended:
                self._ended.add(name)
                if not (self._followed or trial.get("FailureReason")):
                    continue
                values = " ".join(f"{key}={value}" for key, value in _tuned(trial).items())
                outcome = _objective(trial) or trial.get("FailureReason", "")
                line = f"{name}  {trial['TrainingJobStatus']}  {values}  {outcome}"
                self._console.print(Text(line.rstrip()), soft_wrap=True)

    def finish(self) -> None:
        """Print the table, best first, and how to see the log of the best."""
        trials = trials_of(self._job, self._account.sagemaker)
        show_trials(trials, self._described, self._console)
        if any(_objective(trial) for trial in trials):
            if best := _best(self._described):
                say(self._console, ("its log", f"make logs JOB={best}"))
        elif completed := [each for each in trials if each["TrainingJobStatus"] == "Completed"]:
            self._show_mismatch(completed[0]["TrainingJobName"])

    def _show_mismatch(self, trial: str) -> None:
        """Put the objective's regex beside what it was to match, as a deploy does."""
        config = self._described["HyperParameterTuningJobConfig"]
        metric = config["HyperParameterTuningJobObjective"]["MetricName"]
        algorithm = self._described["TrainingJobDefinition"]["AlgorithmSpecification"]
        regexes = {each["Name"]: each["Regex"] for each in algorithm.get("MetricDefinitions", [])}
        said = f"the objective {metric} was never found: its regex {regexes.get(metric)} matches"
        lines = LogStreams(self._account.logs, TRAINING.log_group, trial).read()[-LAST_LINES:]
        where = (
            f"in these, the last lines of {trial}" if lines else f"as the log of {trial} is empty"
        )
        self._console.print(f"{said} nothing {where}", markup=False, soft_wrap=True)
        for line in lines:
            self._console.print(f"  {line.text.rstrip()}", markup=False, soft_wrap=True)


def trials_of(tuning: Job, sagemaker: "SageMakerClient") -> list[Trial]:
    """Return the training jobs of a tuning job, the earliest first."""
    pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
        HyperParameterTuningJobName=tuning.name, SortBy="CreationTime", SortOrder="Ascending"
    )
    return [dict(trial) for page in pages for trial in page["TrainingJobSummaries"]]


def show_trials(trials: list[Trial], described: Description, console: Console) -> None:
    """Print the training jobs of the tuning job that is described, the best first."""
    objective = described["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    best = _best(described)
    hyperparameters = sorted({key for trial in trials for key in _tuned(trial)})
    rows = table("training job", "status", *hyperparameters, figures=(objective["MetricName"],))
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


def _best(described: Description) -> str | None:
    best: str | None = described.get("BestTrainingJob", {}).get("TrainingJobName")
    return best


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
