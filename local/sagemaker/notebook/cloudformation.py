"""AWS::SageMaker::NotebookInstance and NotebookInstanceLifecycleConfig, as in their references.

Ref is the ARN. CloudFormation stops an instance to change it, or to delete it.
"""

import time

from botocore.model import StructureShape

from local.sagemaker import records
from local.sagemaker.cloudformation import Created, ResourceType, add
from local.sagemaker.errors import SageMakerError
from local.sagemaker.records import Record
from local.sagemaker.service import SageMaker
from local.sagemaker.validation import from_template, service_model

_POLL_SECONDS = 0.05
_DISASSOCIATE = {
    "LifecycleConfigName": "DisassociateLifecycleConfig",
    "AcceleratorTypes": "DisassociateAcceleratorTypes",
    "DefaultCodeRepository": "DisassociateDefaultCodeRepository",
    "AdditionalCodeRepositories": "DisassociateAdditionalCodeRepositories",
}


def register(service: SageMaker) -> None:
    """Add the two types."""
    add(
        {
            "AWS::SageMaker::NotebookInstance": NotebookInstanceType(
                service, "NotebookInstance", records.notebook_instances
            ),
            "AWS::SageMaker::NotebookInstanceLifecycleConfig": LifecycleConfigType(
                service, "NotebookInstanceLifecycleConfig", records.lifecycle_configs
            ),
        }
    )


class LifecycleConfigType(ResourceType):
    """A lifecycle configuration, whose scripts change in place."""

    @property
    def replacing(self) -> tuple[str, ...]:
        """See ResourceType.replacing."""
        return (self.name_property,)

    def update(self, physical_id: str, old: Record, new: Record, stack_name: str) -> Created:
        """Change the scripts and the tags."""
        created = super().update(physical_id, old, new, stack_name)
        scripts: Record = {hook: new[hook] for hook in ("OnCreate", "OnStart") if hook in new}
        request = from_template(f"Update{self._kind}", scripts)
        self._service.call(
            f"Update{self._kind}", {**request, self.name_property: self._name(physical_id)}
        )
        return created


class NotebookInstanceType(ResourceType):
    """A notebook instance, which is waited for."""

    @property
    def replacing(self) -> tuple[str, ...]:
        """See ResourceType.replacing."""
        return (
            *("DirectInternetAccess", "KmsKeyId", "NotebookInstanceName", "PlatformIdentifier"),
            *("SecurityGroupIds", "SubnetId"),
        )

    def create(self, logical_id: str, props: Record, stack_name: str) -> Created:
        """Create the notebook instance and wait until it is in service."""
        arn, attributes = super().create(logical_id, props, stack_name)
        self._wait(arn, "InService")
        return arn, attributes

    def update(self, physical_id: str, old: Record, new: Record, stack_name: str) -> Created:
        """Change the tags; for all else stop it, change it and start it again if it ran."""
        created = super().update(physical_id, old, new, stack_name)
        name = self._name(physical_id)
        shape = service_model().operation_model("UpdateNotebookInstance").input_shape
        assert isinstance(shape, StructureShape)
        changed = {
            member: new[member]
            for member in shape.members
            if member in new and new[member] != old.get(member)
        }
        for member, switch in _DISASSOCIATE.items():
            if member in old and member not in new:
                changed[switch] = True
        if changed:
            ran = self._stop(physical_id)
            request = from_template("UpdateNotebookInstance", changed)
            self._service.call("UpdateNotebookInstance", {**request, self.name_property: name})
            self._wait(physical_id, "Stopped")
            if ran:
                self._service.call("StartNotebookInstance", {self.name_property: name})
                self._wait(physical_id, "InService")
        return created

    def delete(self, physical_id: str, props: Record) -> None:
        """Stop the notebook instance, delete it and wait until it is gone."""
        if not self._name(physical_id):
            return
        self._stop(physical_id)
        super().delete(physical_id, props)
        self._wait(physical_id, "")

    def _created(self, arn: str) -> Created:
        name = self._name(arn)
        return arn, {"NotebookInstanceName": name, "Id": name, "NotebookInstanceArn": arn}

    def _stop(self, arn: str) -> bool:
        """Stop the notebook instance; whether it ran."""
        while (status := self._status(arn)) not in ("InService", "Stopped", "Failed"):
            time.sleep(_POLL_SECONDS)
        if status == "InService":
            self._service.call("StopNotebookInstance", {self.name_property: self._name(arn)})
            self._wait(arn, "Stopped")
        return status == "InService"

    def _wait(self, arn: str, wanted: str) -> None:
        while (status := self._status(arn)) != wanted:
            if not status:
                raise SageMakerError("ValidationException", "RecordNotFound")
            time.sleep(_POLL_SECONDS)

    def _status(self, arn: str) -> str:
        """Return the status, empty for one that is gone."""
        notebook = self._store.get(self._name(arn))
        return str(notebook["NotebookInstanceStatus"]) if notebook else ""
