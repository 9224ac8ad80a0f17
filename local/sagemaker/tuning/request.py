"""What CreateHyperParameterTuningJob asks for, checked, and the training jobs that it means."""

from typing import Any

from local.sagemaker.errors import invalid, not_supported
from local.sagemaker.records import Record
from local.sagemaker.training.request import with_metrics
from local.sagemaker.tuning.ranges import Categorical, combinations, parameter_ranges

MAX_TRAINING_JOBS = 750
"""Training jobs of one tuning job (SageMaker's quota)."""
OBJECTIVE = "_tuning_objective_metric"
"""The hyperparameter that tells a container the name of the objective metric."""

_NOT_SUPPORTED = ("TrainingJobDefinitions", "Autotune")
_DEFINITION_NOT_SUPPORTED = (
    "TuningObjective",
    "HyperParameterRanges",
    "HyperParameterTuningResourceConfig",
)
_EPOCHS = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")
"""Where SageMaker looks for Hyperband's MaxResource when it is not given, in this order."""


def assert_valid(request: Record) -> None:
    """Raise SageMakerError for what SageMaker refuses, or what is not built here."""
    config, definition = request["HyperParameterTuningJobConfig"], _definition(request)
    for member in _NOT_SUPPORTED:
        if member in request:
            raise not_supported(f"CreateHyperParameterTuningJob's {member}")
    for member in _DEFINITION_NOT_SUPPORTED:
        if member in definition:
            raise not_supported(f"TrainingJobDefinition.{member}")
    if "TuningJobCompletionCriteria" in config:
        raise not_supported("HyperParameterTuningJobConfig.TuningJobCompletionCriteria")
    _assert_objective(config, definition)
    _assert_hyperparameters(config, definition)
    _assert_limits(config)
    if config["Strategy"] == "Hyperband":
        hyperband_resource(request)
    elif "StrategyConfig" in config:
        raise invalid("StrategyConfig is for the Hyperband strategy only")


def number_of_jobs(config: Record) -> int:
    """Return how many training jobs a tuning job launches: with Grid, one per combination."""
    if config["Strategy"] == "Grid":
        return int(combinations(parameter_ranges(config)))
    return int(config["ResourceLimits"]["MaxNumberOfTrainingJobs"])


def hyperband_resource(request: Record) -> tuple[int, int] | None:
    """Return Hyperband's MinResource and MaxResource; None with another strategy.

    Raises SageMakerError if there is no MaxResource, or it is less than MinResource.
    """
    config = request["HyperParameterTuningJobConfig"]
    if config["Strategy"] != "Hyperband":
        return None
    if config.get("TrainingJobEarlyStoppingType", "Off") != "Off":
        raise invalid("TrainingJobEarlyStoppingType must be Off to use the Hyperband strategy")
    resource = config.get("StrategyConfig", {}).get("HyperbandStrategyConfig", {})
    static = _definition(request).get("StaticHyperParameters", {})
    inferred = [static[name] for name in _EPOCHS if static.get(name, "").isdigit()]
    low, high = resource.get("MinResource", 1), resource.get("MaxResource", (*inferred, None)[0])
    if high is None:
        raise invalid(
            "HyperbandStrategyConfig has no MaxResource, and none of the StaticHyperParameters "
            f"{', '.join(_EPOCHS)} says it"
        )
    if low > int(high):
        raise invalid(f"MinResource {low} is greater than MaxResource {high}")
    return low, int(high)


def training_job(request: Record, name: str, hyperparameters: dict[str, str]) -> Record:
    """Return the request of CreateTrainingJob that tries these hyperparameters.

    Its checkpoints have a folder of their own: training jobs that run beside it are of others.
    """
    config, definition = request["HyperParameterTuningJobConfig"], _definition(request)
    own = ("DefinitionName", "StaticHyperParameters")
    training = {key: value for key, value in definition.items() if key not in own}
    if checkpoints := training.get("CheckpointConfig"):
        folder = f"{checkpoints['S3Uri'].rstrip('/')}/{name}"
        training["CheckpointConfig"] = {**checkpoints, "S3Uri": folder}
    return {
        **training,
        "TrainingJobName": name,
        "TuningJobArn": request["HyperParameterTuningJobArn"],
        "HyperParameters": {
            **definition.get("StaticHyperParameters", {}),
            **hyperparameters,
            OBJECTIVE: config["HyperParameterTuningJobObjective"]["MetricName"],
        },
    }


def _definition(request: Record) -> dict[str, Any]:
    definition: dict[str, Any] | None = request.get("TrainingJobDefinition")
    if definition is None:
        raise not_supported("a tuning job without a TrainingJobDefinition")
    return definition


def _assert_objective(config: Record, definition: Record) -> None:
    if "HyperParameterTuningJobObjective" not in config:
        raise invalid("HyperParameterTuningJobObjective is required")
    metrics = with_metrics(definition["AlgorithmSpecification"]).get("MetricDefinitions", [])
    objective = config["HyperParameterTuningJobObjective"]["MetricName"]
    if objective not in [metric["Name"] for metric in metrics]:
        raise invalid(
            "A metric is required for this hyperparameter tuning job objective. Provide a metric "
            "in the metric definitions."
        )


def _assert_hyperparameters(config: Record, definition: Record) -> None:
    ranges = parameter_ranges(config)
    static = definition.get("StaticHyperParameters", {})
    if both := sorted(r.name for r in ranges if r.name in static):
        raise invalid(f"Hyperparameters cannot be both tunable and static: {', '.join(both)}")
    if OBJECTIVE in [*static, *(r.name for r in ranges)]:
        raise invalid(f"The hyperparameter name {OBJECTIVE} is reserved")
    others = [r.name for r in ranges if not isinstance(r, Categorical)]
    if config["Strategy"] == "Grid" and others:
        raise invalid(
            f"Grid search takes categorical hyperparameters only, not {', '.join(others)}"
        )


def _assert_limits(config: Record) -> None:
    found = combinations(parameter_ranges(config))
    given = config["ResourceLimits"].get("MaxNumberOfTrainingJobs")
    if config["Strategy"] == "Grid":
        if given not in (None, found):
            raise invalid(
                f"With Grid search MaxNumberOfTrainingJobs is the number of combinations, {found}; "
                "leave it out"
            )
        given = int(found)
    if given is None:
        raise invalid("MaxNumberOfTrainingJobs is required")
    if given > found:
        raise invalid(
            "You don't have enough combinations of hyperparameter ranges. The total number of "
            f"hyperparameter combinations for the provided ranges [{found}] must be equal or "
            f"greater than the value of MaxNumberOfJobs, [{given}]. Provide additional ranges."
        )
    if given > MAX_TRAINING_JOBS:
        raise invalid(f"{given} training jobs are more than a tuning job's {MAX_TRAINING_JOBS}")
