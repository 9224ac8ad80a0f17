"""What a tuning job tells of its training jobs: summaries, counters, the best of them."""

import math
from collections.abc import Iterable

from local.sagemaker.job import RUNNING
from local.sagemaker.records import Record, training_jobs
from local.sagemaker.tuning.ranges import parameter_ranges

_COLUMNS = (
    "TrainingJobName",
    "TrainingJobArn",
    "CreationTime",
    "TrainingStartTime",
    "TrainingEndTime",
    "TrainingJobStatus",
    "FailureReason",
)


def launched_by(tuning: Record) -> list[Record]:
    """Return the records of the training jobs that a tuning job launched, if not deleted."""
    arn = tuning["HyperParameterTuningJobArn"]
    return [job for job in training_jobs.values() if job.get("TuningJobArn") == arn]


def objective_value(tuning: Record, training: Record) -> float | None:
    """Return the last value of the objective of a training job that ended; None if it has none."""
    objective = tuning["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]
    for metric in training.get("FinalMetricDataList", []):
        if metric["MetricName"] == objective["MetricName"] and math.isfinite(metric["Value"]):
            return float(metric["Value"])
    return None


def summary(tuning: Record, training: Record) -> Record:
    """Return a training job as HyperParameterTrainingJobSummary."""
    config = tuning["HyperParameterTuningJobConfig"]
    value = objective_value(tuning, training)
    shown = {column: training[column] for column in _COLUMNS if column in training}
    shown["TunedHyperParameters"] = {
        r.name: training["HyperParameters"][r.name] for r in parameter_ranges(config)
    }
    if training["TrainingJobStatus"] in RUNNING:
        shown["ObjectiveStatus"] = "Pending"
    elif value is None:
        shown["ObjectiveStatus"] = "Failed"
    else:
        shown["ObjectiveStatus"] = "Succeeded"
        shown["FinalHyperParameterTuningJobObjectiveMetric"] = {
            **config["HyperParameterTuningJobObjective"],
            "Value": value,
        }
    return shown


def best(summaries: Iterable[Record]) -> Record | None:
    """Return the best of training jobs' summaries, if any has the objective.

    One that completed is better than any that was stopped: BestTrainingJob is documented as "the
    training job that completed with the best" objective, and only it surely has a whole model.
    """

    def merit(item: Record) -> tuple[bool, float]:
        metric = item["FinalHyperParameterTuningJobObjectiveMetric"]
        sign = 1 if metric["Type"] == "Maximize" else -1
        return item["TrainingJobStatus"] == "Completed", sign * metric["Value"]

    found = [item for item in summaries if item["ObjectiveStatus"] == "Succeeded"]
    return max(found, key=merit, default=None)


def counters(summaries: Iterable[Record]) -> Record:
    """Return TrainingJobStatusCounters and ObjectiveStatusCounters."""
    statuses = dict.fromkeys(
        ("Completed", "InProgress", "RetryableError", "NonRetryableError", "Stopped"), 0
    )
    objectives = dict.fromkeys(("Succeeded", "Pending", "Failed"), 0)
    for item in summaries:
        statuses[_counter(item)] += 1
        objectives[item["ObjectiveStatus"]] += 1
    return {"TrainingJobStatusCounters": statuses, "ObjectiveStatusCounters": objectives}


def _counter(item: Record) -> str:
    status = str(item["TrainingJobStatus"])
    if status in RUNNING:
        return "InProgress"
    if status != "Failed":
        return status
    # "only if it failed because an internal service error occurred", says the API
    internal = item["FailureReason"].startswith("InternalServerError")
    return "RetryableError" if internal else "NonRetryableError"
