"""The VPC of a job or a model: what of it must be there, and the interfaces that it has in it.

SageMaker makes them with the role of the job or the model, and removes them by itself some time
after that has gone: https://docs.aws.amazon.com/sagemaker/latest/dg/infrastructure-give-access.html
"""

import os
import time
from collections.abc import Iterable, Sequence

from botocore.exceptions import ClientError
from ministack.core.concurrency import spawn_background
from ministack.services import ec2

from local.faults import Faults
from local.patches import network_interfaces
from local.sagemaker.errors import invalid
from local.sagemaker.records import Record
from local.sagemaker.roles import RoleSession

LINGER_SECONDS = 2.0
"""For what takes AWS minutes; long enough for a deletion of their subnets to meet them."""


def assert_there(subnets: Iterable[str], groups: Iterable[str]) -> None:
    """Raise SageMakerError unless all of these exist, in one VPC; in EC2's words."""
    ec2._ensure_defaults_initialized()
    vpcs = set()
    for what, names, known in (
        ("subnet ID", subnets, ec2._subnets),
        ("security group", groups, ec2._security_groups),
    ):
        for name in names:
            if name not in known:
                raise invalid(f"The {what} '{name}' does not exist")
            vpcs.add(known[name]["VpcId"])
    if len(vpcs) > 1:
        raise invalid(
            f"The subnets and security groups of a VpcConfig must be of one VPC; they are of "
            f"{', '.join(sorted(vpcs))}"
        )


def attach(config: Record | None, role: RoleSession, what: str) -> list[str]:
    """Make a network interface in each subnet of a VpcConfig, if there is one; return their ids.

    Raises SageMakerError where the VPC is not there or the role may not.
    """
    if config is None:
        return []
    assert_there(config["Subnets"], config["SecurityGroupIds"])
    client = role.client("ec2")
    made: list[str] = []
    try:
        for subnet in config["Subnets"]:
            interface = client.create_network_interface(
                SubnetId=subnet, Groups=config["SecurityGroupIds"], Description=what
            )
            made.append(interface["NetworkInterface"]["NetworkInterfaceId"])
    except ClientError as error:
        _remove(made)
        raise invalid(f"Cannot make network interfaces: {error}") from error
    return made


def release(interfaces: Sequence[str]) -> None:
    """Remove interfaces a while later: nobody waits for it, but who deletes the VPC."""

    def linger() -> None:
        time.sleep(LINGER_SECONDS)
        _remove(interfaces)

    if times := Faults.of(os.environ).linger:
        network_interfaces.keep_until_listed(interfaces, times)
    elif interfaces:
        spawn_background(linger, thread_name="network interfaces")


def _remove(interfaces: Sequence[str]) -> None:
    for interface in interfaces:
        ec2._network_interfaces.pop(interface, None)
