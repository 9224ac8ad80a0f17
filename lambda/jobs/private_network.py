"""Custom::SageMakerPrivateNetwork: what a VPC of the app's own needs beside its resources.

ResourceProperties: DefaultSecurityGroupId, of the VPC; SecurityGroupId, of its jobs and models.

A VPC's default group lets its members talk to each other and to everybody: here it loses its rules.
S3PrefixListId of the Data is for a rule of the other group. A Delete waits until that has no
network interface any more: SageMaker removes its own some time after what they were for.
"""

from typing import Any

from jobs.clients import Clients
from jobs.events import Accepted, Event, Progress, ResourceError, log


def on_event(event: Event, clients: Clients) -> Accepted:
    """Close the default group; there is nothing to start for a Delete."""
    if event["RequestType"] == "Delete":
        return {}
    properties = event["ResourceProperties"]
    _close(properties["DefaultSecurityGroupId"], clients.ec2)
    return {"PhysicalResourceId": f"{properties['SecurityGroupId']}-private"}


def is_complete(event: Event, clients: Clients) -> Progress:
    """Whether, after a Delete, no network interface is left; else which prefix list is S3's."""
    if event["RequestType"] != "Delete":
        return {"IsComplete": True, "Data": {"S3PrefixListId": _s3_prefix_list(clients.ec2)}}
    left = _interfaces(event["ResourceProperties"]["SecurityGroupId"], clients.ec2)
    log(event, "network interfaces are left", interfaces=left)
    return {"IsComplete": not left}


def _close(group_id: str, ec2: Any) -> None:
    (group,) = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    if rules := group["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=rules)
    if rules := group["IpPermissionsEgress"]:
        ec2.revoke_security_group_egress(GroupId=group_id, IpPermissions=rules)


def _s3_prefix_list(ec2: Any) -> str:
    name = f"com.amazonaws.{ec2.meta.region_name}.s3"
    filters = [{"Name": "prefix-list-name", "Values": [name]}]
    for found in ec2.describe_prefix_lists(Filters=filters)["PrefixLists"]:
        return str(found["PrefixListId"])
    raise ResourceError(f"EC2 has no prefix list {name}, by which a rule allows S3")


def _interfaces(group_id: str, ec2: Any) -> list[str]:
    pages = ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=[{"Name": "group-id", "Values": [group_id]}]
    )
    return [each["NetworkInterfaceId"] for page in pages for each in page["NetworkInterfaces"]]
