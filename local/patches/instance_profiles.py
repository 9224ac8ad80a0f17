"""AWS::IAM::InstanceProfile: Ref is the profile's name."""

from typing import Any

from ministack.services import iam
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]


def apply() -> None:
    """Wrap the profile's CloudFormation handlers, whose physical id is the ARN."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::IAM::InstanceProfile"]
    create, update, delete = handlers["create"], handlers["update"], handlers["delete"]

    # With the ARN for a name, an instance of the same template has an invalid IamInstanceProfile.
    def created(logical_id: str, props: Properties, stack_name: str) -> Any:
        arn, attributes = create(logical_id, props, stack_name)
        return arn.rpartition("/")[2], attributes

    def updated(name: str, *changed: Any) -> Any:
        arn, attributes = update(_arn(name), *changed)
        return arn.rpartition("/")[2], attributes

    handlers.update(
        create=created, update=updated, delete=lambda name, props: delete(_arn(name), props)
    )


def _arn(name: str) -> str:
    profile = iam._instance_profiles.get(name)
    return str(profile["Arn"]) if profile else ""
