"""A hyperparameter tuning job of a model: many training jobs, of which the best one counts."""

from typing import Any

from constructs import Construct

from stacks.job import Job
from stacks.training import TrainingRole, training_definition
from stacks.workload_parts import WorkloadParts
from workloads.schema import CategoricalRange, Model, Tuning


class TuningJob(Job):
    """Searches a model's hyperparameters; `model_data_url` is of the best training job."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parts: WorkloadParts,
        name: str,
        model: Model,
        tuning: Tuning,
    ) -> None:
        role = TrainingRole(scope, "TrainingRole", parts=parts, name=name, model=model)
        super().__init__(
            scope,
            construct_id,
            parts=parts,
            kind="HyperParameterTuningJob",
            name_prefix=parts.job_prefix(name),
            request={
                "HyperParameterTuningJobConfig": _config(tuning),
                "TrainingJobDefinition": {
                    **_measured(training_definition(parts, name, model, role), tuning),
                    "StaticHyperParameters": dict(model.hyperparameters),
                },
            },
            longest=tuning.max_runtime,
            after=[role, parts.channels],
            properties={
                "Revision": model.training.revision,
                "WarmStartType": tuning.warm_start,
            },
        )
        self._metric = tuning.objective.metric

    @property
    def training_job_name(self) -> str:
        """The name of the best training job."""
        return self.attribute("TrainingJobName")

    @property
    def model_data_url(self) -> str:
        """The S3 URI of the best training job's model.tar.gz."""
        return self.attribute("ModelDataUrl")

    @property
    def hyperparameters(self) -> str:
        """What was found for the ranges, as a JSON object."""
        return self.attribute("HyperParameters")

    @property
    def objective(self) -> str:
        """What the best training job reached, such as "validation:rmse = 0.31"."""
        return f"{self._metric} = {self.attribute('ObjectiveValue')}"


def _measured(definition: dict[str, Any], tuning: Tuning) -> dict[str, Any]:
    """Add the objective's regex to the metrics, where they do not have it already."""
    objective, algorithm = tuning.objective, definition["AlgorithmSpecification"]
    if objective.regex is None:
        return definition
    metrics = [
        *(algorithm["MetricDefinitions"] or []),
        {"Name": objective.metric, "Regex": objective.regex},
    ]
    return {**definition, "AlgorithmSpecification": {**algorithm, "MetricDefinitions": metrics}}


def _config(tuning: Tuning) -> dict[str, Any]:
    return {
        "Strategy": tuning.strategy,
        "StrategyConfig": {
            "HyperbandStrategyConfig": {
                "MinResource": tuning.resource.min,
                "MaxResource": tuning.resource.max,
            }
        }
        if tuning.resource is not None
        else None,
        "HyperParameterTuningJobObjective": {
            "Type": tuning.objective.goal,
            "MetricName": tuning.objective.metric,
        },
        "ResourceLimits": {
            "MaxNumberOfTrainingJobs": tuning.max_jobs,
            "MaxParallelTrainingJobs": tuning.max_parallel_jobs,
            "MaxRuntimeInSeconds": tuning.max_runtime,
        },
        "ParameterRanges": _parameter_ranges(tuning),
        "TrainingJobEarlyStoppingType": "Auto" if tuning.early_stopping else "Off",
        "RandomSeed": tuning.random_seed,
    }


def _parameter_ranges(tuning: Tuning) -> dict[str, list[dict[str, Any]]]:
    """Group the ranges by their type: IntegerParameterRanges, ContinuousParameterRanges, ..."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for name, range_ in tuning.ranges.items():
        group = grouped.setdefault(f"{range_.type.capitalize()}ParameterRanges", [])
        if isinstance(range_, CategoricalRange):
            group.append({"Name": name, "Values": list(range_.values)})
        else:
            group.append(
                {
                    "Name": name,
                    "MinValue": str(range_.min),
                    "MaxValue": str(range_.max),
                    "ScalingType": range_.scaling,
                }
            )
    return grouped
