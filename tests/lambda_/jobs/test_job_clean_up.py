"""When the app goes, nothing of its training jobs is left, and nothing of another app's is lost."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from jobs import job_clean_up
from jobs.events import Event

from .fake_aws import STACK_ID, FakeAws
from .training_events import REQUEST


def event_of(request_type: str) -> Event:
    event: Any = {
        "RequestType": request_type,
        "RequestId": "r1",
        "StackId": STACK_ID,
        "LogicalResourceId": "JobCleanUp",
        "ResourceType": "Custom::SageMakerJobCleanUp",
        "ResourceProperties": {"AppName": "flowers"},
    }
    result: Event = event
    return result


def job(aws: FakeAws, name: str, app: str, status: str = "Failed") -> None:
    tags = [{"Key": "app", "Value": app}]
    aws.clients.sagemaker.create_training_job(**{**REQUEST, "TrainingJobName": name, "Tags": tags})
    aws.end(name, status)


def delete(aws: FakeAws) -> bool:
    return job_clean_up.is_complete(event_of("Delete"), aws.clients)["IsComplete"]


def test_the_job_of_a_first_deploy_that_failed_goes_with_the_app(aws: FakeAws) -> None:
    job(aws, "flowers-iris-1", "flowers")
    aws.log_streams = ["flowers-iris-1/algo-1-1700000000"]
    aws.stack_status = "DELETE_IN_PROGRESS"
    assert delete(aws)
    assert not aws.jobs
    assert not aws.log_streams


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
    aws.missing_code = code
    aws.hooks[operation] = aws.jobs.clear
    assert delete(aws) or delete(aws)  # what ran when it was listed is looked for once more
    assert operation in aws.calls


def test_a_job_whose_deletion_has_begun_is_left_to_it(aws: FakeAws) -> None:
    job(aws, "flowers-iris-1", "flowers", "Deleting")
    aws.stack_status = "DELETE_IN_PROGRESS"
    aws.calls.clear()
    assert delete(aws)
    assert aws.calls == ["DescribeStacks", "ListTrainingJobs"]


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
