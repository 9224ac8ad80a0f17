"""The roles that SageMaker takes on, granted what one model's job or endpoint needs."""

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from environments.schema import Environment
from stacks.permissions import allow
from stacks.storage import Storage


class JobRole(iam.Role):
    """A role for SageMaker alone, under the path /<app>/ whose roles the job provider may pass."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        description: str,
        log_group: str,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            path=f"/{environment.name}/",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description=description,
        )
        self.log_to(log_group)
        allow(
            self,
            ["cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"],
            "*",
            because="Neither action takes a resource: the pull itself is bound to one repository.",
        )
        if environment.vpc is not None:
            self._allow_network_interfaces()

    def log_to(self, log_group: str) -> None:
        """Allow writing to a group of SageMaker's, and making it."""
        arn = Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{log_group}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        allow(
            self,
            [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ],
            arn,
            because="SageMaker names the streams of the group.",
        )

    def _allow_network_interfaces(self) -> None:
        """Allow what SageMaker's guide asks of a role whose job runs in a VPC."""
        allow(
            self,
            [
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ],
            "*",
            because="EC2 knows the interfaces' ids only once SageMaker has made them.",
        )

    def read(self, storage: Storage, prefix: str) -> None:
        """Allow reading the app's objects below `prefix`, and listing them."""
        self._read(storage.bucket_arn, f"{prefix}/")
        storage.key.grant(self, "kms:Decrypt")

    def read_uri(self, s3_uri: str) -> None:
        """Allow reading what an `s3://bucket/prefix` of the user's names, and listing it."""
        bucket, _, prefix = s3_uri.removeprefix("s3://").partition("/")
        self._read(
            Stack.of(self).format_arn(service="s3", region="", account="", resource=bucket), prefix
        )

    def decrypt(self, key_arn: str) -> None:
        """Allow reading what the user's own key has encrypted."""
        allow(self, ["kms:Decrypt"], key_arn)

    def write(self, storage: Storage, prefix: str) -> None:
        """Allow writing objects below `prefix`, encrypted with the app's key.

        OutputDataConfig.KmsKeyId asks for kms:Encrypt beside what S3 itself needs:
        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_OutputDataConfig.html
        """
        allow(
            self,
            ["s3:AbortMultipartUpload", "s3:PutObject"],
            f"{storage.bucket_arn}/{prefix}/*",
            because="SageMaker names what it puts below this prefix only when it writes it.",
        )
        storage.key.grant(self, "kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey")

    def encrypt_volumes(self, storage: Storage) -> None:
        """Allow what SageMaker asks of a role whose volumes the app's key encrypts.

        EC2 uses the key by a grant, which SageMaker makes in the role's name; the policy of the
        key leaves it to IAM who may. Of who starts a job or makes an endpoint it is asked as well,
        where the role may not:
        https://docs.aws.amazon.com/sagemaker/latest/dg/api-permissions-reference.html
        """
        storage.key.grant(self, "kms:CreateGrant")

    def _read(self, bucket_arn: str, prefix: str) -> None:
        allow(
            self,
            ["s3:GetObject"],
            f"{bucket_arn}/{prefix}*",
            because="A channel or an artifact is all the objects below its prefix; which of its "
            "bucket, only a manifest says.",
        )
        allow(
            self,
            ["s3:ListBucket"],
            bucket_arn,
            when={"StringLike": {"s3:prefix": f"{prefix}*"}},
        )
