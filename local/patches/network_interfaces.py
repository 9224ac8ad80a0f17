"""Network interfaces: listed by their groups, and in the way of who deletes their subnet."""

from collections.abc import Sequence
from typing import Any

from ministack.services import ec2
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]

_LISTINGS = "ListingsLeft"
"""How often an interface is still listed, where that is limited."""


def apply() -> None:
    """Replace DescribeNetworkInterfaces; wrap the handlers of subnets and VPC endpoints."""
    ec2._ACTION_MAP["DescribeNetworkInterfaces"] = _describe
    subnets = provisioners._RESOURCE_HANDLERS["AWS::EC2::Subnet"]
    subnets["delete"] = _deleting_unused(subnets["delete"])
    endpoints = provisioners._RESOURCE_HANDLERS["AWS::EC2::VPCEndpoint"]
    endpoints["create"] = _where_it_can_be(endpoints["create"])


def interfaces_of(group: str) -> list[str]:
    """Return the interfaces that are in a security group."""
    return [
        interface["NetworkInterfaceId"]
        for interface in ec2._network_interfaces.values()
        if group in [member["GroupId"] for member in interface["Groups"]]
    ]


def keep_until_listed(interfaces: Sequence[str], times: int) -> None:
    """Remove interfaces when they have been listed so often."""
    for name in interfaces:
        if interface := ec2._network_interfaces.get(name):
            interface[_LISTINGS] = times


# MiniStack answers with all, whatever the filters.
def _describe(p: Any) -> Any:
    ids, filters = ec2._parse_member_list(p, "NetworkInterfaceId"), ec2._parse_filters(p)
    found = [
        interface
        for interface in ec2._network_interfaces.values()
        if (not ids or interface["NetworkInterfaceId"] in ids)
        and all(_meets(interface, name, values) for name, values in filters.items())
    ]
    shown = "".join(map(ec2._eni_fields_xml, found))
    for interface in found:
        if _LISTINGS in interface:
            interface[_LISTINGS] -= 1
            if not interface[_LISTINGS]:
                ec2._network_interfaces.pop(interface["NetworkInterfaceId"], None)
    return ec2._xml(
        200,
        "DescribeNetworkInterfacesResponse",
        f"<networkInterfaceSet>{shown}</networkInterfaceSet>",
    )


def _meets(interface: dict[str, Any], name: str, values: list[str]) -> bool:
    known = {
        "group-id": [member["GroupId"] for member in interface["Groups"]],
        "subnet-id": [interface["SubnetId"]],
        "vpc-id": [interface["VpcId"]],
    }
    return bool(set(known[name]) & set(values))


# MiniStack deletes a subnet that is in use.
def _deleting_unused(delete: Any) -> Any:
    def deleted(physical_id: str, props: Properties) -> None:
        if any(i["SubnetId"] == physical_id for i in ec2._network_interfaces.values()):
            raise ValueError(
                f"The subnet '{physical_id}' has dependencies and cannot be deleted. "
                "(DependencyViolation)"
            )
        delete(physical_id, props)

    return deleted


# MiniStack makes an endpoint of any name in any VPC.
def _where_it_can_be(create: Any) -> Any:
    def created(logical_id: str, props: Properties, stack_name: str) -> Any:
        for what, given, known in (
            ("vpc", [props["VpcId"]], ec2._vpcs),
            ("routeTable", props.get("RouteTableIds", []), ec2._route_tables),
            ("subnet", props.get("SubnetIds", []), ec2._subnets),
            ("security group", props.get("SecurityGroupIds", []), ec2._security_groups),
        ):
            for name in given:
                if name not in known:
                    raise ValueError(f"The {what} ID '{name}' does not exist")
        service = props["ServiceName"].split(".", 3)[-1]
        if service not in (*ec2._VPCE_GATEWAY_SERVICES, *ec2._VPCE_INTERFACE_SERVICES):
            raise ValueError(
                f"The Vpc Endpoint Service '{props['ServiceName']}' does not exist "
                "(InvalidServiceName)"
            )
        return create(logical_id, props, stack_name)

    return created
