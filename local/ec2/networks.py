"""CloudFormation's types of a private network that MiniStack does not have, as in their references.

AWS::EC2::FlowLog, AWS::EC2::SecurityGroupIngress and AWS::EC2::SecurityGroupEgress: every property
but the description and the tags replaces them.
"""

import secrets
from typing import Any

from ministack.services import ec2
from ministack.services.cloudformation import provisioners

from local.ec2.errors import EC2Error
from local.ec2.machines import Record

FLOW_LOG = "AWS::EC2::FlowLog"
RULES = {
    "AWS::EC2::SecurityGroupIngress": "IpPermissions",
    "AWS::EC2::SecurityGroupEgress": "IpPermissionsEgress",
}
"""The types, with the member of a group that holds its rules of the kind."""
_RULE = (
    *("CidrIp", "CidrIpv6", "DestinationPrefixListId", "DestinationSecurityGroupId", "FromPort"),
    *("GroupId", "IpProtocol", "SourcePrefixListId", "SourceSecurityGroupId", "ToPort"),
)
_FLOW_LOG = (
    *("DeliverLogsPermissionArn", "LogDestination", "LogDestinationType", "LogGroupName"),
    *("ResourceId", "ResourceType", "TrafficType"),
)

Created = tuple[str, Record]


def register() -> None:
    """Add the types."""
    provisioners._RESOURCE_HANDLERS[FLOW_LOG] = {
        "create": _create_flow_log,
        "update": _update_flow_log,
        "delete": _delete_flow_log,
    }
    provisioners._REPLACING_PROPERTIES[FLOW_LOG] = _FLOW_LOG
    provisioners._STACK_TAG_PROPERTY[FLOW_LOG] = ("Tags", "list")
    for kind, member in RULES.items():
        rule = _Rule(member)
        provisioners._RESOURCE_HANDLERS[kind] = {
            "create": rule.create,
            "update": rule.update,
            "delete": rule.delete,
        }
        provisioners._REPLACING_PROPERTIES[kind] = _RULE


class _Rule:
    """A rule of a security group that is a resource of its own."""

    def __init__(self, member: str) -> None:
        self._member = member

    def create(self, _logical_id: str, props: Record, _stack_name: str) -> Created:
        """Add the rule to its group. Raises EC2Error unless that is there."""
        group = ec2._security_groups.get(props["GroupId"])
        if group is None:
            raise EC2Error(
                "InvalidGroup.NotFound", f"The security group '{props['GroupId']}' does not exist"
            )
        group[self._member].extend(provisioners._ec2_sg_permissions([props]))
        rule_id = f"sgr-0{secrets.token_hex(8)}"
        return rule_id, {"Id": rule_id}

    def update(self, physical_id: str, old: Record, new: Record, stack_name: str) -> Created:
        """Change the description."""
        self.delete(physical_id, old)
        self.create("", new, stack_name)
        return physical_id, {"Id": physical_id}

    def delete(self, _physical_id: str, props: Record) -> None:
        """Take the rule out of its group, if both are still there."""
        group = ec2._security_groups.get(props["GroupId"], {})
        (rule,) = provisioners._ec2_sg_permissions([props])
        if rule in group.get(self._member, []):
            group[self._member].remove(rule)


def _create_flow_log(_logical_id: str, props: Record, _stack_name: str) -> Created:
    """Begin to log what flows. Raises EC2Error unless the VPC is there."""
    if props["ResourceId"] not in ec2._vpcs:
        raise EC2Error(
            "InvalidVpcId.NotFound", f"The vpc ID '{props['ResourceId']}' does not exist"
        )
    flow_log = f"fl-0{secrets.token_hex(8)}"
    ec2._flow_logs[flow_log] = {
        "FlowLogId": flow_log,
        "FlowLogStatus": "ACTIVE",
        "CreationTime": ec2._now_ts(),
        "TrafficType": "ALL",
        "LogDestinationType": "cloud-watch-logs",
        **{member: props[member] for member in _FLOW_LOG if member in props},
    }
    ec2._tags[flow_log] = list(props.get("Tags", []))
    return flow_log, {"Id": flow_log}


def _update_flow_log(physical_id: str, _old: Record, new: Record, _stack_name: str) -> Created:
    """Change the tags."""
    ec2._tags[physical_id] = list(new.get("Tags", []))
    return physical_id, {"Id": physical_id}


def _delete_flow_log(physical_id: str, _props: Any) -> None:
    """End it, if it is still there."""
    ec2._flow_logs.pop(physical_id, None)
    ec2._tags.pop(physical_id, None)
