"""The [vpc] of an environment: where jobs and models run, in a VPC of the user's or of the app's.

https://docs.aws.amazon.com/sagemaker/latest/dg/infrastructure-give-access.html
"""

import ipaddress
from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_core import InitErrorDetails

from environments.dev_host import SubnetId
from workloads.schema.section import (
    Allowed,
    Section,
    Several,
    not_allowed,
    problem,
    raise_any,
    repeated,
)

SUBNETS = "a list of 1 to 16 subnets"
SECURITY_GROUPS = "a list of 1 to 5 security groups"
# A VPC has a block from /16 to /28, which six subnets share; SageMaker's guide wants two addresses
# for each instance, and each endpoint takes one.
CIDR = 'a block of private IPv4 addresses from /16 to /24, such as "10.0.0.0/16"'
_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))


def _is_private_block(cidr: str) -> str:
    try:
        block = ipaddress.IPv4Network(cidr)
    except ValueError:
        raise_any([not_allowed(cidr, CIDR)])
    else:
        private = any(block.subnet_of(each) for each in _PRIVATE if each.version == 4)
        if not private or not 16 <= block.prefixlen <= 24 or cidr != str(block):
            raise_any([not_allowed(cidr, CIDR)])
    return cidr


SecurityGroupId = Annotated[
    str, Field(pattern=r"^sg-[0-9a-f]{8,17}$"), Allowed('a security group, "sg-..."')
]
Zone = Annotated[
    str,
    Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$"),
    Allowed('an availability zone, such as "eu-west-1a"'),
]


class Vpc(Section):
    """A VPC that exists, by its subnets and security groups, or one that the app makes: `cidr`."""

    subnet_ids: Annotated[
        Several[SubnetId], Field(min_length=1, max_length=16), Allowed(SUBNETS)
    ] = ()
    security_group_ids: Annotated[
        Several[SecurityGroupId], Field(min_length=1, max_length=5), Allowed(SECURITY_GROUPS)
    ] = ()
    cidr: Annotated[str, AfterValidator(_is_private_block), Allowed(CIDR)] | None = None
    """The addresses of a VPC that the app makes, without a way to the internet."""
    availability_zones: Annotated[
        Several[Zone],
        # "at least two subnets in different availability zones", even for one instance:
        # https://docs.aws.amazon.com/sagemaker/latest/dg/host-vpc.html
        Field(min_length=2, max_length=6),
        Allowed("a list of 2 to 6 availability zones"),
    ] = ()
    """Where that VPC has a subnet; empty for the first two that CloudFormation finds."""

    @field_validator("subnet_ids", "security_group_ids", "availability_zones")
    @classmethod
    def _are_unique(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        raise_any(repeated(values))
        return values

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        raise_any(self._contradictions())
        return self

    def _contradictions(self) -> Iterator[InitErrorDetails]:
        exists = bool(self.subnet_ids or self.security_group_ids)
        if self.cidr is not None and exists:
            there = "only without subnet_ids and security_group_ids, which are of a VPC that exists"
            yield not_allowed(self.cidr, there, "cidr")
        elif self.cidr is None and not exists:
            yield problem(
                "found no VPC; allowed: cidr, of one that the app makes, or subnet_ids and "
                "security_group_ids, of one that exists"
            )
        elif self.cidr is None:
            if not self.subnet_ids:
                yield problem(f"missing; allowed: {SUBNETS}", "subnet_ids")
            if not self.security_group_ids:
                yield problem(f"missing; allowed: {SECURITY_GROUPS}", "security_group_ids")
        if self.availability_zones and self.cidr is None:
            there = "only with cidr: subnets that exist have their zones"
            yield not_allowed(list(self.availability_zones), there, "availability_zones")
