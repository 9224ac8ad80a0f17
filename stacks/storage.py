"""The app's data bucket: encrypted with its own key, versioned, TLS only, access logged."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct


class Storage(Construct):
    """`bucket` for training data and model artifacts, `key` that encrypts them.

    `bucket_arn` is the bucket's ARN as the other stacks import it.

    With `retain` both outlive the stack; without it the bucket is emptied and deleted with it and
    the key waits out the shortest time that KMS allows (7 days) before it is gone.
    """

    def __init__(self, scope: Construct, construct_id: str, *, retain: bool) -> None:
        super().__init__(scope, construct_id)
        removal_policy = RemovalPolicy.RETAIN if retain else RemovalPolicy.DESTROY
        self.key = kms.Key(
            self,
            "Key",
            description="Training data and model artifacts",
            enable_key_rotation=True,
            pending_window=Duration.days(7),
            removal_policy=removal_policy,
        )
        access_logs = s3.Bucket(
            self,
            "AccessLogs",
            # S3 delivers access logs to buckets encrypted with SSE-S3 only
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=Duration.days(90), noncurrent_version_expiration=Duration.days(7)
                )
            ],
            removal_policy=removal_policy,
            auto_delete_objects=not retain,
        )
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            server_access_logs_bucket=access_logs,
            lifecycle_rules=[
                s3.LifecycleRule(
                    noncurrent_version_expiration=Duration.days(30),
                    abort_incomplete_multipart_upload_after=Duration.days(7),
                )
            ],
            removal_policy=removal_policy,
            auto_delete_objects=not retain,
        )
        # exported here, so that other stacks know its name when they are built
        self.bucket_arn = Stack.of(self).export_value(self.bucket.bucket_arn)
