"""A tuning gives its best model, learns from the one before it, and says why it found nothing."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from jobs import handler
from jobs.events import ResourceError
from jobs.kinds import JobError

from .fake_aws import FakeAws
from .job_events import deliver, done, job_event, poll

KIND = "HyperParameterTuningJob"
NO_OBJECTIVE = (
    "No objective metrics found after running 3 training jobs. Please ensure that the custom "
    "algorithm is emitting the objective metric as defined by the regular expression provided."
)
ALL_FAILED = (
    "All training jobs failed. Please take a look at the training jobs failures to get more "
    "details."
)
NONE_SUCCEEDED = "No training job succeeded after 5 attempts."


def tuning(request_id: str, *, revision: str = "1", warm_start: str | None = None) -> Any:
    properties = {"Revision": revision}
    if warm_start:
        properties["WarmStartType"] = warm_start
    return job_event("Create", request_id, kind=KIND, properties=properties)


def failure(aws: FakeAws, event: Any, name: str) -> str:
    with pytest.raises(JobError) as caught:
        poll(aws, event, name)
    return str(caught.value)


def test_the_best_of_all_tunings_is_taken_after_a_warm_start(aws: FakeAws) -> None:
    parent = done(aws, tuning("r1"))
    event = tuning("r2", revision="2", warm_start="IdenticalDataAndAlgorithm")
    name = done(aws, event)
    aws.jobs[name]["OverallBestTrainingJob"] = aws.jobs[parent]["BestTrainingJob"]
    assert poll(aws, event, name)["Data"]["TrainingJobName"] == f"{parent}-001-0a1b2c3d"


def test_a_warm_start_learns_from_the_latest_tuning_that_completed(aws: FakeAws) -> None:
    done(aws, tuning("r1"))
    parent = done(aws, tuning("r2", revision="2"))
    aws.end(deliver(aws, tuning("r3", revision="3")), "Failed")
    name = deliver(aws, tuning("r4", revision="4", warm_start="TransferLearning"))
    assert aws.jobs[name]["WarmStartConfig"] == {
        "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": parent}],
        "WarmStartType": "TransferLearning",
    }


def test_a_first_tuning_has_nothing_to_start_from(aws: FakeAws) -> None:
    name = deliver(aws, tuning("r1", warm_start="TransferLearning"))
    assert "WarmStartConfig" not in aws.jobs[name]


def test_a_tuning_does_not_learn_from_another_models(aws: FakeAws) -> None:
    other = tuning("r1")
    other["LogicalResourceId"] = "LinearJob"
    done(aws, other)
    name = deliver(aws, tuning("r2", warm_start="TransferLearning"))
    assert "WarmStartConfig" not in aws.jobs[name]


def test_the_parent_of_a_warm_start_does_not_name_the_tuning(aws: FakeAws) -> None:
    event = tuning("r1", warm_start="TransferLearning")
    name = done(aws, event)
    assert deliver(aws, event) == name  # now there is one to start from


def test_asking_for_a_warm_start_tunes_again(aws: FakeAws) -> None:
    name = done(aws, tuning("r1"))
    assert deliver(aws, tuning("r2", warm_start="TransferLearning")) != name


@pytest.mark.parametrize(
    ("status", "reason"), [("Failed", {"FailureReason": NO_OBJECTIVE}), ("Completed", {})]
)
def test_an_objective_that_was_never_found_is_put_beside_the_log(
    aws: FakeAws, status: str, reason: dict[str, str]
) -> None:
    event = tuning("r1")
    name = deliver(aws, event)
    aws.tried(name, "Stopped")
    completed = aws.tried(name)
    aws.wrote(f"{completed}/algo-1-1700000000", *(f"epoch {n}: RMSE {n}" for n in range(9)))
    best = {"BestTrainingJob": {"TrainingJobName": completed, "TunedHyperParameters": {}}}
    aws.end(name, status, **(reason or best))
    assert failure(aws, event, name) == (
        f"Tuning job {name} {status}: the objective validation:rmse was never found: "
        f"its regex rmse=([0-9.]+) matches nothing in these, the last lines of {completed}:\n"
        "epoch 4: RMSE 4\nepoch 5: RMSE 5\nepoch 6: RMSE 6\nepoch 7: RMSE 7\nepoch 8: RMSE 8\n"
        f"Its log: make logs JOB={name}, or aws logs tail /aws/sagemaker/TrainingJobs "
        f"--log-stream-name-prefix {name}-"
    )


def test_long_lines_of_the_log_leave_room_for_the_rest(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "clients", lambda: aws.clients)
    event = tuning("r1")
    event |= handler.on_event(event, None)
    completed = aws.tried(event["PhysicalResourceId"])
    aws.wrote(f"{completed}/algo-1-1700000000", *["x" * 10_000] * 9)
    aws.end(event["PhysicalResourceId"], "Failed", FailureReason=NO_OBJECTIVE)
    with pytest.raises(ResourceError) as caught:
        handler.is_complete(event, None)
    assert "Its log: make logs" in str(caught.value)


def test_a_tuning_whose_training_jobs_wrote_nothing_says_so(aws: FakeAws) -> None:
    event = tuning("r1")
    name = deliver(aws, event)
    completed = aws.tried(name)
    aws.end(name, "Failed", FailureReason=NO_OBJECTIVE)
    assert f"the log of {completed} is empty" in failure(aws, event, name)
    aws.wrote("somebody-elses/algo-1-1700000000", "rmse=1")
    assert f"the log of {completed} is empty" in failure(aws, event, name)


def test_a_tuning_that_completed_without_any_model_is_no_success(aws: FakeAws) -> None:
    event = tuning("r1")
    name = deliver(aws, event)
    aws.end(name, "Completed")
    assert "Completed: none of its training jobs completed\n" in failure(aws, event, name)


@pytest.mark.parametrize("reason", [ALL_FAILED, NONE_SUCCEEDED])
def test_a_tuning_whose_training_jobs_all_failed_quotes_one(aws: FakeAws, reason: str) -> None:
    event = tuning("r1")
    name = deliver(aws, event)
    aws.tried(name, "Stopped")
    failed = aws.tried(name, "Failed", FailureReason="AlgorithmError: no column Species")
    aws.end(name, "Failed", FailureReason=reason)
    said = failure(aws, event, name)
    assert f"{reason}\n{failed}: AlgorithmError: no column Species\n" in said


@pytest.mark.parametrize("status", ["Completed", "Stopped"])
def test_a_tuning_that_ran_out_of_time_says_what_to_raise(aws: FakeAws, status: str) -> None:
    event = tuning("r1")
    name = deliver(aws, event)
    aws.tried(name, "Stopped")
    ended = aws.jobs[name]["CreationTime"] + timedelta(seconds=3300)
    aws.end(name, status, HyperParameterTuningEndTime=ended)
    said = failure(aws, event, name)
    assert "raise max_runtime of [tuning], which is 3300 seconds" in said


def test_a_tuning_that_fails_late_has_its_own_reason(aws: FakeAws) -> None:
    event = tuning("r1")
    name = deliver(aws, event)
    ended = {"HyperParameterTuningEndTime": datetime.now(UTC) + timedelta(days=1)}
    aws.end(name, "Failed", FailureReason="InternalServerError", **ended)
    assert "Failed: InternalServerError\n" in failure(aws, event, name)


def test_a_tuning_that_someone_stopped_has_no_limit_to_raise(aws: FakeAws) -> None:
    event = tuning("r1")
    name = deliver(aws, event)
    aws.end(name, "Stopped")
    assert "raise" not in failure(aws, event, name)


def test_more_hyperparameters_than_cloudformation_takes_are_cut(aws: FakeAws) -> None:
    event = tuning("r1")
    name = done(aws, event)
    many = {f"hyperparameter-{n}": "x" * 200 for n in range(30)}
    aws.jobs[name]["BestTrainingJob"]["TunedHyperParameters"] = many
    assert len(json.dumps(poll(aws, event, name), ensure_ascii=False)) < 2_500
