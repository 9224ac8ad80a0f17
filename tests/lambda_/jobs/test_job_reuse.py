"""An event finds the job that serves it, and only where there is none a new one starts."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from jobs import job_resource
from jobs.kinds import JobError

from .fake_aws import FakeAws
from .job_events import OTHER, REQUESTS, deliver, done, job_event, poll


def test_an_event_that_comes_twice_starts_one_job(aws: FakeAws, kind: str) -> None:
    event = job_event("Create", "r1", kind=kind)
    names = {deliver(aws, event), deliver(aws, event)}
    assert names == set(aws.jobs)
    assert len(names) == 1


def test_an_event_that_comes_twice_at_once_starts_one_job(aws: FakeAws, kind: str) -> None:
    event = job_event("Create", "r1", kind=kind)
    other: list[str] = []
    aws.hooks[f"Create{kind}"] = lambda: other.append(deliver(aws, event))
    assert [deliver(aws, event)] == other == list(aws.jobs)


def test_an_event_that_comes_again_after_its_job_failed_starts_nothing(
    aws: FakeAws, kind: str
) -> None:
    event = job_event("Create", "r1", kind=kind)
    name = deliver(aws, event)
    aws.end(name, "Failed", FailureReason="AlgorithmError: no column")
    assert deliver(aws, event) == name
    with pytest.raises(JobError, match="no column"):
        poll(aws, event, name)
    assert len(aws.jobs) == 1


def test_deploying_again_after_a_failure_tries_again(aws: FakeAws, kind: str) -> None:
    aws.stack_status = "UPDATE_IN_PROGRESS"
    names = []
    for attempt in range(12):
        name = deliver(aws, job_event("Update", f"r{attempt}", kind=kind))
        aws.end(name, "Failed", FailureReason="x")
        names.append(name)
    assert [name.rpartition("-")[2] for name in names] == [str(n) for n in range(1, 13)]


@pytest.mark.parametrize("status", ["Stopping", "Stopped", "Deleting"])
def test_a_job_that_another_event_gave_up_is_not_taken_over(
    aws: FakeAws, status: str, kind: str
) -> None:
    first = deliver(aws, job_event("Create", "r1", kind=kind))
    aws.end(first, status)
    assert deliver(aws, job_event("Create", "r2", kind=kind)) != first


@pytest.mark.parametrize("operation", ["Describe", "ListTags"])
@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound"])
def test_a_job_that_is_deleted_when_it_was_just_found_is_tried_again(
    aws: FakeAws, code: str, operation: str, kind: str
) -> None:
    event = job_event("Create", "r1", kind=kind)
    first = deliver(aws, event)
    aws.end(first, "Failed", FailureReason="x")
    aws.missing(code)
    aws.hooks[f"Describe{kind}" if operation == "Describe" else operation] = aws.jobs.clear
    assert deliver(aws, event) != first
    assert aws.statuses() == ["InProgress"]


def test_the_same_request_again_reuses_the_completed_job(aws: FakeAws, kind: str) -> None:
    first = done(aws, job_event("Create", "r1", kind=kind))
    aws.stack_status = "UPDATE_IN_PROGRESS"
    assert deliver(aws, job_event("Update", "r2", kind=kind, Tags=[])) == first
    assert aws.calls.count(f"Create{kind}") == 1


TRAINING = REQUESTS["HyperParameterTuningJob"]["TrainingJobDefinition"]
TUNING = REQUESTS["HyperParameterTuningJob"]["HyperParameterTuningJobConfig"]
LATER = {"MaxRuntimeInSeconds": 7200}


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("TrainingJob", {"StoppingCondition": LATER}),
        ("TrainingJob", {"RoleArn": "arn:aws:iam::000000000000:role/other"}),
        ("TrainingJob", {"CheckpointConfig": {"S3Uri": "s3://elsewhere/"}}),
        ("TrainingJob", {"EnableManagedSpotTraining": True}),
        ("TrainingJob", {"RetryStrategy": {"MaximumRetryAttempts": 3}}),
        ("TrainingJob", {"ExperimentConfig": {"ExperimentName": "iris"}}),
        (
            "HyperParameterTuningJob",
            {
                "TrainingJobDefinition": {
                    **TRAINING,
                    "StoppingCondition": LATER,
                    "RoleArn": "o" * 20,
                }
            },
        ),
        (
            "HyperParameterTuningJob",
            {
                "HyperParameterTuningJobConfig": {
                    **TUNING,
                    "ResourceLimits": {**TUNING["ResourceLimits"], **LATER},
                }
            },
        ),
        ("ProcessingJob", {"StoppingCondition": LATER}),
        ("TransformJob", {"MaxConcurrentTransforms": 4}),
    ],
)
def test_another_limit_role_or_label_is_no_reason_to_run_again(
    aws: FakeAws, kind: str, change: dict[str, Any]
) -> None:
    first = done(aws, job_event("Create", "r1", kind=kind))
    assert deliver(aws, job_event("Create", "r2", kind=kind, **change)) == first


def test_another_request_runs_another_job(aws: FakeAws, kind: str) -> None:
    first = done(aws, job_event("Create", "r1", kind=kind))
    assert deliver(aws, job_event("Create", "r2", kind=kind, **OTHER[kind])) != first


def test_a_job_that_still_runs_is_waited_for(aws: FakeAws, kind: str) -> None:
    first = deliver(aws, job_event("Create", "r1", kind=kind))
    assert deliver(aws, job_event("Create", "r2", kind=kind)) == first
    assert aws.statuses() == ["InProgress"]


def test_a_new_revision_runs_again(aws: FakeAws, kind: str) -> None:
    first = done(aws, job_event("Create", "r1", kind=kind, properties={"Revision": "1"}))
    again = job_event("Create", "r2", kind=kind, properties={"Revision": "2"})
    assert deliver(aws, again) != first


def test_a_rollback_finds_the_old_job_and_what_it_made(aws: FakeAws, kind: str) -> None:
    event = job_event("Create", "r1", kind=kind)
    old = done(aws, event)
    made = poll(aws, event, old)["Data"]
    aws.stack_status = "UPDATE_IN_PROGRESS"
    new = done(aws, job_event("Update", "r2", kind=kind, **OTHER[kind]))
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    back = job_event("Update", "r3", kind=kind)
    assert deliver(aws, back) == old
    assert poll(aws, back, old)["Data"] == made
    aws.stack_status = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
    there = set(aws.jobs)
    job_resource.on_event(job_event("Delete", "r4", kind=kind, physical_id=new), aws.clients)
    assert set(aws.jobs) == there


def test_a_cancelled_updates_job_is_stopped_by_the_rollback(aws: FakeAws, kind: str) -> None:
    done(aws, job_event("Create", "r1", kind=kind))
    aws.stack_status = "UPDATE_IN_PROGRESS"
    cancelled = deliver(aws, job_event("Update", "r2", kind=kind, **OTHER[kind]))
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    deliver(aws, job_event("Update", "r3", kind=kind))
    assert aws.status(cancelled) == "Stopping"
    assert "InProgress" not in aws.statuses()


def test_a_rollback_runs_again_when_the_old_job_is_gone(aws: FakeAws, kind: str) -> None:
    aws.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
    back = job_event("Update", "r1", kind=kind)
    assert deliver(aws, back) == deliver(aws, back)
    assert aws.statuses() == ["InProgress"]


def test_the_name_of_a_deleted_job_does_not_come_back(aws: FakeAws, kind: str) -> None:
    first = done(aws, job_event("Create", "r1", kind=kind))
    aws.jobs.clear()
    aws.stack_status = "UPDATE_IN_PROGRESS"
    event = job_event("Update", "r2", kind=kind, physical_id=first, Tags=[])
    again = deliver(aws, event)
    assert again == first.removesuffix("-1") + "-2"  # or no wait and no model would follow it
    assert deliver(aws, event) == again
    assert aws.statuses() == ["InProgress"]


def test_a_left_over_job_is_stopped_before_the_next_one_starts(aws: FakeAws, kind: str) -> None:
    aws.stack_status = "UPDATE_IN_PROGRESS"
    deliver(aws, job_event("Update", "r1", kind=kind))
    deliver(aws, job_event("Update", "r2", kind=kind, **OTHER[kind]))
    assert aws.statuses() == ["Stopping", "InProgress"]
    changes = [call for call in aws.calls if call.startswith(("Create", "Stop"))]
    assert changes == [f"Create{kind}", f"Stop{kind}", f"Create{kind}"]


def test_a_late_copy_of_an_old_event_leaves_the_new_job_alone(aws: FakeAws, kind: str) -> None:
    done(aws, job_event("Create", "r1", kind=kind))
    aws.stack_status = "UPDATE_IN_PROGRESS"
    new = deliver(aws, job_event("Update", "r2", kind=kind, **OTHER[kind]))
    there = list(aws.jobs)
    deliver(aws, job_event("Create", "r1", kind=kind))
    assert list(aws.jobs) == there
    assert aws.status(new) == "InProgress"


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
    aws: FakeAws, request_type: str, status: str, kind: str
) -> None:
    aws.stack_status = status
    with pytest.raises(JobError, match=f"the stack is in {status}"):
        deliver(aws, job_event(request_type, "r1", kind=kind))
    assert not aws.jobs


@pytest.mark.parametrize(
    ("request_type", "status", "then"),
    [
        ("Create", "CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"),
        ("Create", "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("Update", "UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("Create", "CREATE_IN_PROGRESS", "DELETE_IN_PROGRESS"),
    ],
)
def test_a_job_that_the_stack_gives_up_while_it_is_started_does_not_run_on(
    aws: FakeAws, request_type: str, status: str, then: str, kind: str
) -> None:
    def cancel() -> None:
        aws.stack_status = then

    aws.stack_status = status
    aws.hooks[f"Create{kind}"] = cancel
    with pytest.raises(JobError, match=f"was stopped again: the stack is in {then} by now"):
        deliver(aws, job_event(request_type, "r1", kind=kind))
    assert aws.statuses() == ["Stopping"]


def test_a_job_is_left_running_when_the_stack_cannot_be_looked_up_again(
    aws: FakeAws, kind: str
) -> None:
    def throttle() -> None:
        raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "")

    aws.hooks[f"Create{kind}"] = lambda: aws.hooks.update(DescribeStacks=throttle)
    assert deliver(aws, job_event("Create", "r1", kind=kind)) in aws.jobs
    assert aws.statuses() == ["InProgress"]


def test_jobs_that_completed_serve_after_later_ones_failed(aws: FakeAws) -> None:
    good = done(aws, job_event("Create", "r1"))
    aws.stack_status = "UPDATE_IN_PROGRESS"
    aws.end(deliver(aws, job_event("Update", "r2", **OTHER["TrainingJob"])), "Failed")
    assert deliver(aws, job_event("Update", "r3")) == good
