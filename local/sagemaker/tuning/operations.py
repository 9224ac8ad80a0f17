"""The operations of hyperparameter tuning jobs."""

from collections.abc import Sequence

from local.sagemaker import records
from local.sagemaker.errors import SageMakerError, invalid
from local.sagemaker.job import RUNNING
from local.sagemaker.jobs import Jobs
from local.sagemaker.records import Record
from local.sagemaker.roles import RoleSession
from local.sagemaker.training import channels
from local.sagemaker.training import request as training_request
from local.sagemaker.training.operations import Training
from local.sagemaker.tuning.job import KIND, TuningJob
from local.sagemaker.tuning.ranges import parameter_ranges
from local.sagemaker.tuning.request import assert_valid
from local.sagemaker.tuning.results import counters, launched_by, summary
from local.sagemaker.validation import now

_BY_NAME = {"SortBy": "Name", "SortOrder": "Ascending", "MaxResults": 10}
"""The defaults of this service's lists of tuning jobs and of their training jobs."""


class Tuning(Jobs):
    """CreateHyperParameterTuningJob and its relatives."""

    def __init__(self, training: Training) -> None:
        super().__init__(KIND)
        self._training = training

    def create(self, request: Record) -> Record:
        """CreateHyperParameterTuningJob; a training job that would be refused is refused here."""
        assert_valid(request)
        name, definition = request["HyperParameterTuningJobName"], request["TrainingJobDefinition"]
        training_request.assert_supported(definition)
        role = RoleSession(definition["RoleArn"], name)
        channels.assert_readable(
            definition.get("InputDataConfig", []), role.client("s3"), definition["RoleArn"]
        )
        parents = self._parents(request)
        arn, time = self.arn(name), now()
        record = {
            **{member: value for member, value in request.items() if member != "Tags"},
            "HyperParameterTuningJobArn": arn,
            "HyperParameterTuningJobStatus": "InProgress",
            **counters([]),
            "CreationTime": time,
            "LastModifiedTime": time,
        }
        tags = request.get("Tags", [])
        self.add(TuningJob(record, self._training, tags, parents), tags)
        return {"HyperParameterTuningJobArn": arn}

    def list(self, request: Record) -> Record:
        """ListHyperParameterTuningJobs."""
        found = [
            {
                **record,
                "Strategy": record["HyperParameterTuningJobConfig"]["Strategy"],
                "ResourceLimits": record["HyperParameterTuningJobConfig"]["ResourceLimits"],
            }
            for record in self.kind.records.values()
        ]
        columns = [
            *("TrainingJobStatusCounters", "ObjectiveStatusCounters"),
            *("Strategy", "ResourceLimits"),
        ]
        return self.summaries({**_BY_NAME, **request}, columns, found)

    def list_training_jobs(self, request: Record) -> Record:
        """ListTrainingJobsForHyperParameterTuningJob."""
        tuning = self.find(request["HyperParameterTuningJobName"])
        found = [summary(tuning, job) for job in launched_by(tuning)]
        if request.get("SortBy") == "FinalObjectiveMetricValue":
            found = [
                {**job, "FinalObjectiveMetricValue": metric["Value"]}
                for job in found
                if (metric := job.get("FinalHyperParameterTuningJobObjectiveMetric"))
            ]
        page, rest = records.page(
            found, {**_BY_NAME, **request}, "TrainingJobName", "TrainingJobStatus"
        )
        return {"TrainingJobSummaries": page, **rest}

    def missing(self, name: str) -> SageMakerError:
        """Return the error of a tuning job that does not exist."""
        return SageMakerError(
            "ResourceNotFound",
            f"Amazon SageMaker can't find a tuning job called {name}. Type another name.",
        )

    def _parents(self, request: Record) -> Sequence[Record]:
        """Return the tuning jobs that a warm start learns from, if they can be learned from."""
        warm_start = request.get("WarmStartConfig", {})
        found = [
            self.find(parent["HyperParameterTuningJobName"])
            for parent in warm_start.get("ParentHyperParameterTuningJobs", [])
        ]
        for parent in found:
            _assert_related(request, parent, warm_start["WarmStartType"])
        return found


def _assert_related(request: Record, parent: Record, warm_start_type: str) -> None:
    """Raise SageMakerError unless `parent` meets the documented restrictions of a warm start."""
    name, status = (parent[KIND.member(what)] for what in ("Name", "Status"))
    if status in RUNNING:
        raise invalid(
            f"The parent tuning job {name} is in status {status}; it must be Completed, Stopped "
            "or Failed"
        )
    config, before = (job["HyperParameterTuningJobConfig"] for job in (request, parent))
    objective = "HyperParameterTuningJobObjective"
    if config[objective] != before[objective]:
        raise invalid(f"The objective metric is not the same as of the parent tuning job {name}")
    if _hyperparameters(request) != _hyperparameters(parent):
        raise invalid(
            "The set of tunable plus static HyperParameter names is not the same across current "
            "and parent tuning jobs. Please ensure this set is constant when warm starting. Note "
            "that previously static HyperParameters can be tuned in warm start jobs and vice versa."
        )
    types = {r.name: type(r) for r in parameter_ranges(before)}
    if any(types.get(r.name, type(r)) is not type(r) for r in parameter_ranges(config)):
        raise invalid(f"A hyperparameter has another type in the parent tuning job {name}")
    identical = _data_and_algorithm(request) == _data_and_algorithm(parent)
    if warm_start_type == "IdenticalDataAndAlgorithm" and not identical:
        raise invalid(
            "A warm start of type IdenticalDataAndAlgorithm needs the InputDataConfig and the "
            f"TrainingImage of the parent tuning job {name}; with others use TransferLearning"
        )


def _data_and_algorithm(tuning: Record) -> tuple[object, object]:
    definition = tuning["TrainingJobDefinition"]
    return definition.get("InputDataConfig"), definition["AlgorithmSpecification"]["TrainingImage"]


def _hyperparameters(tuning: Record) -> set[str]:
    ranges = parameter_ranges(tuning["HyperParameterTuningJobConfig"])
    static = tuning["TrainingJobDefinition"].get("StaticHyperParameters", {})
    return {*static, *(r.name for r in ranges)}
