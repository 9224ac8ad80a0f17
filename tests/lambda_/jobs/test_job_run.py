"""A job of any kind runs exactly as asked, and how it ends is told."""

import json
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from jobs import job_resource
from jobs.kinds import KINDS, JobError

from .fake_aws import FakeAws
from .job_events import REQUESTS, complete, deliver, job_event, poll

UNKNOWN_ROLE = "Could not assume role arn:aws:iam::000000000000:role/job."
RIGHT_ON_ITS_WAY = (  # as SageMaker words them
    UNKNOWN_ROLE,
    'No S3 objects found under S3 URL "s3://data/9c/" given in input data source. Please ensure '
    "that the bucket exists in the selected region (us-east-1), that objects exist under that S3 "
    'prefix, and that the role "role/job" has "s3:ListBucket" permissions on bucket "data".',
    "Unauthorized to List objects under S3 URL",
    "because no identity-based policy allows the s3:ListBucket action",
    "Access denied to OutputDataConfig S3 bucket",
    "Access denied for repository: mars in registry ID: 000000000000",
)
GROUPS = {
    "TrainingJob": "/aws/sagemaker/TrainingJobs",
    "ProcessingJob": "/aws/sagemaker/ProcessingJobs",
    "TransformJob": "/aws/sagemaker/TransformJobs",
}


def test_a_create_starts_the_job_exactly_as_asked(aws: FakeAws, kind: str) -> None:
    name = deliver(aws, job_event("Create", "r1", kind=kind))
    asked = json.loads(json.dumps(REQUESTS[kind]).replace("<JobName>", name))
    tags = [*asked.pop("Tags"), {"Key": "sagestack:request-id", "Value": "r1"}]
    assert aws.jobs[name]["Tags"] == tags
    assert {key: aws.jobs[name][key] for key in asked} == asked
    assert aws.jobs[name][f"{kind}Name"] == name


@pytest.mark.parametrize("refusal", RIGHT_ON_ITS_WAY)
def test_a_role_or_right_that_sagemaker_does_not_know_yet_is_waited_for(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch, kind: str, refusal: str
) -> None:
    def unknown() -> None:
        raise ClientError({"Error": {"Code": "ValidationException", "Message": refusal}}, "")

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) < 2:
            aws.hooks[f"Create{kind}"] = unknown

    waited: list[float] = []
    monkeypatch.setattr(job_resource, "sleep", wait)
    aws.hooks[f"Create{kind}"] = unknown
    assert deliver(aws, job_event("Create", "r1", kind=kind)) in aws.jobs
    assert waited == [2, 4]


def test_a_role_that_sagemaker_never_knows_fails_the_deploy(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: float = 0) -> None:
        aws.hooks["CreateTrainingJob"] = unknown
        raise ClientError({"Error": {"Code": "ValidationException", "Message": UNKNOWN_ROLE}}, "")

    monkeypatch.setattr(job_resource, "sleep", lambda _: None)
    aws.hooks["CreateTrainingJob"] = unknown
    with pytest.raises(ClientError, match="Could not assume role"):
        deliver(aws, job_event("Create", "r1"))
    assert not aws.jobs


def test_any_other_refusal_fails_the_deploy_at_once(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def refuse() -> None:
        raise ClientError(
            {"Error": {"Code": "ResourceLimitExceeded", "Message": "0 Instances"}}, ""
        )

    monkeypatch.setattr(job_resource, "sleep", lambda _: pytest.fail("waited"))
    aws.hooks[f"Create{kind}"] = refuse
    with pytest.raises(ClientError, match="0 Instances"):
        deliver(aws, job_event("Create", "r1", kind=kind))


def test_a_completed_job_gives_its_attributes(aws: FakeAws, kind: str) -> None:
    event = job_event("Create", "r1", kind=kind)
    name = deliver(aws, event)
    assert poll(aws, event, name) == {"IsComplete": False}
    complete(aws, name)
    best = f"{name}-001-0a1b2c3d"
    made = {
        "TrainingJob": {"ModelDataUrl": f"s3://models/{name}/output/model.tar.gz"},
        "HyperParameterTuningJob": {
            "ModelDataUrl": f"s3://models/{best}/output/model.tar.gz",
            "TrainingJobName": best,
            "HyperParameters": '{"degree": "2", "penalty": "2.5"}',
            "ObjectiveMetric": "validation:rmse",
            "ObjectiveValue": "0.31",
        },
        "ProcessingJob": {"OutputS3Uri": f"s3://data/evaluations/{name}"},
        "TransformJob": {"OutputS3Uri": f"s3://data/transforms/{name}"},
    }
    assert poll(aws, event, name) == {
        "IsComplete": True,
        "Data": {"JobName": name, "JobArn": aws.jobs[name][f"{kind}Arn"], **made[kind]},
    }


def test_every_poll_says_how_the_job_is_doing(
    aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    event = job_event("Create", "r1")
    name = deliver(aws, event)
    capsys.readouterr()
    poll(aws, event, name)
    line = json.loads(capsys.readouterr().out)
    assert (line["kind"], line["job"]) == ("TrainingJob", name)
    assert (line["status"], line["secondary_status"]) == ("InProgress", "Starting")
    assert line["elapsed_seconds"] == 0
    assert line["resource"] == "MarsJob"


@pytest.mark.parametrize("kind", GROUPS)
def test_a_failure_is_told_in_the_jobs_own_words(aws: FakeAws, kind: str) -> None:
    event = job_event("Create", "r1", kind=kind)
    name = deliver(aws, event)
    reason = 'AlgorithmError: column "Sepal.Length" is missing, exit code: 1'
    aws.end(name, "Failed", FailureReason=reason)
    with pytest.raises(JobError) as caught:
        poll(aws, event, name)
    assert str(caught.value) == (
        f"{KINDS[kind].noun} {name} Failed: {reason}\n"
        f"Its log: make logs JOB={name}, or "
        f"aws logs tail {GROUPS[kind]} --log-stream-name-prefix {name}/"
    )


@pytest.mark.parametrize(
    ("secondary", "advice"),
    [
        ("MaxRuntimeExceeded", "raise max_runtime, which is 3300 seconds"),
        ("MaxWaitTimeExceeded", "raise max_wait, which is 7200 seconds"),
    ],
)
def test_a_training_that_ran_out_of_time_says_what_to_raise(
    aws: FakeAws, secondary: str, advice: str
) -> None:
    limits = {"MaxRuntimeInSeconds": 3300, "MaxWaitTimeInSeconds": 7200}
    event = job_event("Create", "r1", StoppingCondition=limits)
    name = deliver(aws, event)
    aws.end(name, "Stopped", SecondaryStatus=secondary)
    with pytest.raises(JobError, match=advice):
        poll(aws, event, name)


def test_an_evaluation_that_ran_out_of_time_says_what_to_raise(aws: FakeAws) -> None:
    event = job_event("Create", "r1", kind="ProcessingJob")
    name = deliver(aws, event)
    started = aws.jobs[name]["CreationTime"]
    times = {"ProcessingStartTime": started, "ProcessingEndTime": started + timedelta(hours=1)}
    aws.end(name, "Stopped", **times)
    with pytest.raises(JobError, match=r"raise max_runtime of \[evaluation\], which is 3300 sec"):
        poll(aws, event, name)
    aws.end(name, "Failed", FailureReason="InternalServerError")
    with pytest.raises(JobError, match="Failed: InternalServerError\n"):
        poll(aws, event, name)


def test_a_processing_jobs_exit_message_is_quoted(aws: FakeAws) -> None:
    event = job_event("Create", "r1", kind="ProcessingJob")
    name = deliver(aws, event)
    said = {"FailureReason": "AlgorithmError: See job logs", "ExitMessage": "no column Species"}
    aws.end(name, "Failed", **said)
    with pytest.raises(JobError, match="AlgorithmError: See job logs: no column Species"):
        poll(aws, event, name)


def test_a_job_that_someone_stopped_fails_the_deploy(aws: FakeAws, kind: str) -> None:
    event = job_event("Create", "r1", kind=kind)
    name = deliver(aws, event)
    aws.end(name, "Stopped")
    with pytest.raises(JobError, match=f"{name} Stopped: "):
        poll(aws, event, name)


@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound"])
def test_a_job_that_someone_deleted_fails_the_deploy(aws: FakeAws, code: str, kind: str) -> None:
    event = job_event("Create", "r1", kind=kind)
    name = deliver(aws, event)
    aws.jobs.clear()
    aws.missing(code)
    with pytest.raises(JobError, match=f"{name} was deleted"):
        poll(aws, event, name)
