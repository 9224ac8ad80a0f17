"""A SageMaker notebook instance in a private subnet, without root access."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from environments.dev_host import NotebookHost
from environments.schema import Environment
from stacks.dev_host.project_permissions import allow_project
from stacks.dev_host.security_group import HostSecurityGroup
from stacks.dev_host.stop_schedule import Stop
from stacks.permissions import allow
from stacks.storage import Storage


class Notebook(Construct):
    """The notebook instance, with a role for what the project's scripts do."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        settings: NotebookHost,
        storage: Storage,
        api: str,
        key: kms.Key,
        security_group: HostSecurityGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self._name = f"{environment.name}-dev-host"
        self._arn = stack.format_arn(
            service="sagemaker", resource="notebook-instance", resource_name=self._name
        )
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            description="The notebook instance, and who works on it",
        )
        allow(role, ["sagemaker:StopNotebookInstance"], self._arn)
        allow_project(role, environment=environment, storage=storage, api=api)
        notebook = sagemaker.CfnNotebookInstance(
            self,
            "Instance",
            notebook_instance_name=self._name,
            instance_type=settings.instance_type,
            volume_size_in_gb=settings.volume_size_gb,
            kms_key_id=key.key_arn,
            role_arn=role.role_arn,
            root_access="Disabled",
            direct_internet_access="Disabled",
            subnet_id=settings.subnet_id,
            security_group_ids=[security_group.ref],
            platform_identifier="notebook-al2023-v1",
            instance_metadata_service_configuration=sagemaker.CfnNotebookInstance.InstanceMetadataServiceConfigurationProperty(
                minimum_instance_metadata_service_version="2"
            ),
        )
        notebook.node.add_dependency(role)
        CfnOutput(stack, "NotebookInstanceName", value=self._name)

    @property
    def stop(self) -> Stop:
        """How the notebook instance is stopped."""
        return Stop(
            target="sagemaker:stopNotebookInstance",
            request=Stack.of(self).to_json_string({"NotebookInstanceName": self._name}),
            action="sagemaker:StopNotebookInstance",
            resource=self._arn,
        )
