"""Spot interruptions, internal errors and throttling, which SAGESTACK_FAULTS asks for."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.faults import Faults
from local.session import EmbeddedAWS
from tests.local.conftest import Account, push_debian
from tests.local.shell import model, shell_job, statuses, train

FAULTS = "throttle=3,interrupt=2,internal_error=1"
RETRY = {"RetryStrategy": {"MaximumRetryAttempts": 1}}
COUNT = (  # one more line in the checkpoint for each start; done at the third
    "trap exit TERM; echo started >> checkpoints/starts; cp checkpoints/starts model; "
    "[ $(wc -l < checkpoints/starts) -ge 3 ] || { sleep 50 & wait; }"
)


@pytest.fixture(scope="module", params=["process", "docker"])
def faulty(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Account]:
    """An account of an embedded AWS that makes faults, on each runner."""
    if request.param == "docker":
        request.getfixturevalue("docker_engine")
    settings = {"SAGESTACK_RUNNER": request.param, "SAGESTACK_FAULTS": FAULTS}
    with EmbeddedAWS(tmp_path_factory.mktemp("faulty"), settings=settings) as aws:
        account = Account(aws)
        if request.param == "docker":
            push_debian(aws)
        yield account


def spot(uri: str) -> dict[str, Any]:
    return {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 90},
        "CheckpointConfig": {"S3Uri": uri},
        **RETRY,
    }


def stored(account: Account, key: str) -> str:
    return str(account.s3.get_object(Bucket="iris", Key=key)["Body"].read().decode())


def test_an_interrupted_spot_job_goes_on_from_its_checkpoints(faulty: Account) -> None:
    job = train(faulty, "spot", COUNT, **spot("s3://iris/checkpoints/spot"))
    assert model(faulty, job) == {"starts": "started\n" * 3}
    assert stored(faulty, "checkpoints/spot/starts") == "started\n" * 3
    attempt = ["Starting", "Downloading", "Training"]
    assert statuses(job) == [
        *("Starting", "Downloading"),  # the internal error, and another attempt
        *(*attempt, "Interrupted", *attempt, "Interrupted", *attempt, "Uploading", "Completed"),
    ]
    assert job["BillableTimeInSeconds"] <= job["TrainingTimeInSeconds"]


def test_a_job_that_is_not_on_spot_instances_is_not_interrupted(faulty: Account) -> None:
    checkpoints = {"S3Uri": "s3://iris/checkpoints/kept", "LocalPath": "/opt/ml/own/place"}
    job = train(
        faulty,
        "on-demand",
        "echo one > own/place/one; sleep 2; cp -r own/place/. model",
        CheckpointConfig=checkpoints,
        **RETRY,
    )
    assert "Interrupted" not in statuses(job)
    assert stored(faulty, "checkpoints/kept/one") == "one\n"
    again = train(faulty, "again", "cp -r own/place/. model", CheckpointConfig=checkpoints, **RETRY)
    assert model(faulty, again) == {"one": "one\n"}


def test_an_internal_error_without_a_retry_fails_the_job(faulty: Account) -> None:
    job = train(faulty, "no-retry", "true")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("InternalServerError: ")


def test_a_retry_is_not_for_the_programs_own_failure(faulty: Account) -> None:
    retries = {"MaximumRetryAttempts": 3}
    job = train(faulty, "own-failure", "exit 4", RetryStrategy=retries)
    assert job["FailureReason"] == "AlgorithmError: , exit code: 4"
    assert statuses(job).count("Training") == 1


def test_a_spot_job_ends_when_it_has_waited_long_enough(faulty: Account) -> None:
    # Neither interruption comes: the program writes no checkpoint.
    job = train(
        faulty,
        "waited",
        "trap exit TERM; sleep 50 & wait",
        **spot("s3://iris/checkpoints/waited")
        | {"StoppingCondition": {"MaxRuntimeInSeconds": 2, "MaxWaitTimeInSeconds": 2}},
    )
    assert job["TrainingJobStatus"] == "Stopped"
    assert job["SecondaryStatus"] == "MaxWaitTimeExceeded"


def test_every_third_request_is_throttled(faulty: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    client = faulty.aws.client("sagemaker")
    codes = []
    for _ in range(6):
        try:
            client.list_training_jobs()
        except ClientError as error:
            codes.append(error.response["Error"]["Code"])
    assert codes == ["ThrottlingException"] * 2


@pytest.mark.parametrize("text", ["throtle=3", "throttle", "throttle=often", "interrupt=-1"])
def test_a_fault_that_does_not_exist_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="is none of"):
        Faults.of({"SAGESTACK_FAULTS": text})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"EnableManagedSpotTraining": True},
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to",
        ),
        (
            {
                "EnableManagedSpotTraining": True,
                "StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 59},
            },
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to",
        ),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60}},
            "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining",
        ),
        (
            {"CheckpointConfig": {"S3Uri": "s3://iris/a", "LocalPath": "/tmp/checkpoints"}},
            "CheckpointConfig.LocalPath /tmp/checkpoints is not a folder below /opt/ml",
        ),
    ],
)
def test_waits_and_checkpoints_that_cannot_be_are_refused(
    account: Account, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(ClientError, match=said):
        account.sagemaker.create_training_job(**shell_job(account, "refused", "true", **change))
