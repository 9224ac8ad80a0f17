"""What the API's function may do for requests that are answered later: S3 and the endpoint."""

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from stacks.async_inference import FOLDER
from stacks.permissions import allow
from stacks.storage import Storage

_BECAUSE = "Each workload has a folder of its own, and comes and goes without a deploy of the API."


def allow_answering_later(role: iam.Role, app: str, storage: Storage) -> None:
    """Allow `role` to store requests, to have them answered, and to fetch the answers."""
    for kind, actions in (
        ("input/api", ["s3:PutObject"]),
        ("requests", ["s3:GetObject", "s3:PutObject"]),
        ("output", ["s3:GetObject"]),
        ("failures", ["s3:GetObject"]),
    ):
        allow(role, actions, f"{storage.bucket_arn}/*/{FOLDER}/{kind}/*", because=_BECAUSE)
    # without it S3 says of an answer that is not there yet that it is forbidden:
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
    allow(
        role,
        ["s3:ListBucket"],
        storage.bucket_arn,
        when={"StringLike": {"s3:prefix": f"*/{FOLDER}/*"}},
    )
    storage.key.grant(role, "kms:Decrypt", "kms:GenerateDataKey")
    allow(
        role,
        ["sagemaker:InvokeEndpointAsync"],
        Stack.of(role).format_arn(
            service="sagemaker", resource="endpoint", resource_name=f"{app}-*"
        ),
        because=_BECAUSE,
    )
