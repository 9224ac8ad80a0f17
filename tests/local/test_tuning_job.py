"""A tuning job with training that ends as a test wants: what is rare, or long, with real ones."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.sagemaker.errors import SageMakerError, invalid
from local.sagemaker.job import JobFailed
from local.sagemaker.logs import MetricHeard, nobody
from local.sagemaker.records import Record, training_jobs
from local.sagemaker.training.operations import Training
from local.sagemaker.tuning.job import TuningJob
from local.sagemaker.tuning.results import best, counters, summary

Outcome = Callable[[Record, MetricHeard], Record | None]
"""How a training job ends: what its record is told, or None if it goes on until it is stopped."""


class FakeTraining(Training):
    """Training jobs that end while they are begun, or when they are stopped."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.running: dict[str, Callable[[Record], object]] = {}
        self.most_at_once = 0
        self.heard: MetricHeard = nobody

    def begin(
        self,
        request: Record,
        heard: MetricHeard = nobody,
        ended: Callable[[Record], object] = lambda _record: None,
    ) -> str:
        name = request["TrainingJobName"]
        record = {
            **request,
            "TrainingJobArn": f"arn:{name}",
            "TrainingJobStatus": "InProgress",
            "CreationTime": 1.0,
        }
        training_jobs[name] = record
        self.running[name] = ended
        self.most_at_once = max(self.most_at_once, len(self.running))
        if (members := self.outcome(record, heard)) is not None:
            self.end(name, members)
        return f"arn:{name}"

    def end(self, name: str, members: Record) -> None:
        training_jobs[name].update(members)
        self.running.pop(name)(training_jobs[name])

    def stop(self, request: Record) -> Record:
        self.end(request["TrainingJobName"], {"TrainingJobStatus": "Stopped"})
        return {}


@pytest.fixture(autouse=True)
def no_training_jobs() -> Iterator[None]:
    training_jobs.clear()
    yield
    training_jobs.clear()


def completed(value: float | None) -> Record:
    metrics = [] if value is None else [{"MetricName": "rmse", "Value": value}]
    return {"TrainingJobStatus": "Completed", "FinalMetricDataList": metrics}


def failed(_record: Record, _heard: MetricHeard) -> Record:
    return {"TrainingJobStatus": "Failed", "FailureReason": "AlgorithmError: no, exit code: 1"}


def goes_on(_record: Record, _heard: MetricHeard) -> None:
    return None


def numbered(record: Record) -> int:
    return int(record["TrainingJobName"].split("-")[1])


def tuning(training: Training, jobs: int = 8, parallel: int = 1, **change: Any) -> TuningJob:
    limits = {
        "MaxNumberOfTrainingJobs": jobs,
        "MaxParallelTrainingJobs": parallel,
        **change.pop("limits", {}),
    }
    record: Record = {
        "HyperParameterTuningJobName": "iris",
        "HyperParameterTuningJobArn": "arn:iris",
        "HyperParameterTuningJobStatus": "InProgress",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "rmse"},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "x", "MinValue": "1", "MaxValue": "6"}]
            },
            "ResourceLimits": limits,
            **change,
        },
        "TrainingJobDefinition": {
            "CheckpointConfig": {"S3Uri": "s3://iris/checkpoints/", "LocalPath": "/opt/ml/cp"}
        },
        "CreationTime": 1.0,
    }
    return TuningJob(record, training, [], [])


def reason(job: TuningJob) -> str:
    with pytest.raises(JobFailed) as raised:
        job.work()
    return str(raised.value)


def test_five_failures_are_enough_and_what_still_runs_is_stopped() -> None:
    def first_goes_on(record: Record, heard: MetricHeard) -> Record | None:
        return None if numbered(record) == 1 else failed(record, heard)

    training = FakeTraining(first_goes_on)
    said = reason(tuning(training, jobs=20, parallel=2))
    assert said.startswith("No training job succeeded after 5 attempts.")
    assert len(training_jobs) == 6
    assert training.running == {}


def test_five_without_the_objective_are_enough() -> None:
    said = reason(tuning(FakeTraining(lambda _record, _heard: completed(None)), jobs=20))
    assert said.startswith("No objective metrics found after running 5 training jobs.")
    assert len(training_jobs) == 5


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_no_objective(value: float) -> None:
    def outcome(_record: Record, heard: MetricHeard) -> Record:
        heard("rmse", value)
        return completed(value)

    assert reason(tuning(FakeTraining(outcome), jobs=1)).startswith("No objective metrics found")


def test_one_success_among_failures_is_a_tuning_job_that_completes() -> None:
    def third_works(record: Record, heard: MetricHeard) -> Record:
        return completed(0.5) if numbered(record) == 3 else failed(record, heard)

    job = tuning(FakeTraining(third_works))
    assert job.work().status == "Completed"
    assert len(training_jobs) == 8
    assert job.record["TrainingJobStatusCounters"]["NonRetryableError"] == 7
    assert job.record["BestTrainingJob"]["TrainingJobName"].startswith("iris-003-")


def test_after_its_max_runtime_a_tuning_job_stops_what_runs_and_keeps_what_it_found() -> None:
    def first_ends(record: Record, _heard: MetricHeard) -> Record | None:
        return completed(0.5) if numbered(record) == 1 else None

    training = FakeTraining(first_ends)
    job = tuning(training, parallel=2, limits={"MaxRuntimeInSeconds": 6})
    assert job.work().status == "Completed"
    assert training.running == {}
    assert len(training_jobs) == 3
    assert job.record["TrainingJobStatusCounters"]["Stopped"] == 2
    assert job.record["BestTrainingJob"]["TrainingJobName"].startswith("iris-001-")


def test_a_tuning_job_that_is_asked_to_stop_has_stopped_its_training_jobs_when_it_ends() -> None:
    training = FakeTraining(goes_on)
    job = tuning(training, parallel=3)
    threading.Timer(0.3, job.stop).start()
    assert job.work().status == "Stopped"
    assert training.running == {}
    assert training.most_at_once == 3
    assert len(training_jobs) == 3


def test_a_tuning_job_that_is_asked_to_stop_while_it_starts_training_starts_no_more() -> None:
    def second_comes_with_the_stop(record: Record, _heard: MetricHeard) -> None:
        if numbered(record) == 2:
            job.stop()

    training = FakeTraining(second_comes_with_the_stop)
    job = tuning(training, parallel=8)
    assert job.work().status == "Stopped"
    assert training.running == {}
    assert len(training_jobs) == 2


def test_training_that_cannot_be_started_ends_the_tuning_job_and_what_runs() -> None:
    def second_is_refused(record: Record, _heard: MetricHeard) -> None:
        if numbered(record) == 2:
            raise invalid("No S3 objects found")

    training = FakeTraining(second_is_refused)
    with pytest.raises(SageMakerError, match="No S3 objects found"):
        tuning(training, parallel=2).work()
    (first, _refused) = training_jobs.values()
    assert first["TrainingJobStatus"] == "Stopped"


def test_checkpoints_of_one_training_job_are_not_anothers() -> None:
    tuning(FakeTraining(lambda _record, _heard: completed(1.0)), jobs=2).work()
    folders = {job["CheckpointConfig"]["S3Uri"] for job in training_jobs.values()}
    assert folders == {f"s3://iris/checkpoints/{name}" for name in training_jobs}
    assert len(folders) == 2


def test_the_search_hears_only_the_objective() -> None:
    def outcome(record: Record, heard: MetricHeard) -> Record | None:
        for epoch in range(9):
            heard("loss", 9.0 * epoch)
        if numbered(record) <= 3:
            heard("rmse", 1.0)
            return completed(1.0)
        heard("rmse", 0.5 if numbered(record) == 4 else 2.0)
        return completed(0.5) if numbered(record) == 4 else None

    job = tuning(FakeTraining(outcome), jobs=5, TrainingJobEarlyStoppingType="Auto")
    assert job.work().status == "Completed"
    assert job.record["TrainingJobStatusCounters"]["Stopped"] == 1


def test_what_is_no_number_does_not_end_a_training_job_early() -> None:
    def outcome(record: Record, heard: MetricHeard) -> Record | None:
        if numbered(record) <= 3:
            heard("rmse", 1.0)
            return completed(1.0)
        heard("rmse", float("nan"))
        threading.Timer(0.3, training.end, (record["TrainingJobName"], completed(0.5))).start()
        return None

    training = FakeTraining(outcome)
    job = tuning(training, jobs=4, TrainingJobEarlyStoppingType="Auto")
    assert job.work().status == "Completed"
    assert job.record["TrainingJobStatusCounters"]["Completed"] == 4


def test_a_line_that_is_read_after_the_end_of_its_job_does_no_harm() -> None:
    class Late(FakeTraining):
        def end(self, name: str, members: Record) -> None:
            super().end(name, members)
            self.heard("rmse", 9.0)

    def outcome(_record: Record, heard: MetricHeard) -> Record:
        training.heard = heard
        return completed(1.0)

    training = Late(outcome)
    assert tuning(training, jobs=2).work().status == "Completed"


def summarized(name: str, members: Record, goal: str = "Minimize") -> Record:
    tuning_record = {
        "HyperParameterTuningJobConfig": {
            "HyperParameterTuningJobObjective": {"Type": goal, "MetricName": "rmse"},
            "ParameterRanges": {"CategoricalParameterRanges": [{"Name": "x", "Values": ["1"]}]},
        }
    }
    job = {"TrainingJobName": name, "HyperParameters": {"x": "1"}, **members}
    return summary(tuning_record, job)


@pytest.mark.parametrize(("goal", "name"), [("Minimize", "least"), ("Maximize", "most")])
def test_the_best_is_the_least_or_the_most_as_the_goal_says(goal: str, name: str) -> None:
    found = best(
        summarized(each, completed(value), goal)
        for each, value in (("least", 0.1), ("middle", 0.5), ("most", 0.7))
    )
    assert found is not None
    assert found["TrainingJobName"] == name


def test_a_job_that_completed_is_better_than_any_that_was_stopped() -> None:
    stopped = summarized("stopped", {**completed(0.1), "TrainingJobStatus": "Stopped"})
    found = best([stopped, summarized("whole", completed(0.5))])
    assert found is not None
    assert found["TrainingJobName"] == "whole"
    assert best([stopped]) == stopped
    assert best([summarized("mute", completed(None))]) is None


def test_only_an_internal_error_of_the_service_is_one_to_retry() -> None:
    found = [
        summarized(
            "job", {"TrainingJobStatus": "Failed", "FailureReason": f"{error}: it did not work"}
        )
        for error in ("InternalServerError", "AlgorithmError", "ClientError")
    ]
    statuses = counters(found)["TrainingJobStatusCounters"]
    assert (statuses["RetryableError"], statuses["NonRetryableError"]) == (1, 2)
