"""AWS::EC2::SecurityGroup: in a VPC that is there, and not deleted while anything is in it."""

import html
import re
from typing import Any

from ministack.services import ec2
from ministack.services.cloudformation import provisioners

from local.patches.network_interfaces import interfaces_of

Properties = dict[str, Any]


def apply() -> None:
    """Wrap the group's CloudFormation handlers, and DeleteSecurityGroup."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::EC2::SecurityGroup"]
    create, delete_group = handlers["create"], ec2._ACTION_MAP["DeleteSecurityGroup"]

    # MiniStack makes the group in a VPC that does not exist.
    def created(logical_id: str, props: Properties, stack_name: str) -> Any:
        ec2._ensure_defaults_initialized()
        vpc = props.get("VpcId", ec2._DEFAULT_VPC_ID)
        if vpc not in ec2._vpcs:
            raise ValueError(f"The vpc ID '{vpc}' does not exist (InvalidVpcID.NotFound)")
        return create(logical_id, props, stack_name)

    # MiniStack deletes a group that is in use.
    def delete_unused(p: Any) -> Any:
        group = ec2._p(p, "GroupId")
        if _used(group):
            return ec2._error(
                "DependencyViolation", f"resource {group} has a dependent object", 400
            )
        return delete_group(p)

    def deleted(physical_id: str, _props: Properties) -> None:
        if physical_id in ec2._security_groups:
            status, _headers, body = delete_unused({"GroupId": physical_id})
            if status >= 400:
                found = re.search(rb"<Message>(.*?)</Message>", body)
                raise ValueError(html.unescape(found[1].decode() if found else body.decode()))
            ec2._tags.pop(physical_id, None)

    handlers.update(create=created, delete=deleted)
    ec2._ACTION_MAP["DeleteSecurityGroup"] = delete_unused


def _used(group: str) -> bool:
    return bool(interfaces_of(group)) or any(
        instance["State"]["Name"] != "terminated"
        and group in [member["GroupId"] for member in instance["SecurityGroups"]]
        for instance in ec2._instances.values()
    )
