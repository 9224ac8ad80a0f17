"""A SageMaker notebook instance in a private subnet, without root access."""

import base64
import gzip
from collections.abc import Mapping

from aws_cdk import CfnOutput, Fn, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from environments.dev_host import NotebookHost
from environments.dev_host_downloads import DEV_HOST
from environments.schema import Environment
from stacks.dev_host.parts import HostParts
from stacks.dev_host.project_permissions import allow_project
from stacks.dev_host.stop_schedule import Stop
from stacks.permissions import allow

_SCRIPTS = DEV_HOST / "notebook"


class Notebook(Construct):
    """The notebook instance, with a role for what the project's scripts do.

    Its volume, /home/ec2-user/SageMaker, is SageMaker's, which keeps it while the instance exists.
    The project's scripts are not on it: compressed they are more than a lifecycle script may have.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, parts: HostParts, settings: NotebookHost
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        self._name = f"{parts.environment.name}-dev-host"
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
        allow_project(role, parts)
        lifecycle = self._lifecycle(parts.environment, settings)
        notebook = sagemaker.CfnNotebookInstance(
            self,
            "Instance",
            notebook_instance_name=self._name,
            instance_type=settings.instance_type,
            volume_size_in_gb=settings.volume_size_gb,
            kms_key_id=parts.key.key_arn,
            role_arn=role.role_arn,
            root_access="Disabled",
            direct_internet_access="Disabled",
            subnet_id=settings.subnet_id,
            security_group_ids=[parts.security_group.ref],
            lifecycle_config_name=lifecycle.attr_notebook_instance_lifecycle_config_name,
            platform_identifier="notebook-al2023-v1",
            instance_metadata_service_configuration=sagemaker.CfnNotebookInstance.InstanceMetadataServiceConfigurationProperty(
                minimum_instance_metadata_service_version="2"
            ),
        )
        notebook.node.add_dependency(role)
        CfnOutput(stack, "NotebookInstanceName", value=self._name)

    def _lifecycle(
        self, environment: Environment, settings: NotebookHost
    ) -> sagemaker.CfnNotebookInstanceLifecycleConfig:
        """Return the scripts of its creation and of each start, with what the latter is told."""
        idle_stop = gzip.compress((_SCRIPTS / "idle_stop.py").read_bytes(), mtime=0)
        assignments = {
            "APP": environment.name,
            "REGION": Stack.of(self).region,
            "NOTEBOOK": self._name,
            "IDLE_MINUTES": str(settings.idle_minutes),
            "IDLE_STOP": base64.b64encode(idle_stop).decode(),
        }
        return sagemaker.CfnNotebookInstanceLifecycleConfig(
            self,
            "Lifecycle",
            on_create=[_hook("on-create.sh", {})],
            on_start=[_hook("on-start.sh", assignments)],
        )

    @property
    def stop(self) -> Stop:
        """How the notebook instance is stopped."""
        return Stop(
            target="sagemaker:stopNotebookInstance",
            request=Stack.of(self).to_json_string({"NotebookInstanceName": self._name}),
            action="sagemaker:StopNotebookInstance",
            resource=self._arn,
        )


def _hook(
    script: str, assignments: Mapping[str, str]
) -> sagemaker.CfnNotebookInstanceLifecycleConfig.NotebookInstanceLifecycleHookProperty:
    """Return a script of dev_host/notebook, with assignments below its first line."""
    shebang, _, body = (_SCRIPTS / script).read_text().partition("\n")
    lines = [f"{name}='{value}'" for name, value in assignments.items()]
    return sagemaker.CfnNotebookInstanceLifecycleConfig.NotebookInstanceLifecycleHookProperty(
        content=Fn.base64("\n".join([shebang, *lines, body]))
    )
