"""A job runs exactly as asked, and how it ends is told."""

import json

import pytest
from botocore.exceptions import ClientError

from jobs import training_job
from jobs.training_job import TrainingJobError

from .fake_aws import FakeAws
from .training_events import REQUEST, deliver, poll, training_event

UNKNOWN_ROLE = "Could not assume role arn:aws:iam::000000000000:role/training."


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


@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound"])
def test_a_job_that_someone_deleted_fails_the_deploy(aws: FakeAws, code: str) -> None:
    event = training_event("Create", "r1")
    name = deliver(aws, event)
    aws.jobs.clear()
    aws.missing_code = code
    with pytest.raises(TrainingJobError, match=f"{name} was deleted"):
        poll(aws, event, name)
