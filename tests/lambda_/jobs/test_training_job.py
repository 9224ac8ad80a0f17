import json

import pytest
from botocore.exceptions import ClientError

from jobs import training_job
from jobs.events import Event, Progress
from jobs.training_job import TrainingJobError

from .fake_aws import REQUEST, FakeAws, training_event

UNKNOWN_ROLE = "Could not assume role arn:aws:iam::000000000000:role/training."


def deliver(aws: FakeAws, event: Event) -> str:
    return training_job.on_event(event, aws.clients)["PhysicalResourceId"]


def poll(aws: FakeAws, event: Event, name: str) -> Progress:
    asked: Event = {**event, "PhysicalResourceId": name}
    return training_job.is_complete(asked, aws.clients)


def trained(aws: FakeAws, event: Event) -> str:
    name = deliver(aws, event)
    aws.end(name, "Completed")
    return name


def test_a_create_starts_the_job_exactly_as_asked(aws: FakeAws) -> None:
    name = deliver(aws, training_event("Create", "r1"))
    job = aws.jobs[name]
    tags = job.pop("Tags")
    assert {key: job[key] for key in REQUEST if key != "Tags"} == {
        key: value for key, value in REQUEST.items() if key != "Tags"
    }
    assert tags == [*REQUEST["Tags"], {"Key": "sagestack:request-id", "Value": "r1"}]


def test_a_role_that_sagemaker_does_not_know_yet_is_waited_for(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown() -> None:
        raise ClientError({"Error": {"Code": "ValidationException", "Message": UNKNOWN_ROLE}}, "")

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) < 2:
            aws.hooks["CreateTrainingJob"] = unknown

    waited: list[float] = []
    monkeypatch.setattr(training_job, "sleep", wait)
    aws.hooks["CreateTrainingJob"] = unknown
    assert deliver(aws, training_event("Create", "r1")) in aws.jobs
    assert waited == [2, 4]


def test_a_role_that_sagemaker_never_knows_fails_the_deploy(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: float = 0) -> None:
        aws.hooks["CreateTrainingJob"] = unknown
        raise ClientError({"Error": {"Code": "ValidationException", "Message": UNKNOWN_ROLE}}, "")

    monkeypatch.setattr(training_job, "sleep", lambda _: None)
    aws.hooks["CreateTrainingJob"] = unknown
    with pytest.raises(ClientError, match="Could not assume role"):
        deliver(aws, training_event("Create", "r1"))
    assert not aws.jobs


def test_a_completed_job_gives_its_artifact(aws: FakeAws) -> None:
    event = training_event("Create", "r1")
    name = deliver(aws, event)
    assert poll(aws, event, name) == {"IsComplete": False}
    aws.end(name, "Completed")
    assert poll(aws, event, name) == {
        "IsComplete": True,
        "Data": {
            "TrainingJobName": name,
            "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:000000000000:training-job/{name}",
            "ModelDataUrl": f"s3://models/{name}/output/model.tar.gz",
        },
    }


def test_every_poll_says_how_the_job_is_doing(
    aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    event = training_event("Create", "r1")
    name = deliver(aws, event)
    capsys.readouterr()
    poll(aws, event, name)
    line = json.loads(capsys.readouterr().out)
    assert line["job"] == name
    assert (line["status"], line["secondary_status"]) == ("InProgress", "Starting")
    assert line["elapsed_seconds"] == 0
    assert line["resource"] == "MarsTrainingJob"


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


def test_a_failure_is_told_in_the_jobs_own_words(aws: FakeAws) -> None:
    event = training_event("Create", "r1")
    name = deliver(aws, event)
    reason = 'AlgorithmError: column "Sepal.Length" is missing, exit code: 1'
    aws.end(name, "Failed", FailureReason=reason)
    with pytest.raises(TrainingJobError) as caught:
        poll(aws, event, name)
    assert str(caught.value) == (
        f"Training job {name} Failed: {reason}\n"
        f"Its log: aws logs tail /aws/sagemaker/TrainingJobs --log-stream-name-prefix {name}/"
    )


def test_a_job_that_ran_out_of_time_says_what_to_raise(aws: FakeAws) -> None:
    event = training_event("Create", "r1")
    name = deliver(aws, event)
    aws.end(name, "Stopped", SecondaryStatus="MaxRuntimeExceeded")
    with pytest.raises(TrainingJobError, match="raise max_runtime, which is 3300 seconds"):
        poll(aws, event, name)


def test_a_job_that_someone_stopped_fails_the_deploy(aws: FakeAws) -> None:
    event = training_event("Create", "r1")
    name = deliver(aws, event)
    aws.end(name, "Stopped")
    with pytest.raises(TrainingJobError, match=f"{name} Stopped: Stopped"):
        poll(aws, event, name)


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


@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound"])
def test_a_job_that_someone_deleted_fails_the_deploy(aws: FakeAws, code: str) -> None:
    event = training_event("Create", "r1")
    name = deliver(aws, event)
    aws.jobs.clear()
    aws.missing_code = code
    with pytest.raises(TrainingJobError, match=f"{name} was deleted"):
        poll(aws, event, name)


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
