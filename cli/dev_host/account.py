"""The account, with the clients that a dev host needs besides."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

from cli import local_aws
from cli.account import Account, session_of

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


@dataclass(frozen=True)
class HostAccount:
    """The clients of the dev host's commands."""

    account: Account
    ec2: Any
    secretsmanager: Any
    ssm: "SSMClient"

    @classmethod
    def connect(cls, region: str | None) -> "HostAccount":
        """Make the clients, as Account.connect does, with the same errors."""
        local_aws.assert_running()
        return cls.of(session_of(region))

    @classmethod
    def of(cls, session: boto3.Session) -> "HostAccount":
        """Make the clients of a session."""
        return cls(
            account=Account.of(session),
            ec2=session.client("ec2"),
            secretsmanager=session.client("secretsmanager"),
            ssm=session.client("ssm"),
        )
