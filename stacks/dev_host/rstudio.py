"""An EC2 instance with RStudio Server, which Session Manager alone reaches."""

from aws_cdk import (
    CfnCreationPolicy,
    CfnOutput,
    CfnParameter,
    CfnResourceSignal,
    CfnTag,
    CfnWaitCondition,
    CfnWaitConditionHandle,
    RemovalPolicy,
    Stack,
)
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from environments.dev_host import RStudioHost
from stacks.acknowledge import acknowledge
from stacks.dev_host.host_role import RStudioRole
from stacks.dev_host.installation import Installation
from stacks.dev_host.parts import HostParts
from stacks.dev_host.stop_schedule import Stop

UBUNTU = "24.04"
IMAGE_CONTEXT = "sagestack:ubuntu-image"
"""The key of cdk.json's context that names Canonical's build of Ubuntu: a synth finds no other."""
INSTALLATION_MINUTES = 30
RSTUDIO_PORT = 8787


class RStudio(Construct):
    """The instance, complete when its login page answers and R loads every package.

    A change of what is installed makes a new instance, as the digest of it is in its logical id:
    the old one stays until the new one is complete, and for good if that fails. The user's files
    are on a volume of their own, which the new instance takes over.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, parts: HostParts, settings: RStudioHost
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        volume = self._volume(parts, settings)
        password = self._password(parts.key)
        role = RStudioRole(self, "Role", parts=parts, volume=volume, password=password)
        installation = Installation(
            app_name=parts.environment.name,
            region=stack.region,
            architecture=settings.architecture,
            settings={
                "region": stack.region,
                "volume_id": volume.ref,
                "secret_id": password.secret_arn,
                "idle_minutes": settings.idle_minutes,
            },
        )
        image_parameter = _image_parameter(
            self.node.get_context(IMAGE_CONTEXT), settings.architecture
        )
        digest = installation.digest(self, image_parameter, settings.subnet_id)
        handle = CfnWaitConditionHandle(self, f"Installed{digest}Handle")
        self.instance = self._instance(
            digest,
            parts=parts,
            settings=settings,
            image_parameter=image_parameter,
            role=role,
        )
        self.instance.add_metadata("AWS::CloudFormation::Init", installation.metadata())
        self.instance.user_data = installation.user_data(
            stack=stack,
            role=role.role_name,
            resource=stack.get_logical_id(self.instance),
            wait_condition=handle.ref,
        )
        # CloudFormation waits for the signal of the instance; that of the condition says why not
        signal = CfnResourceSignal(count=1, timeout=f"PT{INSTALLATION_MINUTES}M")
        self.instance.cfn_options.creation_policy = CfnCreationPolicy(resource_signal=signal)
        CfnWaitCondition(
            self,
            f"Installed{digest}",
            count=1,
            handle=handle.ref,
            # it starts to wait before the instance does
            timeout=str((INSTALLATION_MINUTES + 10) * 60),
        )
        self._add_outputs(password)

    @property
    def stop(self) -> Stop:
        """How the instance is stopped."""
        stack = Stack.of(self)
        return Stop(
            target="ec2:stopInstances",
            request=stack.to_json_string({"InstanceIds": [self.instance.ref]}),
            action="ec2:StopInstances",
            resource=stack.format_arn(
                service="ec2", resource="instance", resource_name=self.instance.ref
            ),
        )

    def _volume(self, parts: HostParts, settings: RStudioHost) -> ec2.CfnVolume:
        volume = ec2.CfnVolume(
            self,
            "Volume",
            availability_zone=settings.availability_zone,
            size=settings.volume_size_gb,
            volume_type="gp3",
            encrypted=True,
            kms_key_id=parts.key.key_arn,
            tags=[CfnTag(key="Name", value=f"{parts.environment.name}-dev-host")],
        )
        volume.apply_removal_policy(
            RemovalPolicy.RETAIN if parts.environment.retain_data else RemovalPolicy.DESTROY
        )
        acknowledge(volume, {"W3010": "A volume is of one zone, which is that of the subnet."})
        return volume

    def _password(self, key: kms.Key) -> secretsmanager.Secret:
        password = secretsmanager.Secret(
            self,
            "Password",
            description="The password of the user rstudio on the dev host",
            encryption_key=key,
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=24, exclude_punctuation=True
            ),
        )
        acknowledge(
            password,
            {
                "AwsSolutions-SMG4": "make dev-host-password rotates it; behind Session Manager it "
                "is the second lock, and a session of R must not end because it changed."
            },
        )
        return password

    def _instance(
        self,
        digest: str,
        *,
        parts: HostParts,
        settings: RStudioHost,
        image_parameter: str,
        role: iam.Role,
    ) -> ec2.CfnInstance:
        profile = iam.CfnInstanceProfile(self, "InstanceProfile", roles=[role.role_name])
        image = CfnParameter(
            self,
            "Image",
            type="AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
            description="Ubuntu of Canonical, the build that cdk.json names",
            default=image_parameter,
        )
        instance = ec2.CfnInstance(
            self,
            f"Instance{digest}",
            image_id=image.value_as_string,
            instance_type=settings.instance_type,
            iam_instance_profile=profile.ref,
            instance_initiated_shutdown_behavior="stop",
            metadata_options=ec2.CfnInstance.MetadataOptionsProperty(
                http_tokens="required",  # version 2 of the metadata service only
                http_put_response_hop_limit=2,  # containers on the host have the role as well
                instance_metadata_tags="disabled",
            ),
            network_interfaces=[
                ec2.CfnInstance.NetworkInterfaceProperty(
                    device_index="0",
                    associate_public_ip_address=False,
                    group_set=[parts.security_group.ref],
                    subnet_id=settings.subnet_id,
                )
            ],
            block_device_mappings=[
                ec2.CfnInstance.BlockDeviceMappingProperty(
                    device_name="/dev/sda1",
                    ebs=ec2.CfnInstance.EbsProperty(
                        encrypted=True,
                        kms_key_id=parts.key.key_arn,
                        volume_size=30,
                        volume_type="gp3",
                        delete_on_termination=True,
                    ),
                )
            ],
            propagate_tags_to_volume_on_creation=True,
            tags=[CfnTag(key="Name", value=f"{parts.environment.name}-dev-host")],
        )
        # the first boot already does what the role allows
        instance.node.add_dependency(role)
        acknowledge(
            instance,
            {
                "AwsSolutions-EC28": "Detailed monitoring costs, and nobody watches a host that "
                "one person works on.",
                "AwsSolutions-EC29": "Nothing is on the instance that a deploy does not make "
                "again; the user's files are on a volume of their own.",
            },
        )
        return instance

    def _add_outputs(self, password: secretsmanager.Secret) -> None:
        stack = Stack.of(self)
        CfnOutput(stack, "InstanceId", value=self.instance.ref)
        CfnOutput(stack, "PasswordSecret", value=password.secret_arn)
        ports = f'{{"portNumber":["{RSTUDIO_PORT}"],"localPortNumber":["{RSTUDIO_PORT}"]}}'
        CfnOutput(
            stack,
            "Connect",
            description=f"then open http://127.0.0.1:{RSTUDIO_PORT}",
            value=f"aws ssm start-session --region {stack.region} --target {self.instance.ref} "
            f"--document-name AWS-StartPortForwardingSession --parameters '{ports}'",
        )


def _image_parameter(build: str, architecture: str) -> str:
    """Return Canonical's public parameter of a build of Ubuntu.

    https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
    """
    return (
        f"/aws/service/canonical/ubuntu/server/{UBUNTU}/stable/{build}/"
        f"{architecture}/hvm/ebs-gp3/ami-id"
    )
