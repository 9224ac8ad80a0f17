"""A Delete takes away what its stack is done with, and nothing else."""

import pytest

from jobs import job_resource
from jobs.kinds import KINDS

from .fake_aws import FakeAws
from .job_events import OTHER, deliver, done, job_event

DELETABLE = [name for name, kind in KINDS.items() if kind.deletable]


def delete(aws: FakeAws, physical_id: str, kind: str = "TrainingJob") -> bool:
    """Deliver a Delete as the framework does; return whether it is complete at once."""
    event = job_event("Delete", "r9", kind=kind, physical_id=physical_id)
    assert job_resource.on_event(event, aws.clients) == {}
    return job_resource.is_complete(event, aws.clients)["IsComplete"]


@pytest.mark.parametrize("kind", DELETABLE)
def test_a_deleted_stack_stops_waits_and_deletes_every_job(aws: FakeAws, kind: str) -> None:
    for revision in "123":
        done(aws, job_event("Create", "r1", kind=kind, properties={"Revision": revision}))
    running = deliver(aws, job_event("Create", "r2", kind=kind))
    aws.stack_status = "DELETE_IN_PROGRESS"
    there = len(aws.jobs)
    assert not delete(aws, running, kind)
    assert aws.status(running) == "Stopping"
    assert len(aws.jobs) == there
    aws.end(running, "Stopped")
    assert delete(aws, running, kind)
    assert not aws.jobs


def test_a_transform_job_is_stopped_and_loses_its_log_for_sagemaker_keeps_it(aws: FakeAws) -> None:
    kind, group = "TransformJob", "/aws/sagemaker/TransformJobs"
    name = deliver(aws, job_event("Create", "r1", kind=kind))
    aws.wrote(f"{name}/[production-variant]-i-0-1", "a row", group=group)
    aws.stack_status = "DELETE_IN_PROGRESS"
    assert not delete(aws, name, kind)
    assert aws.streams(group)
    aws.end(name, "Stopped")
    assert delete(aws, name, kind)
    assert not aws.streams(group)
    assert delete(aws, name, kind)


@pytest.mark.parametrize("kind", ["TrainingJob", "ProcessingJob"])
def test_a_deleted_stack_deletes_the_logs_of_its_jobs_and_no_others(
    aws: FakeAws, kind: str
) -> None:
    group = KINDS[kind].log_group
    job = done(aws, job_event("Create", "r1", kind=kind))
    others = [f"{job}1/algo-1-1700000000", "somebody-elses/algo-1-1700000000"]
    for stream in [f"{job}/algo-{n}-1700000000" for n in (1, 2, 3)] + others:
        aws.wrote(stream, "a line", group=group)
    aws.stack_status = "DELETE_IN_PROGRESS"
    assert delete(aws, job, kind)
    assert aws.streams(group) == others


def test_a_tuning_job_takes_its_training_jobs_and_their_logs_along(aws: FakeAws) -> None:
    kind = "HyperParameterTuningJob"
    tuning = done(aws, job_event("Create", "r1", kind=kind))
    failed = aws.tried(tuning, "Failed")
    aws.wrote(f"{failed}/algo-1-1700000000", "a line")
    aws.wrote(f"{tuning}0-001-0a1b2c3d/algo-1-1700000000", "another tuning's line")
    aws.stack_status = "DELETE_IN_PROGRESS"
    assert delete(aws, tuning, kind)
    assert not aws.jobs
    assert aws.streams() == [f"{tuning}0-001-0a1b2c3d/algo-1-1700000000"]


def test_a_tuning_job_stays_until_its_last_training_job_has_ended(aws: FakeAws) -> None:
    kind = "HyperParameterTuningJob"
    tuning = done(aws, job_event("Create", "r1", kind=kind))
    last = aws.tried(tuning, "InProgress")
    aws.stack_status = "DELETE_IN_PROGRESS"
    assert not delete(aws, tuning, kind)
    assert aws.status(last) == "Stopping"
    assert tuning in aws.jobs
    aws.end(last, "Stopped")
    assert delete(aws, tuning, kind)
    assert not aws.jobs


@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound"])
def test_a_tuning_job_that_goes_while_its_training_jobs_are_listed_is_no_error(
    aws: FakeAws, code: str
) -> None:
    kind = "HyperParameterTuningJob"
    tuning = done(aws, job_event("Create", "r1", kind=kind))
    aws.stack_status = "DELETE_IN_PROGRESS"
    aws.missing(code)
    aws.hooks["ListTrainingJobsForHyperParameterTuningJob"] = aws.jobs.clear
    assert delete(aws, tuning, kind)


def test_a_deleted_stack_leaves_other_stacks_jobs_alone(aws: FakeAws, kind: str) -> None:
    event = job_event("Create", "r1", kind=kind)
    event["LogicalResourceId"] = "LinearJob"
    other = deliver(aws, event)
    aws.stack_status = "DELETE_IN_PROGRESS"
    assert delete(aws, other, kind)
    assert aws.statuses() == ["InProgress"]


@pytest.mark.parametrize("status", ["ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"])
def test_a_cancelled_creates_job_is_found_by_an_invented_id_and_kept(
    aws: FakeAws, status: str, kind: str
) -> None:
    name = deliver(aws, job_event("Create", "r1", kind=kind))
    aws.stack_status = status
    assert not delete(aws, "iris-MarsJob-1ABCDEF", kind)
    aws.end(name, "Stopped")
    assert delete(aws, "iris-MarsJob-1ABCDEF", kind)
    assert aws.statuses() == ["Stopped"]


def test_the_clean_up_after_an_update_touches_only_the_replaced_job(
    aws: FakeAws, kind: str
) -> None:
    old = deliver(aws, job_event("Create", "r1", kind=kind))
    aws.end(old, "Completed")
    aws.stack_status = "UPDATE_IN_PROGRESS"
    new = deliver(aws, job_event("Update", "r2", kind=kind, **OTHER[kind]))
    aws.end(old, "InProgress")
    aws.stack_status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
    assert not delete(aws, old, kind)
    assert (aws.status(old), aws.status(new)) == ("Stopping", "InProgress")
    aws.end(old, "Stopped")
    assert delete(aws, old, kind)
    assert set(aws.jobs) == {old, new}


def test_a_job_that_ends_just_before_it_is_stopped_is_no_error(aws: FakeAws, kind: str) -> None:
    name = deliver(aws, job_event("Create", "r1", kind=kind))
    aws.stack_status = "ROLLBACK_IN_PROGRESS"
    aws.hooks[f"Stop{kind}"] = lambda: aws.end(name, "Completed")
    assert delete(aws, name, kind)


def test_a_job_that_cannot_be_stopped_is_an_error(aws: FakeAws, kind: str) -> None:
    name = deliver(aws, job_event("Create", "r1", kind=kind))
    aws.stack_status = "ROLLBACK_IN_PROGRESS"
    aws.hooks[f"Stop{kind}"] = lambda: aws.end(name, "Stopping")
    aws.hooks[f"Describe{kind}"] = lambda: aws.end(name, "InProgress")
    with pytest.raises(aws.clients.sagemaker.exceptions.ClientError, match="in status Stopping"):
        delete(aws, name, kind)


@pytest.mark.parametrize("kind", DELETABLE)
@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound"])
def test_two_deletes_at_once_are_no_error(aws: FakeAws, code: str, kind: str) -> None:
    name = done(aws, job_event("Create", "r1", kind=kind))
    aws.stack_status = "DELETE_IN_PROGRESS"
    aws.missing(code)
    aws.hooks[f"Delete{kind}"] = aws.jobs.clear
    assert delete(aws, name, kind)


@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound"])
def test_a_job_that_is_deleted_just_before_it_is_stopped_is_no_error(
    aws: FakeAws, code: str, kind: str
) -> None:
    name = deliver(aws, job_event("Create", "r1", kind=kind))
    aws.stack_status = "ROLLBACK_IN_PROGRESS"
    aws.missing(code)
    aws.hooks[f"Stop{kind}"] = aws.jobs.clear
    assert delete(aws, name, kind)


def test_a_delete_needs_no_valid_request(aws: FakeAws, kind: str) -> None:
    aws.stack_status = "DELETE_IN_PROGRESS"
    event = job_event("Delete", "r1", kind=kind, physical_id="x", NoSuchMember="1")
    assert job_resource.on_event(event, aws.clients) == {}
