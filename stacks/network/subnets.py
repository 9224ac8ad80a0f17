"""A VPC with private subnets: no gateway to the internet, no NAT, one route table."""

import ipaddress
from itertools import islice

from aws_cdk import CfnTag, Fn
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from environments.vpc import Vpc

ZONES = 2
"""How many zones it is in unless they are named: what hosting wants at least."""


class PrivateSubnets(Construct):
    """`vpc`, and the ids of a subnet in each zone; `route_table` is what all of them go by.

    From there the only ways are to each other and to the endpoints that are added. Zones that are
    not named are found by CloudFormation, as a synth looks nothing up.
    """

    def __init__(self, scope: Construct, construct_id: str, *, name: str, settings: Vpc) -> None:
        super().__init__(scope, construct_id)
        tags = [CfnTag(key="Name", value=name)]
        self.cidr = str(settings.cidr)
        self.vpc = ec2.CfnVPC(
            self,
            "Vpc",
            cidr_block=self.cidr,
            # the names of AWS's services lead to the endpoints (their private DNS)
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=tags,
        )
        self.route_table = ec2.CfnRouteTable(self, "Routes", vpc_id=self.vpc.ref, tags=tags)
        zones = settings.availability_zones or [Fn.select(at, Fn.get_azs()) for at in range(ZONES)]
        blocks = _blocks(self.cidr, len(zones))
        self.subnet_ids = [
            self._subnet(f"Subnet{at}", zone, block, tags)
            for at, (zone, block) in enumerate(zip(zones, blocks, strict=True), start=1)
        ]

    def _subnet(self, construct_id: str, zone: str, block: str, tags: list[CfnTag]) -> str:
        subnet = ec2.CfnSubnet(
            self,
            construct_id,
            vpc_id=self.vpc.ref,
            availability_zone=zone,
            cidr_block=block,
            map_public_ip_on_launch=False,
            tags=tags,
        )
        ec2.CfnSubnetRouteTableAssociation(
            self,
            f"{construct_id}Routes",
            subnet_id=subnet.ref,
            route_table_id=self.route_table.ref,
        )
        return subnet.ref


def _blocks(cidr: str, count: int) -> list[str]:
    """Cut so many equal parts of a block, as large as powers of two let them be."""
    parts = ipaddress.IPv4Network(cidr).subnets(prefixlen_diff=(count - 1).bit_length())
    return [str(part) for part in islice(parts, count)]
