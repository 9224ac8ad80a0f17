"""What the constructs of a workload share, and how they name things and places alike."""

from dataclasses import dataclass
from typing import Any

from environments.schema import Environment
from stacks.channels import Channels
from stacks.container_images import ContainerImages
from stacks.job_role import JobRole
from stacks.network.placement import Placement
from stacks.storage import Storage
from stacks.update_check import UpdateCheck
from workloads.schema import Model, Workload
from workloads.schema.local_disks import takes_key


@dataclass(frozen=True)
class WorkloadParts:
    """The settings of a workload, its data and images, and what it shares with the others."""

    environment: Environment
    workload: Workload
    storage: Storage
    channels: Channels
    images: ContainerImages
    service_token: str
    """Of the provider that runs jobs."""
    update_check: UpdateCheck
    """Every job follows it, and so does the endpoint."""
    placement: Placement | None
    """Where jobs and models run; None for SageMaker's own VPC."""

    @property
    def endpoint_name(self) -> str:
        """The name of the endpoint that serves the workload."""
        return self.workload.endpoint_name(self.environment.name)

    def job_prefix(self, model: str, *use: str) -> str:
        """Return what the names of a model's jobs begin with."""
        return "-".join((self.environment.name, self.workload.name, model, *use))

    def folder(self, *path: str) -> str:
        """Return the prefix of keys at `path` of the workload's part of the data bucket."""
        return "/".join((self.workload.name, *path))

    def uri(self, *path: str) -> str:
        """Return the S3 URI of that prefix."""
        return self.storage.bucket.s3_url_for_object(self.folder(*path))

    @property
    def tags(self) -> list[dict[str, str]]:
        """The tags of every job, by which the clean-up knows this app's."""
        return [{"Key": key, "Value": value} for key, value in self.environment.all_tags.items()]

    @property
    def vpc_config(self) -> dict[str, Any] | None:
        """The VpcConfig of every job; None when none is asked for."""
        if self.placement is None:
            return None
        return {
            "Subnets": list(self.placement.subnet_ids),
            "SecurityGroupIds": list(self.placement.security_group_ids),
        }

    def volume_key(self, instance_type: str, role: JobRole) -> str | None:
        """Return the key of a job's volume, which `role` may then use; None where none is taken."""
        if not takes_key(instance_type):
            return None
        role.encrypt_volumes(self.storage)
        return self.storage.key.key_arn

    def grant_read_artifact(self, role: JobRole, name: str, model: Model) -> None:
        """Allow `role` to read the model.tar.gz of a model, wherever that was trained."""
        if model.artifact is not None:
            role.read_uri(model.artifact)
            role.decrypt(self.storage.key.key_arn)  # of what `make train` made
        else:
            role.read(self.storage, self.folder("models", name))
