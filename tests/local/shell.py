"""Training jobs whose program is a shell script: the same one natively and in Docker."""

import io
import tarfile
from typing import Any

from tests.local.conftest import IMAGE, Account, settled


def shell_job(account: Account, name: str, script: str, **change: Any) -> dict[str, Any]:
    """A request whose program runs `script` (512 characters at most) in its /opt/ml."""
    algorithm = {
        "TrainingImage": IMAGE,
        "TrainingInputMode": "File",
        "ContainerEntrypoint": ["/bin/sh", "-ec"],
        "ContainerArguments": ['cd "${SAGEMAKER_BASE_DIR:-/opt/ml}"; eval "$SCRIPT"'],
        **change.pop("AlgorithmSpecification", {}),
    }
    return account.job(
        name, AlgorithmSpecification=algorithm, Environment={"SCRIPT": script}, **change
    )


def train(account: Account, name: str, script: str, **change: Any) -> dict[str, Any]:
    """Run a job to its end."""
    account.sagemaker.create_training_job(**shell_job(account, name, script, **change))
    return account.ended(name)


def until_training(account: Account, name: str) -> None:
    """Wait until a job's containers are there, and its programs are started."""
    settled(
        lambda: account.sagemaker.describe_training_job(TrainingJobName=name),
        lambda job: job["SecondaryStatus"] == "Training",
    )


def model(account: Account, job: dict[str, Any]) -> dict[str, str]:
    """The files of a job's artifact."""
    assert job["TrainingJobStatus"] in ("Completed", "Stopped"), job["FailureReason"]
    bucket, _, key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://").partition("/")
    body = account.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        files = {member.name: tar.extractfile(member) for member in tar if member.isfile()}
        return {name: file.read().decode() for name, file in files.items() if file}


def statuses(job: dict[str, Any]) -> list[str]:
    """A job's secondary statuses, one after the other."""
    return [transition["Status"] for transition in job["SecondaryStatusTransitions"]]


def channel(name: str, uri: str, **members: Any) -> dict[str, Any]:
    """A channel of an S3 prefix; S3DataType and S3DataDistributionType can be given."""
    source = {"S3DataType": "S3Prefix", "S3Uri": uri}
    for member in ("S3DataType", "S3DataDistributionType"):
        if member in members:
            source[member] = members.pop(member)
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **members}
