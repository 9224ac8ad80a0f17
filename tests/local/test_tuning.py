"""Tuning jobs, by boto3 against the running server."""

import re
import subprocess
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Account
from tests.local.tuner import Tuner, grid, value


@pytest.fixture(scope="module")
def tuner(account: Account) -> Tuner:
    return Tuner(account)


@pytest.fixture(scope="module")
def completed(tuner: Tuner) -> dict[str, Any]:
    return tuner.tune(
        "completed",
        jobs=5,
        config={"Strategy": "Bayesian", "RandomSeed": 1},
        static={"target": "Sepal.Length", "do": "slow"},
        Tags=[{"Key": "app", "Value": "sagestack"}],
    )


def test_a_tuning_job_runs_as_many_training_jobs_as_it_may_and_counts_them(
    tuner: Tuner, completed: dict[str, Any]
) -> None:
    assert completed["HyperParameterTuningJobStatus"] == "Completed"
    assert completed["TrainingJobStatusCounters"] == {
        "Completed": 5,
        "InProgress": 0,
        "RetryableError": 0,
        "NonRetryableError": 0,
        "Stopped": 0,
    }
    assert completed["ObjectiveStatusCounters"] == {"Succeeded": 5, "Pending": 0, "Failed": 0}
    names = [job["TrainingJobName"] for job in tuner.jobs("completed")]
    assert [re.sub("[0-9a-f]{8}$", "", name) for name in names] == [
        f"completed-00{number}-" for number in range(1, 6)
    ]


def test_as_many_train_at_once_as_the_limit_says_and_no_more(
    tuner: Tuner, completed: dict[str, Any]
) -> None:
    jobs = tuner.jobs(completed["HyperParameterTuningJobName"])
    at_once = [
        sum(
            other["CreationTime"] <= job["CreationTime"] < other["TrainingEndTime"]
            for other in jobs
        )
        for job in jobs
    ]
    assert max(at_once) == 2


def test_the_best_training_job_is_the_one_with_the_least_of_a_metric_to_minimize(
    tuner: Tuner, completed: dict[str, Any]
) -> None:
    best = completed["BestTrainingJob"]
    assert best["TrainingJobName"] == min(tuner.jobs("completed"), key=value)["TrainingJobName"]
    assert best["FinalHyperParameterTuningJobObjectiveMetric"]["MetricName"] == "v:rmse"
    job = tuner.sagemaker.describe_training_job(TrainingJobName=best["TrainingJobName"])
    (metric,) = job["FinalMetricDataList"]
    assert metric["Value"] == pytest.approx(value(best))
    assert value(best) == pytest.approx((float(best["TunedHyperParameters"]["x"]) - 2) ** 2 + 1)


def test_the_best_training_job_is_the_one_with_the_most_of_a_metric_to_maximize(
    tuner: Tuner,
) -> None:
    objective = {"Type": "Maximize", "MetricName": "v:rmse"}
    job = tuner.tune(
        "maximize",
        config={**grid(x=["1", "5", "2"]), "HyperParameterTuningJobObjective": objective},
    )
    assert job["BestTrainingJob"]["TunedHyperParameters"] == {"x": "5"}


def test_a_program_gets_the_tuned_and_the_static_hyperparameters_and_the_objectives_name(
    tuner: Tuner, completed: dict[str, Any]
) -> None:
    best = completed["BestTrainingJob"]
    assert set(best["TunedHyperParameters"]) == {"x", "degree", "prune"}
    assert tuner.model(best["TrainingJobName"]) == {
        **best["TunedHyperParameters"],
        "target": "Sepal.Length",
        "do": "slow",
        "_tuning_objective_metric": "v:rmse",
    }


def test_a_training_job_names_its_tuning_job_and_has_its_tags(
    tuner: Tuner, completed: dict[str, Any]
) -> None:
    name = completed["BestTrainingJob"]["TrainingJobName"]
    job = tuner.sagemaker.describe_training_job(TrainingJobName=name)
    assert job["TuningJobArn"] == completed["HyperParameterTuningJobArn"]
    tags = tuner.sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]
    assert tags == [{"Key": "app", "Value": "sagestack"}]


def test_training_jobs_are_listed_by_their_objective_a_page_at_a_time(
    tuner: Tuner, completed: dict[str, Any]
) -> None:
    found = tuner.jobs(
        completed["HyperParameterTuningJobName"],
        SortBy="FinalObjectiveMetricValue",
        SortOrder="Descending",
        PaginationConfig={"PageSize": 2},
    )
    assert [value(job) for job in found] == sorted(map(value, found), reverse=True)
    assert len(found) == 5


def test_tuning_jobs_are_listed(tuner: Tuner, completed: dict[str, Any]) -> None:
    (job,) = tuner.sagemaker.list_hyper_parameter_tuning_jobs(NameContains="completed")[
        "HyperParameterTuningJobSummaries"
    ]
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["Strategy"] == "Bayesian"
    assert job["ResourceLimits"]["MaxNumberOfTrainingJobs"] == 5
    assert job["TrainingJobStatusCounters"] == completed["TrainingJobStatusCounters"]


def test_a_grid_trains_each_combination_once(tuner: Tuner) -> None:
    tuner.tune("grid", config=grid(x=["1", "2"], prune=["true", "false"]))
    found = [tuple(sorted(job["TunedHyperParameters"].items())) for job in tuner.jobs("grid")]
    assert len(found) == 4
    assert set(found) == {
        (("prune", prune), ("x", x)) for prune in ("true", "false") for x in ("1", "2")
    }


def test_a_failed_training_job_fails_no_tuning_job(tuner: Tuner) -> None:
    job = tuner.tune("some-fail", config=grid(do=["fail", "train"], x=["2"]))
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["TrainingJobStatusCounters"]["NonRetryableError"] == 1
    assert job["ObjectiveStatusCounters"] == {"Succeeded": 1, "Pending": 0, "Failed": 1}
    (failed,) = tuner.jobs("some-fail", StatusEquals="Failed")
    assert failed["FailureReason"] == "AlgorithmError: no such link function, exit code: 1"
    assert "FinalHyperParameterTuningJobObjectiveMetric" not in failed


def test_a_tuning_job_of_failures_only_fails_and_says_where_to_look(tuner: Tuner) -> None:
    job = tuner.tune("all-fail", static={"do": "fail"})
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"] == (
        "All training jobs failed. Please take a look at the training jobs failures to get more "
        "details."
    )
    assert "BestTrainingJob" not in job


def test_a_tuning_job_without_its_objective_fails_and_blames_the_expression(tuner: Tuner) -> None:
    job = tuner.tune("mute", static={"do": "mute"})
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"] == (
        "No objective metrics found after running 2 training jobs. Please ensure that the custom "
        "algorithm is emitting the objective metric as defined by the regular expression provided."
    )
    assert job["TrainingJobStatusCounters"]["Completed"] == 2
    assert job["ObjectiveStatusCounters"]["Failed"] == 2


def test_a_stopped_tuning_job_stops_its_training_jobs_and_starts_no_more(tuner: Tuner) -> None:
    tuner.start("stopped", jobs=9, static={"do": "wait"})
    tuner.until("stopped", lambda job: job["TrainingJobStatusCounters"]["InProgress"] == 2)
    with pytest.raises(ClientError, match="status InProgress and cannot be deleted"):
        tuner.sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName="stopped")
    tuner.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="stopped")
    job = tuner.ended("stopped")
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert "FailureReason" not in job
    assert [each["TrainingJobStatus"] for each in tuner.jobs("stopped")] == ["Stopped"] * 2
    assert job["TrainingJobStatusCounters"]["Stopped"] == 2
    with pytest.raises(ClientError, match="tuning job is in status Stopped"):
        tuner.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName="stopped")


def test_early_stopping_stops_a_training_job_that_is_worse_than_the_median(tuner: Tuner) -> None:
    tuning = tuner.tune(
        "early",
        parallel=1,
        config={**grid(x=["2", "2.1", "2.2", "6"]), "TrainingJobEarlyStoppingType": "Auto"},
        static={"do": "slow when bad", "epochs": "20"},
    )
    *good, bad = tuner.jobs("early")
    assert [job["TrainingJobStatus"] for job in good] == ["Completed"] * 3
    assert bad["TrainingJobStatus"] == "Stopped"
    assert bad["ObjectiveStatus"] == "Succeeded"
    assert value(bad) > 16
    assert tuning["HyperParameterTuningJobStatus"] == "Completed"
    assert tuning["BestTrainingJob"]["TunedHyperParameters"] == {"x": "2"}
    assert tuning["TrainingJobStatusCounters"]["Stopped"] == 1


def test_hyperband_stops_what_goes_on_beyond_its_resource(tuner: Tuner) -> None:
    resource = {"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 2}}
    tuning = tuner.tune(
        "hyperband",
        config={"Strategy": "Hyperband", "StrategyConfig": resource},
        static={"epochs": "100", "do": "slow"},
    )
    assert tuning["HyperParameterTuningJobStatus"] == "Completed"
    assert {job["TrainingJobStatus"] for job in tuner.jobs("hyperband")} == {"Stopped"}
    assert value(tuning["BestTrainingJob"]) == min(map(value, tuner.jobs("hyperband")))


def test_a_name_can_be_used_once(tuner: Tuner, completed: dict[str, Any]) -> None:
    said = tuner.refusal("completed")
    assert said.startswith("ResourceInUse: ")
    assert completed["HyperParameterTuningJobArn"] in said


def test_a_role_that_does_not_trust_sagemaker_is_refused(tuner: Tuner) -> None:
    nobody = "arn:aws:iam::000000000000:role/nobody"
    said = tuner.refusal("no-role", definition={"RoleArn": nobody})
    assert f"Could not assume role {nobody}" in said


def test_a_deleted_tuning_job_is_gone_but_its_training_jobs_are_not(tuner: Tuner) -> None:
    best = tuner.tune("deleted", jobs=1, parallel=1)["BestTrainingJob"]["TrainingJobName"]
    tuner.sagemaker.delete_hyper_parameter_tuning_job(HyperParameterTuningJobName="deleted")
    with pytest.raises(ClientError, match="can't find a tuning job called deleted") as raised:
        tuner.described("deleted")
    assert raised.value.response["Error"]["Code"] == "ResourceNotFound"
    job = tuner.sagemaker.describe_training_job(TrainingJobName=best)
    assert job["TrainingJobStatus"] == "Completed"


def test_training_that_would_be_refused_is_refused_before_it_is_tuned(tuner: Tuner) -> None:
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://iris/nothing"}}
    channel = {"ChannelName": "train", "DataSource": source}
    said = tuner.refusal("no-data", definition={"InputDataConfig": [channel]})
    assert 'No S3 objects found under S3 URL "s3://iris/nothing"' in said
    said = tuner.refusal("no-spot-wait", definition={"EnableManagedSpotTraining": True})
    assert "Invalid MaxWaitTimeInSeconds" in said
    with pytest.raises(ClientError, match="called no-data"):
        tuner.described("no-data")


def test_the_server_does_not_wait_for_optuna() -> None:
    program = "import sys, local.sagemaker.tuning.operations; sys.exit('optuna' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
