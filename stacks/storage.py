"""The app's data bucket: encrypted with its own key, versioned, TLS only, access logged."""

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.log_groups import endpoint_log_group_name


class Storage(Construct):
    """`bucket` for training data and model artifacts, `key` that encrypts them.

    The key also encrypts the volumes of jobs and endpoints, and what the app's log groups keep.
    `bucket_arn` is the bucket's ARN as the other stacks import it.

    With `retain` both outlive the stack; without it the bucket is emptied and deleted with it and
    the key waits out the shortest time that KMS allows (7 days) before it is gone.
    """

    def __init__(self, scope: Construct, construct_id: str, *, app_name: str, retain: bool) -> None:
        super().__init__(scope, construct_id)
        removal_policy = RemovalPolicy.RETAIN if retain else RemovalPolicy.DESTROY
        self.key = kms.Key(
            self,
            "Key",
            description="Training data, model artifacts, volumes and logs",
            enable_key_rotation=True,
            pending_window=Duration.days(7),
            removal_policy=removal_policy,
        )
        self._allow_logs(app_name)
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

    def _allow_logs(self, app_name: str) -> None:
        """Allow CloudWatch Logs the key, for the log groups of this app only.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        """
        stack = Stack.of(self)
        names = (
            f"{app_name}-*",  # those that CloudFormation names, after their stacks
            f"{endpoint_log_group_name(app_name)}-*",
            "API-Gateway-Execution-Logs_*",  # with the API's id, made up after the key
        )
        groups = [
            stack.format_arn(
                service="logs",
                resource="log-group",
                resource_name=name,
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            )
            for name in names
        ]
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(f"logs.{stack.region}.{stack.url_suffix}")],
                actions=[
                    "kms:Decrypt",
                    "kms:DescribeKey",
                    "kms:Encrypt",
                    "kms:GenerateDataKey*",
                    "kms:ReEncrypt*",
                ],
                resources=["*"],  # of a key's policy: the key itself
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
            )
        )
