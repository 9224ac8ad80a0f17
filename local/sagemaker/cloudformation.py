"""AWS::SageMaker::Model, EndpointConfig and Endpoint for MiniStack's CloudFormation.

As in the types' schemas: Ref is the ARN; on Model and EndpointConfig every change but one of tags
is a replacement, on Endpoint only one of EndpointName.
"""

import secrets
import string
import time

from botocore.model import StructureShape
from ministack.services.cloudformation import provisioners, stacks

from local.sagemaker import records, tags
from local.sagemaker.errors import SageMakerError
from local.sagemaker.records import Record
from local.sagemaker.service import SageMaker
from local.sagemaker.validation import from_template, service_model

_POLL_SECONDS = 0.2
_UPDATE_ONLY = (
    "ExcludeRetainedVariantProperties",
    "RetainAllVariantProperties",
    "RetainDeploymentConfig",
)
_NAME_CHARACTERS = string.ascii_letters + string.digits

Created = tuple[str, Record]


def register(service: SageMaker) -> None:
    """Add the three types."""
    add(
        {
            "AWS::SageMaker::Model": ResourceType(service, "Model", records.models),
            "AWS::SageMaker::EndpointConfig": ResourceType(
                service, "EndpointConfig", records.endpoint_configs
            ),
            "AWS::SageMaker::Endpoint": EndpointType(service, "Endpoint", records.endpoints),
        }
    )


def add(types: dict[str, "ResourceType"]) -> None:
    """Add types, which may wait for S3 and for containers: off the event loop."""
    for name, handler in types.items():
        provisioners._RESOURCE_HANDLERS[name] = {
            "create": handler.create,
            "update": handler.update,
            "delete": handler.delete,
        }
        provisioners._REPLACING_PROPERTIES[name] = handler.replacing
        # An update that replaces a resource with a fixed name fails, as on AWS.
        provisioners._CUSTOM_NAME_REPLACEMENT[name] = {"name": handler.name_property}
        provisioners._STACK_TAG_PROPERTY[name] = ("Tags", "list")
    runs_on_worker_thread = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda name: name in types or runs_on_worker_thread(name)


class ResourceType:
    """A type whose resource is replaced by every change but one of its tags."""

    def __init__(self, service: SageMaker, kind: str, store: records.Store) -> None:
        self.name_property = f"{kind}Name"
        self._service = service
        self._kind = kind
        self._store = store

    @property
    def replacing(self) -> tuple[str, ...]:
        """The properties whose change replaces the resource."""
        shape = service_model().operation_model(f"Create{self._kind}").input_shape
        assert isinstance(shape, StructureShape)
        return tuple(name for name in shape.members if name != "Tags")

    def create(self, logical_id: str, props: Record, _stack_name: str) -> Created:
        """Create the resource under its name or a generated one."""
        request = from_template(f"Create{self._kind}", props)
        request.setdefault(self.name_property, _generated_name(logical_id))
        answer = self._service.call(f"Create{self._kind}", request)
        return self._created(answer[f"{self._kind}Arn"])

    def update(self, physical_id: str, old: Record, new: Record, _stack_name: str) -> Created:
        """Change the tags: all that is not a replacement."""
        kept = {tag["Key"] for tag in new.get("Tags", [])}
        gone = [tag["Key"] for tag in old.get("Tags", []) if tag["Key"] not in kept]
        tags.delete_tags({"ResourceArn": physical_id, "TagKeys": gone})
        tags.put(physical_id, new.get("Tags", []))
        return self._created(physical_id)

    def delete(self, physical_id: str, _props: Record) -> None:
        """Delete the resource, if it is still there."""
        if name := self._name(physical_id):
            self._service.call(f"Delete{self._kind}", {self.name_property: name})

    def _created(self, arn: str) -> Created:
        return arn, {self.name_property: self._name(arn), "Id": arn, f"{self._kind}Arn": arn}

    def _name(self, arn: str) -> str | None:
        for name, record in self._store.items():
            if record[f"{self._kind}Arn"] == arn:
                return str(name)
        return None


class EndpointType(ResourceType):
    """An endpoint, which is waited for and which is updated in place."""

    @property
    def replacing(self) -> tuple[str, ...]:
        """See ResourceType.replacing."""
        return ("EndpointName",)

    def create(self, logical_id: str, props: Record, stack_name: str) -> Created:
        """Create the endpoint and wait until it is in service."""
        request = from_template("UpdateEndpoint", _without(props, "Tags"))
        request.pop("EndpointName", None)
        for update_only in _UPDATE_ONLY:
            request.pop(update_only, None)
        named = {name: props[name] for name in ("EndpointName", "Tags") if name in props}
        arn, attributes = super().create(logical_id, request | named, stack_name)
        try:
            self._wait(arn)
        except SageMakerError:
            # CloudFormation deletes what it could not create; MiniStack would leave it.
            self.delete(arn, props)
            raise
        return arn, attributes

    def update(self, physical_id: str, old: Record, new: Record, stack_name: str) -> Created:
        """Change tags, and the configuration with UpdateEndpoint; wait until it is in service.

        An update that SageMaker rolled back ends in service too, on the old configuration: like
        CloudFormation, this does not tell.
        """
        created = super().update(physical_id, old, new, stack_name)
        if _without(old, "Tags") != _without(new, "Tags"):
            request = from_template("UpdateEndpoint", _without(new, "Tags"))
            request["EndpointName"] = self._name(physical_id)
            self._service.call("UpdateEndpoint", request)
            self._wait(physical_id)
        return created

    def delete(self, physical_id: str, props: Record) -> None:
        """Delete the endpoint and wait until it is gone."""
        super().delete(physical_id, props)
        while self._name(physical_id):
            time.sleep(_POLL_SECONDS)

    def _wait(self, arn: str) -> None:
        name = self._name(arn)
        while (described := self._service.call("DescribeEndpoint", {"EndpointName": name}))[
            "EndpointStatus"
        ] != "InService":
            if described["EndpointStatus"] == "Failed":
                raise SageMakerError("GeneralServiceException", described["FailureReason"])
            time.sleep(_POLL_SECONDS)


def _without(props: Record, *names: str) -> Record:
    return {name: value for name, value in props.items() if name not in names}


def _generated_name(logical_id: str) -> str:
    suffix = "".join(secrets.choice(_NAME_CHARACTERS) for _ in range(12))
    return f"{logical_id[:50]}-{suffix}"
