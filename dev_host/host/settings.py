"""What CloudFormation says of this host: its stack writes the file."""

import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Self

FILE = Path("/etc/sagestack/dev-host.json")
USER = "rstudio"
HOME = Path("/home", USER)
_METADATA = "http://169.254.169.254/latest"


@dataclass(frozen=True)
class Settings:
    """The settings of a dev host."""

    region: str
    volume_id: str
    """Of the EBS volume that holds HOME."""
    secret_id: str
    """Of the secret that holds the password of USER."""
    idle_minutes: int
    r_packages: tuple[str, ...]
    """R's packages that Ubuntu's install, in lower case as those name them."""

    @classmethod
    def load(cls, path: Path = FILE) -> Self:
        """Read them from the file that cfn-init wrote."""
        settings = json.loads(path.read_text())
        return cls(**settings | {"r_packages": tuple(settings["r_packages"])})


def instance_id() -> str:
    """Ask the instance metadata service, by its version 2, which instance this is."""
    token = urllib.request.Request(
        f"{_METADATA}/api/token",
        method="PUT",
        headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"},
    )
    with urllib.request.urlopen(token, timeout=5) as answer:
        headers = {"X-aws-ec2-metadata-token": answer.read().decode()}
    identifier = urllib.request.Request(f"{_METADATA}/meta-data/instance-id", headers=headers)
    with urllib.request.urlopen(identifier, timeout=5) as answer:
        return str(answer.read().decode())
