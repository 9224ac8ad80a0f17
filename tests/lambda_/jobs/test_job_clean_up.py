"""When the app goes, nothing of its jobs is left, and nothing of another app's is lost."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from jobs import job_clean_up
from jobs.events import Event
from jobs.kinds import KINDS

from .fake_aws import STACK_ID, FakeAws
from .job_events import REQUESTS


def event_of(request_type: str, app: str = "flowers") -> Event:
    event: Any = {
        "RequestType": request_type,
        "RequestId": "r1",
        "StackId": STACK_ID,
        "LogicalResourceId": "JobCleanUp",
        "ResourceType": "Custom::SageMakerJobCleanUp",
        "ResourceProperties": {"AppName": app},
    }
    result: Event = event
    return result


def job(
    aws: FakeAws, name: str, app: str, status: str = "Failed", kind: str = "TrainingJob"
) -> None:
    tags = [{"Key": "app", "Value": app}]
    request = {**REQUESTS[kind], f"{kind}Name": name, "Tags": tags}
    KINDS[kind].call(aws.clients.sagemaker, "Create", **request)
    aws.end(name, status)


def delete(aws: FakeAws, app: str = "flowers") -> bool:
    return job_clean_up.is_complete(event_of("Delete", app), aws.clients)["IsComplete"]


def test_the_job_of_a_first_deploy_that_failed_goes_with_the_app(aws: FakeAws) -> None:
    job(aws, "flowers-iris-1", "flowers")
    aws.wrote("flowers-iris-1/algo-1-1700000000", "Error: no column")
    aws.stack_status = "DELETE_IN_PROGRESS"
    assert delete(aws)
    assert not aws.jobs
    assert not aws.streams()


def test_jobs_of_every_kind_go_with_the_app(aws: FakeAws, kind: str) -> None:
    group = KINDS[kind].log_group
    job(aws, "flowers-iris-1", "flowers", "InProgress", kind)
    aws.wrote("flowers-iris-1-001-0a1b2c3d/algo-1-1", "a tuning's line", group=group)
    aws.wrote("flowers-iris-1/algo-1-1", "a line", group=group)
    aws.stack_status = "DELETE_IN_PROGRESS"
    assert not delete(aws)
    assert aws.statuses() == ["Stopping"]
    aws.end("flowers-iris-1", "Stopped")
    assert delete(aws)
    assert list(aws.jobs) == (["flowers-iris-1"] if kind == "TransformJob" else [])
    assert len(aws.streams(group)) == 1


def test_a_tuning_jobs_training_jobs_go_with_an_app_of_a_long_name(aws: FakeAws) -> None:
    job(aws, "sagestack-0a1b2c-01234567-1", "sagestack-prod", kind="HyperParameterTuningJob")
    job(aws, "sagestack-0a1b2c-01234567-2", "sagestack-dev", kind="HyperParameterTuningJob")
    aws.tried("sagestack-0a1b2c-01234567-1")
    aws.tried("sagestack-0a1b2c-01234567-2")
    job(aws, "sagestack-0a1b2c-89abcdef-1-001-0a1b2c3d", "sagestack-prod")  # its tuning job is gone
    aws.stack_status = "DELETE_IN_PROGRESS"
    assert delete(aws, "sagestack-prod")
    assert list(aws.jobs) == [
        "sagestack-0a1b2c-01234567-2",
        "sagestack-0a1b2c-01234567-2-001-0a1b2c3d",
    ]


def test_jobs_of_other_apps_stay_even_if_their_names_begin_alike(aws: FakeAws) -> None:
    job(aws, "flowers-dev-iris-1", "flowers-dev")
    job(aws, "my-flowers-iris-1", "flowers")
    aws.stack_status = "DELETE_IN_PROGRESS"
    assert delete(aws)
    assert sorted(aws.jobs) == ["flowers-dev-iris-1", "my-flowers-iris-1"]


def test_a_job_that_runs_is_stopped_and_waited_for(aws: FakeAws) -> None:
    job(aws, "flowers-iris-1", "flowers", "InProgress")
    aws.stack_status = "DELETE_IN_PROGRESS"
    assert not delete(aws)
    assert aws.statuses() == ["Stopping"]
    aws.end("flowers-iris-1", "Stopped")
    assert delete(aws)
    assert not aws.jobs


@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound"])
@pytest.mark.parametrize(
    ("status", "operation"),
    [
        ("Failed", "DescribeTrainingJob"),
        ("Failed", "ListTags"),
        ("InProgress", "StopTrainingJob"),
        ("Failed", "DeleteTrainingJob"),
    ],
)
def test_a_job_that_its_own_stack_deletes_meanwhile_is_no_error(
    aws: FakeAws, status: str, operation: str, code: str
) -> None:
    job(aws, "flowers-iris-1", "flowers", status)
    aws.stack_status = "DELETE_IN_PROGRESS"
    aws.missing(code)
    aws.hooks[operation] = aws.jobs.clear
    assert delete(aws) or delete(aws)  # what ran when it was listed is looked for once more
    assert operation in aws.calls


def test_a_job_whose_deletion_has_begun_is_left_to_it(aws: FakeAws) -> None:
    job(aws, "flowers-iris-1", "flowers", "Deleting")
    aws.stack_status = "DELETE_IN_PROGRESS"
    aws.calls.clear()
    assert delete(aws)
    lists = ["HyperParameterTuningJobs", "TrainingJobs", "ProcessingJobs", "TransformJobs"]
    assert aws.calls == ["DescribeStacks", *(f"List{kind}" for kind in lists)]


def test_a_job_whose_deletion_begins_meanwhile_is_left_to_it(aws: FakeAws) -> None:
    job(aws, "flowers-iris-1", "flowers")
    aws.stack_status = "DELETE_IN_PROGRESS"
    aws.hooks["DeleteTrainingJob"] = lambda: aws.end("flowers-iris-1", "Deleting")
    assert delete(aws)


@pytest.mark.parametrize(
    "operation", ["DescribeTrainingJob", "ListTags", "DeleteTrainingJob", "StopTrainingJob"]
)
def test_any_other_error_about_a_job_that_is_there_stays_one(aws: FakeAws, operation: str) -> None:
    def refuse() -> None:
        raise ClientError({"Error": {"Code": "ValidationException", "Message": "too odd"}}, "")

    job(aws, "flowers-iris-1", "flowers", "InProgress" if "Stop" in operation else "Failed")
    aws.stack_status = "DELETE_IN_PROGRESS"
    aws.hooks[operation] = refuse
    with pytest.raises(ClientError, match="too odd"):
        delete(aws)


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"])
def test_only_the_end_of_the_stack_takes_jobs_away(aws: FakeAws, status: str) -> None:
    job(aws, "flowers-iris-1", "flowers")
    aws.stack_status = status
    assert delete(aws)
    assert list(aws.jobs) == ["flowers-iris-1"]


def test_a_deploy_does_nothing(aws: FakeAws) -> None:
    for request_type in ("Create", "Update"):
        accepted = job_clean_up.on_event(event_of(request_type), aws.clients)
        assert accepted == {"PhysicalResourceId": "flowers-job-clean-up"}
        assert job_clean_up.is_complete(event_of(request_type), aws.clients)["IsComplete"]
    assert job_clean_up.on_event(event_of("Delete"), aws.clients) == {}
    assert aws.calls == []
