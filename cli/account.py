"""The account that the app is deployed to: AWS, or the embedded AWS by AWS_ENDPOINT_URL."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from cli.problems import InputError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient

# Somebody may follow a job for hours: a throttled call must not end that.
_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 8})


@dataclass(frozen=True)
class Account:
    """The clients of the commands."""

    cloudformation: "CloudFormationClient"
    logs: "CloudWatchLogsClient"
    s3: "S3Client"
    sagemaker: "SageMakerClient"

    @classmethod
    def connect(cls, region: str | None) -> "Account":
        """Make the clients, with the region of the caller's profile where none is given.

        Raises NoRegionError if there is none either.
        """
        session = boto3.Session(region_name=region)
        return cls(
            cloudformation=session.client("cloudformation", config=_CONFIG),
            logs=session.client("logs", config=_CONFIG),
            s3=session.client("s3", config=_CONFIG),
            sagemaker=session.client("sagemaker", config=_CONFIG),
        )

    def outputs(self, stack: str) -> dict[str, str]:
        """Return the outputs of a deployed stack. Raises InputError if it is not deployed."""
        try:
            (described,) = self.cloudformation.describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            raise InputError(
                f"there is no stack {stack}: deploy it first, with make deploy"
            ) from error
        outputs = {
            output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])
        }
        if not outputs:
            status = described["StackStatus"]
            raise InputError(f"the stack {stack} is in {status}: deploy it first, with make deploy")
        return outputs

    def key(self, stack: str) -> str:
        """Return the id of the stack's only KMS key."""
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        (key,) = (
            resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == "AWS::KMS::Key"
        )
        return key
