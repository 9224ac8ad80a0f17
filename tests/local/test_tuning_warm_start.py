"""Tuning jobs that learn from earlier ones, by boto3 against the running server."""

from typing import Any

import pytest

from tests.local.conftest import Account
from tests.local.tuner import ALGORITHM, NEWER_IMAGE, RANGES, Tuner, grid


@pytest.fixture(scope="module")
def tuner(account: Account) -> Tuner:
    return Tuner(account)


def warm_start(parent: str, warm_start_type: str) -> dict[str, Any]:
    parents = [{"HyperParameterTuningJobName": parent}]
    return {"ParentHyperParameterTuningJobs": parents, "WarmStartType": warm_start_type}


def test_a_warm_start_with_identical_data_knows_the_best_of_the_parents_too(tuner: Tuner) -> None:
    tuner.tune("good-parent", config=grid(x=["2"]))
    job = tuner.tune(
        "identical",
        config=grid(x=["5"]),
        WarmStartConfig=warm_start("good-parent", "IdenticalDataAndAlgorithm"),
    )
    assert job["BestTrainingJob"]["TunedHyperParameters"] == {"x": "5"}
    assert job["OverallBestTrainingJob"]["TunedHyperParameters"] == {"x": "2"}
    assert job["OverallBestTrainingJob"]["TuningJobName"] == "good-parent"
    job = tuner.tune(
        "transfer",
        config=grid(x=["5"]),
        WarmStartConfig=warm_start("good-parent", "TransferLearning"),
    )
    assert "OverallBestTrainingJob" not in job


@pytest.fixture(scope="module")
def parent(tuner: Tuner) -> str:
    tuner.tune("parent", jobs=1, static={"target": "Sepal.Length"})
    return "parent"


OTHER_TYPE = {
    "ParameterRanges": {
        "ContinuousParameterRanges": RANGES["ContinuousParameterRanges"],
        **grid(degree=["1", "2"], prune=["true"])["ParameterRanges"],
    }
}
OTHER_GOAL = {"HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "v:rmse"}}
OTHER_IMAGE = {"AlgorithmSpecification": {**ALGORITHM, "TrainingImage": NEWER_IMAGE}}


@pytest.mark.parametrize(
    ("name", "warm_start_type", "change", "message"),
    [
        ("nobody", "TransferLearning", {}, "can't find a tuning job called nobody"),
        ("parent", "TransferLearning", {"static": {}}, "tunable plus static HyperParameter names"),
        ("parent", "TransferLearning", {"config": OTHER_GOAL}, "objective metric is not the same"),
        ("parent", "TransferLearning", {"config": OTHER_TYPE}, "another type in the parent"),
        (
            "parent",
            "IdenticalDataAndAlgorithm",
            {"definition": OTHER_IMAGE},
            "with others use TransferLearning",
        ),
    ],
)
@pytest.mark.usefixtures("parent")
def test_a_warm_start_from_what_it_cannot_learn_from_is_refused(
    tuner: Tuner, name: str, warm_start_type: str, change: dict[str, Any], message: str
) -> None:
    request = {"static": {"target": "Petal.Length"}, **change}
    said = tuner.refusal("warm", WarmStartConfig=warm_start(name, warm_start_type), **request)
    assert message in said


def test_transfer_learning_may_have_another_image(tuner: Tuner, parent: str) -> None:
    job = tuner.tune(
        "other-image",
        jobs=1,
        static={"target": "Petal.Length"},
        definition=OTHER_IMAGE,
        WarmStartConfig=warm_start(parent, "TransferLearning"),
    )
    assert job["HyperParameterTuningJobStatus"] == "Completed"


def test_a_warm_start_from_a_running_tuning_job_is_refused(tuner: Tuner) -> None:
    tuner.start("still-running", static={"do": "wait"})
    transfer = warm_start("still-running", "TransferLearning")
    said = tuner.refusal("warm", static={"do": "wait"}, WarmStartConfig=transfer)
    tuner.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="still-running")
    assert "parent tuning job still-running is in status InProgress" in said
