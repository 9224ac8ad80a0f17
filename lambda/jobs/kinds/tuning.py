"""Hyperparameter tuning jobs: many training jobs, of which the best one's model is taken.

Attributes: ModelDataUrl, TrainingJobName (the best), HyperParameters (a JSON object of those that
were tuned), ObjectiveMetric, ObjectiveValue.

Resource property WarmStartType (optional): learn from the last tuning of the same resource.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from jobs.clients import Clients, is_missing
from jobs.events import Event, fitting
from jobs.job_logs import last_lines
from jobs.kinds.kind import Job, JobKind
from jobs.kinds.training import NOT_TRAINED, TrainingJobs
from jobs.naming import SHORT_NAMES

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_NO_OBJECTIVE = "No objective metrics found"
_NONE_SUCCEEDED = ("All training jobs failed", "No training job succeeded")
_LAST_LINES = 5
# Thirty ranges with the longest names and values would not fit into CloudFormation's response.
_MAX_HYPERPARAMETERS_BYTES = 1_500


class TuningJobs(JobKind):
    """CreateHyperParameterTuningJob and its like."""

    type = "HyperParameterTuningJob"
    noun = "Tuning job"
    names = SHORT_NAMES
    log_group = TrainingJobs.log_group  # it has no log of its own
    runtime_setting = "max_runtime of [tuning]"
    not_hashed = frozenset(
        {"HyperParameterTuningJobConfig.ResourceLimits.MaxRuntimeInSeconds", "Tags"}
        | {f"TrainingJobDefinition.{member}" for member in NOT_TRAINED}
    )
    hashed_properties = ("Revision", "WarmStartType")

    def continued(
        self, event: Event, request: dict[str, Any], earlier: Mapping[str, str]
    ) -> dict[str, Any]:
        """Warm start from the latest tuning that completed, if there is one already."""
        kind_of_start = event["ResourceProperties"].get("WarmStartType")
        completed = [job for job, status in earlier.items() if status == "Completed"]
        if kind_of_start is None or not completed:
            return request
        parents = [{"HyperParameterTuningJobName": completed[-1]}]
        return {
            **request,
            "WarmStartConfig": {
                "ParentHyperParameterTuningJobs": parents,
                "WarmStartType": kind_of_start,
            },
        }

    def training_jobs(self, job: str, sagemaker: "SageMakerClient") -> dict[str, str]:
        """List the tuning job's training jobs, oldest first, each with its status."""
        try:
            return {
                each["TrainingJobName"]: each["TrainingJobStatus"]
                for each in _training_jobs(job, sagemaker)
            }
        except ClientError as error:
            if is_missing(error):  # the tuning job has gone since it was listed
                return {}
            raise

    def log_streams(self, job: str) -> str:
        """Return what the log streams of the tuning job's training jobs begin with."""
        return f"{job}-"

    def attributes(self, job: Job, clients: Clients) -> dict[str, str]:
        """Tell which training job was the best; after a warm start, of all the tunings.

        Raises JobError if its objective was never found, for then it is the best of nothing.
        """
        described = job.described
        best = described.get("OverallBestTrainingJob") or described.get("BestTrainingJob", {})
        objective = best.get("FinalHyperParameterTuningJobObjectiveMetric")
        if objective is None:
            raise self.failure(job, self._no_objective(job, clients))
        name = best["TrainingJobName"]
        trained = clients.sagemaker.describe_training_job(TrainingJobName=name)
        tuned = json.dumps(best["TunedHyperParameters"], sort_keys=True)
        return {
            "ModelDataUrl": trained["ModelArtifacts"]["S3ModelArtifacts"],
            "TrainingJobName": name,
            "HyperParameters": fitting(tuned, _MAX_HYPERPARAMETERS_BYTES),
            "ObjectiveMetric": objective["MetricName"],
            "ObjectiveValue": f"{objective['Value']:.6g}",
        }

    def reason(self, job: Job, clients: Clients) -> str:
        """Say why its training jobs were of no use, for the tuning job's own reason does not."""
        reason = super().reason(job, clients)
        if reason.startswith(_NO_OBJECTIVE):
            return self._no_objective(job, clients)
        if reason.startswith(_NONE_SUCCEEDED):
            failed = next(_training_jobs(job.name, clients.sagemaker, StatusEquals="Failed"), None)
            if failed:
                reason += f"\n{failed['TrainingJobName']}: {failed.get('FailureReason')}"
        return (job.status == "Stopped" and self._out_of_time(job)) or reason

    def _no_objective(self, job: Job, clients: Clients) -> str:
        completed = _training_jobs(job.name, clients.sagemaker, StatusEquals="Completed")
        training_job = next((each["TrainingJobName"] for each in completed), None)
        if training_job is None:
            return self._out_of_time(job) or "none of its training jobs completed"
        return _never_matched(job, training_job, clients)

    def _out_of_time(self, job: Job) -> str | None:
        """Say so if the tuning ended at its limit; SageMaker has no status for that."""
        limits = job.described["HyperParameterTuningJobConfig"].get("ResourceLimits", {})
        return self.out_of_time(job.elapsed_seconds, limits.get("MaxRuntimeInSeconds"))


def _training_jobs(tuning: str, sagemaker: "SageMakerClient", **only: Any) -> Any:
    pages = sagemaker.get_paginator("list_training_jobs_for_hyper_parameter_tuning_job").paginate(
        HyperParameterTuningJobName=tuning, SortBy="CreationTime", SortOrder="Ascending", **only
    )
    return (summary for page in pages for summary in page["TrainingJobSummaries"])


def _never_matched(job: Job, training_job: str, clients: Clients) -> str:
    """Put the regex beside what it was to match, which is where the mistake is to be seen."""
    config = job.described["HyperParameterTuningJobConfig"]
    metric = config["HyperParameterTuningJobObjective"]["MetricName"]
    algorithm = job.described["TrainingJobDefinition"]["AlgorithmSpecification"]
    regexes = {each["Name"]: each["Regex"] for each in algorithm.get("MetricDefinitions", [])}
    said = (
        f"the objective {metric} was never found: its regex {regexes.get(metric)} matches nothing"
    )
    lines = last_lines(TrainingJobs.log_group, f"{training_job}/", _LAST_LINES, clients.logs)
    if not lines:
        return f"{said}: the log of {training_job} is empty"
    return "\n".join([f"{said} in these, the last lines of {training_job}:", *lines])
