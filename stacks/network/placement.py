"""Where jobs and models run: the subnets and security groups that SageMaker is told."""

from collections.abc import Sequence
from dataclasses import dataclass

from environments.vpc import Vpc


@dataclass(frozen=True)
class Placement:
    """The subnets and security groups of a VPC, which exist or are the network stack's."""

    subnet_ids: Sequence[str]
    security_group_ids: Sequence[str]

    @classmethod
    def existing(cls, vpc: Vpc | None) -> "Placement | None":
        """Return those that the settings name; None without a VPC, or with one yet to be made."""
        if vpc is None or vpc.cidr is not None:
            return None
        return cls(vpc.subnet_ids, vpc.security_group_ids)
