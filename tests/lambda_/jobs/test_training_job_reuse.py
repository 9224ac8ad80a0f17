"""An event finds the job that serves it, and only where there is none a new one starts."""

import pytest

from jobs import training_job
from jobs.training_job import TrainingJobError

from .fake_aws import FakeAws
from .training_events import deliver, poll, trained, training_event


def test_an_event_that_comes_twice_starts_one_job(aws: FakeAws) -> None:
    event = training_event("Create", "r1")
    names = {deliver(aws, event), deliver(aws, event)}
    assert names == set(aws.jobs)
    assert len(names) == 1


def test_an_event_that_comes_twice_at_once_starts_one_job(aws: FakeAws) -> None:
    event = training_event("Create", "r1")
    other: list[str] = []
    aws.hooks["CreateTrainingJob"] = lambda: other.append(deliver(aws, event))
    assert [deliver(aws, event)] == other == list(aws.jobs)


def test_an_event_that_comes_again_after_its_job_failed_starts_nothing(aws: FakeAws) -> None:
    event = training_event("Create", "r1")
    name = deliver(aws, event)
    aws.end(name, "Failed", FailureReason="AlgorithmError: no column")
    assert deliver(aws, event) == name
    with pytest.raises(TrainingJobError, match="no column"):
        poll(aws, event, name)
    assert len(aws.jobs) == 1


def test_deploying_again_after_a_failure_tries_again(aws: FakeAws) -> None:
    aws.stack_status = "UPDATE_IN_PROGRESS"
    names = []
    for attempt in range(12):
        name = deliver(aws, training_event("Update", f"r{attempt}"))
        aws.end(name, "Failed", FailureReason="x")
        names.append(name)
    assert [name.rpartition("-")[2] for name in names] == [str(n) for n in range(1, 13)]


@pytest.mark.parametrize("status", ["Stopping", "Stopped", "Deleting"])
def test_a_job_that_another_event_gave_up_is_not_taken_over(aws: FakeAws, status: str) -> None:
    first = deliver(aws, training_event("Create", "r1"))
    aws.end(first, status)
    assert deliver(aws, training_event("Create", "r2")) != first


@pytest.mark.parametrize("operation", ["DescribeTrainingJob", "ListTags"])
@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound"])
def test_a_job_that_is_deleted_when_it_was_just_found_is_tried_again(
    aws: FakeAws, code: str, operation: str
) -> None:
    event = training_event("Create", "r1")
    first = deliver(aws, event)
    aws.end(first, "Failed", FailureReason="x")
    aws.missing_code = code
    aws.hooks[operation] = aws.jobs.clear
    assert deliver(aws, event) != first
    assert aws.statuses() == ["InProgress"]


def test_the_same_request_again_reuses_the_completed_job(aws: FakeAws) -> None:
    first = trained(aws, training_event("Create", "r1"))
    aws.stack_status = "UPDATE_IN_PROGRESS"
    moved = training_event("Update", "r2", RoleArn="arn:aws:iam::000000000000:role/other", Tags=[])
    assert deliver(aws, moved) == first
    assert len(aws.jobs) == 1


def test_a_job_that_still_runs_is_waited_for(aws: FakeAws) -> None:
    first = deliver(aws, training_event("Create", "r1"))
    assert deliver(aws, training_event("Create", "r2")) == first
    assert aws.statuses() == ["InProgress"]


def test_a_new_revision_trains_again(aws: FakeAws) -> None:
    first = trained(aws, training_event("Create", "r1", revision="1"))
    assert deliver(aws, training_event("Create", "r2", revision="2")) != first


def test_a_rollback_finds_the_old_job_and_its_artifact(aws: FakeAws) -> None:
    old = trained(aws, training_event("Create", "r1"))
    aws.stack_status = "UPDATE_IN_PROGRESS"
    new = trained(aws, training_event("Update", "r2", HyperParameters={"degree": "3"}))
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    back = training_event("Update", "r3")
    assert deliver(aws, back) == old
    assert poll(aws, back, old)["Data"]["ModelDataUrl"] == f"s3://models/{old}/output/model.tar.gz"
    aws.stack_status = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
    training_job.on_event(training_event("Delete", "r4", physical_id=new), aws.clients)
    assert set(aws.jobs) == {old, new}


def test_a_cancelled_updates_job_is_stopped_by_the_rollback(aws: FakeAws) -> None:
    trained(aws, training_event("Create", "r1"))
    aws.stack_status = "UPDATE_IN_PROGRESS"
    deliver(aws, training_event("Update", "r2", HyperParameters={"degree": "3"}))
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    deliver(aws, training_event("Update", "r3"))
    assert aws.statuses() == ["Completed", "Stopping"]


def test_a_rollback_trains_again_when_the_old_job_is_gone(aws: FakeAws) -> None:
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    back = training_event("Update", "r1")
    assert deliver(aws, back) == deliver(aws, back)
    assert aws.statuses() == ["InProgress"]


def test_a_left_over_job_is_stopped_before_the_next_one_starts(aws: FakeAws) -> None:
    aws.stack_status = "UPDATE_IN_PROGRESS"
    deliver(aws, training_event("Update", "r1"))
    deliver(aws, training_event("Update", "r2", HyperParameters={"degree": "3"}))
    assert aws.statuses() == ["Stopping", "InProgress"]
    assert aws.calls[-2:] == ["StopTrainingJob", "CreateTrainingJob"]


def test_a_late_copy_of_an_old_event_leaves_the_new_job_alone(aws: FakeAws) -> None:
    trained(aws, training_event("Create", "r1"))
    aws.stack_status = "UPDATE_IN_PROGRESS"
    deliver(aws, training_event("Update", "r2", HyperParameters={"degree": "3"}))
    deliver(aws, training_event("Create", "r1"))
    assert aws.statuses() == ["Completed", "InProgress"]


@pytest.mark.parametrize(
    ("request_type", "status"),
    [
        ("Create", "ROLLBACK_IN_PROGRESS"),
        ("Create", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("Create", "DELETE_IN_PROGRESS"),
        ("Create", "DELETE_COMPLETE"),
        ("Update", "UPDATE_COMPLETE"),
        ("Update", "DELETE_COMPLETE"),
    ],
)
def test_an_event_that_nobody_waits_for_starts_nothing(
    aws: FakeAws, request_type: str, status: str
) -> None:
    aws.stack_status = status
    with pytest.raises(TrainingJobError, match=f"the stack is in {status}"):
        deliver(aws, training_event(request_type, "r1"))
    assert not aws.jobs
