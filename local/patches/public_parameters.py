"""Canonical's public parameters: every AMI of Ubuntu has an id."""

import hashlib
import re
from typing import Any

from ministack.core.responses import get_region
from ministack.services import ssm

_UBUNTU = re.compile(
    r"/aws/service/canonical/ubuntu/server/[a-z0-9.]+/stable/(current|[0-9.]+)/(amd64|arm64)/hvm/"
    r"ebs-gp[23]/ami-id"
)


def apply() -> None:
    """Let each such parameter be found."""
    public_parameter = ssm._public_parameter

    # MiniStack knows Amazon Linux's parameters only. The id is made up, and always the same: one
    # that changed would replace an instance.
    def parameter(name: str) -> Any:
        if not _UBUNTU.fullmatch(name):
            return public_parameter(name)
        return {
            "Name": name,
            "Type": "String",
            "Value": f"ami-0{hashlib.sha256(name.encode()).hexdigest()[:16]}",
            "Version": 1,
            "LastModifiedDate": 1728518400,
            "DataType": "aws:ec2:image",
            "ARN": f"arn:aws:ssm:{get_region()}::parameter{name}",
        }

    ssm._public_parameter = parameter
