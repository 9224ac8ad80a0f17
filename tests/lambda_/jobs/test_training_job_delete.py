"""A Delete takes away what its stack is done with, and nothing else."""

import pytest

from jobs import training_job

from .fake_aws import FakeAws
from .training_events import deliver, trained, training_event


def delete(aws: FakeAws, physical_id: str) -> bool:
    """Deliver a Delete as the framework does; return whether it is complete at once."""
    event = training_event("Delete", "r9", physical_id=physical_id)
    assert training_job.on_event(event, aws.clients) == {}
    return training_job.is_complete(event, aws.clients)["IsComplete"]


def test_a_deleted_stack_stops_waits_and_deletes_every_job(aws: FakeAws) -> None:
    for degree in "123":
        trained(aws, training_event("Create", "r1", HyperParameters={"degree": degree}))
    running = deliver(aws, training_event("Create", "r2"))
    aws.stack_status = "DELETE_IN_PROGRESS"
    assert not delete(aws, running)
    assert aws.statuses() == ["Completed", "Completed", "Completed", "Stopping"]
    aws.end(running, "Stopped")
    assert delete(aws, running)
    assert not aws.jobs


def test_a_deleted_stack_deletes_the_logs_of_its_jobs_and_no_others(aws: FakeAws) -> None:
    job = trained(aws, training_event("Create", "r1"))
    aws.log_streams = [f"{job}/algo-{n}-1700000000" for n in (1, 2, 3)]
    aws.log_streams += [f"{job}1/algo-1-1700000000", "somebody-elses/algo-1-1700000000"]
    aws.stack_status = "DELETE_IN_PROGRESS"
    assert delete(aws, job)
    assert aws.log_streams == [f"{job}1/algo-1-1700000000", "somebody-elses/algo-1-1700000000"]


def test_a_deleted_stack_leaves_other_stacks_jobs_alone(aws: FakeAws) -> None:
    event = training_event("Create", "r1")
    event["LogicalResourceId"] = "LinearTrainingJob"
    other = deliver(aws, event)
    aws.stack_status = "DELETE_IN_PROGRESS"
    assert delete(aws, other)
    assert aws.statuses() == ["InProgress"]


@pytest.mark.parametrize("status", ["ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"])
def test_a_cancelled_creates_job_is_found_by_an_invented_id_and_kept(
    aws: FakeAws, status: str
) -> None:
    name = deliver(aws, training_event("Create", "r1"))
    aws.stack_status = status
    assert not delete(aws, "iris-MarsTrainingJob-1ABCDEF")
    aws.end(name, "Stopped")
    assert delete(aws, "iris-MarsTrainingJob-1ABCDEF")
    assert aws.statuses() == ["Stopped"]


def test_the_clean_up_after_an_update_touches_only_the_replaced_job(aws: FakeAws) -> None:
    old = deliver(aws, training_event("Create", "r1"))
    aws.jobs[old]["TrainingJobStatus"] = "Completed"
    aws.stack_status = "UPDATE_IN_PROGRESS"
    new = deliver(aws, training_event("Update", "r2", HyperParameters={"degree": "3"}))
    aws.jobs[old]["TrainingJobStatus"] = "InProgress"
    aws.stack_status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    assert not delete(aws, old)
    assert {name: aws.jobs[name]["TrainingJobStatus"] for name in (old, new)} == {
        old: "Stopping",
        new: "InProgress",
    }
    aws.end(old, "Stopped")
    assert delete(aws, old)
    assert set(aws.jobs) == {old, new}


def test_a_job_that_ends_just_before_it_is_stopped_is_no_error(aws: FakeAws) -> None:
    name = deliver(aws, training_event("Create", "r1"))
    aws.stack_status = "ROLLBACK_IN_PROGRESS"
    aws.hooks["StopTrainingJob"] = lambda: aws.end(name, "Completed")
    assert delete(aws, name)


def test_a_job_that_cannot_be_stopped_is_an_error(aws: FakeAws) -> None:
    name = deliver(aws, training_event("Create", "r1"))
    aws.stack_status = "ROLLBACK_IN_PROGRESS"
    aws.hooks["StopTrainingJob"] = lambda: aws.end(name, "Stopping")
    aws.hooks["DescribeTrainingJob"] = lambda: aws.end(name, "InProgress")
    with pytest.raises(aws.clients.sagemaker.exceptions.ClientError, match="in status Stopping"):
        delete(aws, name)


@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound"])
def test_two_deletes_at_once_are_no_error(aws: FakeAws, code: str) -> None:
    name = trained(aws, training_event("Create", "r1"))
    aws.stack_status = "DELETE_IN_PROGRESS"
    aws.missing_code = code
    aws.hooks["DeleteTrainingJob"] = aws.jobs.clear
    assert delete(aws, name)


@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound"])
def test_a_job_that_is_deleted_just_before_it_is_stopped_is_no_error(
    aws: FakeAws, code: str
) -> None:
    name = deliver(aws, training_event("Create", "r1"))
    aws.stack_status = "ROLLBACK_IN_PROGRESS"
    aws.missing_code = code
    aws.hooks["StopTrainingJob"] = aws.jobs.clear
    assert delete(aws, name)


def test_a_delete_needs_no_valid_request(aws: FakeAws) -> None:
    aws.stack_status = "DELETE_IN_PROGRESS"
    event = training_event("Delete", "r1", physical_id="x", NoSuchMember="1")
    assert training_job.on_event(event, aws.clients) == {}
