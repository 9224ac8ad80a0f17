"""What both kinds of host are given."""

from dataclasses import dataclass

from aws_cdk import aws_kms as kms

from environments.schema import Environment
from stacks.dev_host.security_group import HostSecurityGroup
from stacks.storage import Storage


@dataclass(frozen=True)
class HostParts:
    """The app that the host belongs to, and what its stack has made."""

    environment: Environment
    storage: Storage
    api: str
    """The id of the REST API."""
    key: kms.Key
    security_group: HostSecurityGroup
