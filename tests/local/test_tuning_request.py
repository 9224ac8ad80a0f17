"""What CreateHyperParameterTuningJob refuses."""

from typing import Any

import pytest

from local.sagemaker.errors import SageMakerError
from local.sagemaker.tuning.request import assert_valid, hyperband_resource, number_of_jobs

Request = dict[str, Any]

DEGREE = {"Name": "degree", "MinValue": "1", "MaxValue": "3"}
PRUNE = {"Name": "prune", "Values": ["true", "false"]}
CATEGORICAL = {"CategoricalParameterRanges": [PRUNE]}


def request(
    config: Request | None = None, definition: Request | None = None, **change: Any
) -> Request:
    return {
        "HyperParameterTuningJobName": "iris",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "rmse"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 6, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {"IntegerParameterRanges": [DEGREE], **CATEGORICAL},
            **(config or {}),
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"target": "Sepal.Length"},
            "AlgorithmSpecification": {
                "MetricDefinitions": [{"Name": "rmse", "Regex": "rmse=([0-9.]+)"}]
            },
            **(definition or {}),
        },
        **change,
    }


def limits(number: int | None) -> Request:
    given = {} if number is None else {"MaxNumberOfTrainingJobs": number}
    return {"ResourceLimits": {**given, "MaxParallelTrainingJobs": 2}}


def hyperband(**resource: int) -> Request:
    return {"Strategy": "Hyperband", "StrategyConfig": {"HyperbandStrategyConfig": resource}}


def test_a_request_that_can_be_done_is_taken() -> None:
    assert_valid(request())


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (
            request(definition={"AlgorithmSpecification": {}}),
            "A metric is required for this hyperparameter tuning job objective. Provide a metric "
            "in the metric definitions.",
        ),
        (
            request(limits(7)),
            r"combinations for the provided ranges \[6\] must be equal or greater than the value "
            r"of MaxNumberOfJobs, \[7\]",
        ),
        (
            request({**limits(751), "ParameterRanges": {"ContinuousParameterRanges": [DEGREE]}}),
            "751 training jobs are more than a tuning job's 750",
        ),
        (request(limits(None)), "MaxNumberOfTrainingJobs is required"),
        (
            request(definition={"StaticHyperParameters": {"prune": "true"}}),
            "cannot be both tunable and static: prune",
        ),
        (
            request(definition={"StaticHyperParameters": {"_tuning_objective_metric": "r2"}}),
            "_tuning_objective_metric is reserved",
        ),
        (request({"Strategy": "Grid", **limits(None)}), "categorical hyperparameters only, not"),
        (
            request({"Strategy": "Grid", "ParameterRanges": CATEGORICAL, **limits(3)}),
            "MaxNumberOfTrainingJobs is the number of combinations, 2",
        ),
        (request({"Strategy": "Hyperband"}), "has no MaxResource"),
        (request(hyperband(MinResource=5, MaxResource=4)), "MinResource 5 is greater than"),
        (
            request({**hyperband(MaxResource=4), "TrainingJobEarlyStoppingType": "Auto"}),
            "TrainingJobEarlyStoppingType must be Off",
        ),
        (
            request({**hyperband(MaxResource=4), "Strategy": "Random"}),
            "StrategyConfig is for the Hyperband strategy only",
        ),
        (
            request({"TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": 0.1}}),
            "does not support HyperParameterTuningJobConfig.TuningJobCompletionCriteria",
        ),
        (request(Autotune={"Mode": "Enabled"}), "does not support .*Autotune"),
        (
            request(definition={"HyperParameterTuningResourceConfig": {}}),
            "does not support TrainingJobDefinition.HyperParameterTuningResourceConfig",
        ),
        (
            {**request(), "TrainingJobDefinition": None},
            "a tuning job without a TrainingJobDefinition",
        ),
    ],
)
def test_what_sagemaker_refuses_or_is_not_built_is_refused(bad: Request, message: str) -> None:
    with pytest.raises(SageMakerError, match=message):
        assert_valid(bad)


def test_a_grid_has_as_many_jobs_as_combinations() -> None:
    kind = {"Name": "kind", "Values": ["a", "b", "c"]}
    ranges = {"ParameterRanges": {"CategoricalParameterRanges": [PRUNE, kind]}}
    grid = request({"Strategy": "Grid", **limits(None), **ranges})
    assert_valid(grid)
    assert number_of_jobs(grid["HyperParameterTuningJobConfig"]) == 6


def test_hyperbands_max_resource_is_read_from_the_epochs_if_it_is_not_given() -> None:
    epochs = {"StaticHyperParameters": {"num_epochs": "27"}}
    assert hyperband_resource(request({"Strategy": "Hyperband"}, epochs)) == (1, 27)
    assert hyperband_resource(request(hyperband(MinResource=3, MaxResource=9), epochs)) == (3, 9)
    assert hyperband_resource(request()) is None
