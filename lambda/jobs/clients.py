"""The AWS clients of the handlers, and what their errors mean."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError  # noqa: A004

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

# A deploy of many models asks about all of them every few seconds; an error of `on_event` fails it.
_CONTROL_PLANE = Config(
    retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=5, read_timeout=20
)
# An endpoint answers within 60 s. Sent once: `is_complete` is called again anyway.
_RUNTIME = Config(
    retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=5, read_timeout=65
)


@dataclass(frozen=True)
class Clients:
    """What the custom resources talk to."""

    cloudformation: "CloudFormationClient"
    logs: "CloudWatchLogsClient"
    s3: "S3Client"
    sagemaker: "SageMakerClient"
    runtime: "SageMakerRuntimeClient"
    scaling: Any  # of Application Auto Scaling
    cloudwatch: Any
    ec2: Any

    @classmethod
    def connect(cls) -> "Clients":
        """Make the clients from the function's role and region."""
        return cls(
            cloudformation=boto3.client("cloudformation", config=_CONTROL_PLANE),
            logs=boto3.client("logs", config=_CONTROL_PLANE),
            s3=boto3.client("s3", config=_CONTROL_PLANE),
            sagemaker=boto3.client("sagemaker", config=_CONTROL_PLANE),
            runtime=boto3.client("sagemaker-runtime", config=_RUNTIME),
            scaling=boto3.client("application-autoscaling", config=_CONTROL_PLANE),
            cloudwatch=boto3.client("cloudwatch", config=_CONTROL_PLANE),
            ec2=boto3.client("ec2", config=_CONTROL_PLANE),
        )


def is_transient(error: Exception) -> bool:
    """Whether the same call may succeed a little later: throttled, unreachable, server's fault."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        code = error.response["Error"].get("Code", "")
        return status == 429 or status >= 500 or "Throttl" in code or code == "RequestLimitExceeded"
    return isinstance(error, ConnectionError | HTTPClientError)


def is_missing(error: ClientError) -> bool:
    """Whether SageMaker says that there is no such job or endpoint.

    Its reference has ResourceNotFound for that, but a ValidationException is what it answers:
    https://github.com/aws/aws-sdk/issues/165. Its text is "Requested resource not found." of a
    training job, "Could not find endpoint …" and "Could not find requested job …" of the others.
    """
    answer = error.response["Error"]
    if answer.get("Code") == "ValidationException":
        said = answer.get("Message", "").lower()
        return "resource not found" in said or "could not find" in said
    return answer.get("Code") == "ResourceNotFound"
