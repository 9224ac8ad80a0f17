"""Training jobs, by boto3 against the running server."""

import io
import json
import tarfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import IMAGE, Account
from tests.local.shell import statuses


@pytest.fixture(scope="module")
def completed(account: Account) -> dict[str, Any]:
    return account.train("completed", HyperParameters={"degree": "2"}, Environment={"LEVEL": "3"})


def test_a_job_goes_through_the_states_of_sagemaker(completed: dict[str, Any]) -> None:
    assert completed["TrainingJobStatus"] == "Completed"
    assert statuses(completed) == [
        "Starting",
        "Downloading",
        "Training",
        "Uploading",
        "Completed",
    ]
    assert completed["TrainingTimeInSeconds"] >= 1


def test_the_artifact_is_the_models_folder_below_the_output_path(
    account: Account, completed: dict[str, Any]
) -> None:
    uri = completed["ModelArtifacts"]["S3ModelArtifacts"]
    assert uri == "s3://iris/models/completed/output/model.tar.gz"
    body = account.s3.get_object(Bucket="iris", Key="models/completed/output/model.tar.gz")["Body"]
    with tarfile.open(fileobj=io.BytesIO(body.read())) as tar:
        assert tar.getnames() == ["model.json"]
        file = tar.extractfile("model.json")
        assert file is not None
        model = json.load(file)
    assert model["settings"] == {"degree": "2"}
    assert model["environment"]["LEVEL"] == "3"


def test_a_program_sees_nothing_of_the_servers_credentials(
    account: Account, completed: dict[str, Any]
) -> None:
    key = completed["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://iris/")
    body = account.s3.get_object(Bucket="iris", Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        file = tar.extractfile("model.json")
        assert file is not None
        environment = json.load(file)["environment"]
    assert not [name for name in environment if name.startswith(("AWS_", "MINISTACK_"))]


def test_the_output_is_in_cloudwatch_and_gives_the_final_metrics(
    account: Account, completed: dict[str, Any]
) -> None:
    assert 'channels {"train": ["iris.csv"]}' in account.log("/aws/sagemaker/TrainingJobs")
    (metric,) = completed["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("rmse", 0.25)


def test_a_failed_job_tells_its_own_reason(account: Account) -> None:
    job = account.train("failing", HyperParameters={"do": "fail"})
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"] == "AlgorithmError: column Sepal.Length is missing, exit code: 1"
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == ""


def test_a_stopped_job_keeps_the_model_that_it_has(account: Account) -> None:
    account.sagemaker.create_training_job(**account.job("stopped", HyperParameters={"do": "wait"}))
    account.until_logged("/aws/sagemaker/TrainingJobs", "stopped", "waiting")
    account.sagemaker.stop_training_job(TrainingJobName="stopped")
    job = account.ended("stopped")
    assert job["TrainingJobStatus"] == "Stopped"
    assert statuses(job)[-2:] == ["Stopping", "Stopped"]
    assert job["ModelArtifacts"]["S3ModelArtifacts"].endswith("/stopped/output/model.tar.gz")


def test_a_job_is_stopped_after_its_max_runtime(account: Account) -> None:
    job = account.train(
        "too-long",
        HyperParameters={"do": "wait"},
        StoppingCondition={"MaxRuntimeInSeconds": 1},
    )
    assert job["TrainingJobStatus"] == "Stopped"
    assert job["SecondaryStatus"] == "MaxRuntimeExceeded"


def refusal(account: Account, name: str, **change: Any) -> str:
    with pytest.raises(ClientError) as raised:
        account.sagemaker.create_training_job(**account.job(name, **change))
    error = raised.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def test_a_name_can_be_used_once(account: Account, completed: dict[str, Any]) -> None:
    said = refusal(account, "completed")
    assert said.startswith("ResourceInUse: ")
    assert completed["TrainingJobArn"] in said


def test_a_channel_without_objects_is_refused(account: Account) -> None:
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://iris/nothing"}}
    said = refusal(
        account, "empty", InputDataConfig=[{"ChannelName": "train", "DataSource": source}]
    )
    assert 'No S3 objects found under S3 URL "s3://iris/nothing"' in said


def test_a_role_that_does_not_trust_sagemaker_is_refused(account: Account) -> None:
    said = refusal(account, "no-role", RoleArn="arn:aws:iam::000000000000:role/nobody")
    assert "Could not assume role arn:aws:iam::000000000000:role/nobody" in said


def test_an_image_that_is_not_there_fails_the_job(account: Account) -> None:
    algorithm = {"TrainingImage": IMAGE.replace(":1", ":2"), "TrainingInputMode": "File"}
    job = account.train("no-image", AlgorithmSpecification=algorithm)
    assert job["FailureReason"] == f"ClientError: image {IMAGE.replace(':1', ':2')} does not exist"


def test_a_deleted_job_is_gone_and_its_name_free(account: Account) -> None:
    account.train("deleted", Tags=[{"Key": "a", "Value": "b"}])
    arn = account.sagemaker.describe_training_job(TrainingJobName="deleted")["TrainingJobArn"]
    assert account.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    account.sagemaker.delete_training_job(TrainingJobName="deleted")
    with pytest.raises(ClientError, match="Requested resource not found"):
        account.sagemaker.describe_training_job(TrainingJobName="deleted")
    assert account.train("deleted")["TrainingJobStatus"] == "Completed"


def test_a_job_that_ended_cannot_be_stopped(account: Account, completed: dict[str, Any]) -> None:
    with pytest.raises(ClientError, match="the training job is in status Completed"):
        account.sagemaker.stop_training_job(TrainingJobName=completed["TrainingJobName"])
