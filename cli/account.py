"""The account that the app is deployed to: AWS, or the embedded AWS by AWS_ENDPOINT_URL."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from cli import local_aws
from cli.problems import InputError
from workloads.schema.workload import RESERVED_NAMES

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
        """Make the clients, with the caller's own region where none is given.

        Raises NoRegionError if there is none either, InputError if it is an embedded AWS that has
        ended.
        """
        local_aws.assert_running()
        return cls.of(session_of(region))

    @classmethod
    def of(cls, session: boto3.Session) -> "Account":
        """Make the clients of a session."""
        return cls(
            cloudformation=session.client("cloudformation", config=_CONFIG),
            logs=session.client("logs", config=_CONFIG),
            s3=session.client("s3", config=_CONFIG),
            sagemaker=session.client("sagemaker", config=_CONFIG),
        )

    def workloads(self, app: str) -> list[str]:
        """Name the app's workloads that have a stack, whatever its status."""
        # another app's name may begin with this one's, but its tag is its own
        pages = self.cloudformation.get_paginator("describe_stacks").paginate()
        names = (
            stack["StackName"].removeprefix(f"{app}-")
            for page in pages
            for stack in page["Stacks"]
            if stack["StackName"].startswith(f"{app}-")
            and {"Key": "app", "Value": app} in stack.get("Tags", [])
        )
        return sorted(name for name in names if name not in RESERVED_NAMES)

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


def assert_credentials(region: str | None) -> None:
    """Ask AWS who is calling, which the CDK finds out only after its synth.

    Raises NoCredentialsError, NoRegionError or InputError like Account.connect, ClientError if the
    credentials have expired.
    """
    local_aws.assert_running()
    session_of(region).client("sts").get_caller_identity()


def session_of(region: str | None) -> boto3.Session:
    """Find a region where the CDK and other tools do; boto3 itself does not read AWS_REGION."""
    return boto3.Session(region_name=region or os.environ.get("AWS_REGION") or None)
