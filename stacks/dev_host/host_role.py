"""The role of the RStudio host: what its services need, and what the project's scripts do."""

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.dev_host.parts import HostParts
from stacks.dev_host.project_permissions import allow_project
from stacks.permissions import allow


class RStudioRole(iam.Role):
    """For EC2 alone. It has no policy of AWS's: that for Session Manager reads every parameter."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parts: HostParts,
        volume: ec2.CfnVolume,
        password: secretsmanager.Secret,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
            description="The dev host, and who works on it",
        )
        self._allow_session_manager()
        self._allow_installation()
        self._allow_volume(parts, volume)
        allow(self, ["secretsmanager:GetSecretValue"], password.secret_arn)
        # of the password, and of the volume that it attaches
        parts.key.grant(
            self, "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"
        )
        self._allow_pulling(parts.environment.name)
        allow_project(self, parts)

    def _allow_session_manager(self) -> None:
        """Allow Session Manager's agent what it needs for sessions, and no more.

        https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
        """
        allow(
            self,
            [
                "ssm:UpdateInstanceInformation",
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ],
            "*",
            because="The channels of Session Manager are no resources.",
        )

    def _allow_installation(self) -> None:
        """Allow cfn-init to read what to install, and cfn-signal to tell how it ended."""
        stack = Stack.of(self)
        allow(
            self,
            ["cloudformation:DescribeStackResource", "cloudformation:SignalResource"],
            stack.format_arn(
                service="cloudformation",
                resource="stack",
                resource_name=f"{stack.stack_name}/*",
            ),
            because="A stack's ARN ends in an id that CloudFormation makes up.",
        )

    def _allow_volume(self, parts: HostParts, volume: ec2.CfnVolume) -> None:
        """Allow taking the volume over from the host before, which is stopped for that."""
        stack = Stack.of(self)
        of_this_app = {"StringEquals": {"ec2:ResourceTag/app": parts.environment.name}}
        instances = stack.format_arn(service="ec2", resource="instance", resource_name="*")
        of_the_instances = "An instance that replaces another knows neither id before."
        moves = ["ec2:AttachVolume", "ec2:DetachVolume"]
        allow(
            self,
            [*moves, "ec2:StopInstances"],
            instances,
            when=of_this_app,
            because=of_the_instances,
        )
        allow(
            self,
            moves,
            stack.format_arn(service="ec2", resource="volume", resource_name=volume.ref),
        )
        allow(
            self,
            ["ec2:DescribeInstances", "ec2:DescribeVolumes"],
            "*",
            because="Neither action takes a resource.",
        )
        # EBS uses the key in the name of who attaches the volume
        self.add_to_policy(
            iam.PolicyStatement(
                actions=["kms:CreateGrant"],
                resources=[parts.key.key_arn],
                conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
            )
        )

    def _allow_pulling(self, app: str) -> None:
        """Allow Docker on the host to pull the images that the app's jobs run."""
        allow(
            self,
            ["ecr:GetAuthorizationToken"],
            "*",
            because="The action takes no resource: the pull itself is bound to the app's images.",
        )
        allow(
            self,
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            Stack.of(self).format_arn(
                service="ecr", resource="repository", resource_name=f"{app}/*"
            ),
            because="Each container has a repository of its own below the app's name.",
        )
