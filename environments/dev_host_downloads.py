"""What a dev host downloads from elsewhere than Ubuntu's archives, by version and checksum.

dev_host/downloads.lock has the SHA-256 of each file, in sha256sum's own format;
`make lock-downloads` fetches them all and writes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEV_HOST = Path(__file__).resolve().parent.parent / "dev_host"
LOCK = DEV_HOST / "downloads.lock"

RSTUDIO_VERSION = "2026.01.1-403"
# 2.0-31 is the first that runs with Ubuntu 24.04's Python, 2.0-39 needs no setuptools to run:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/releasehistory-aws-cfn-bootstrap.html
HELPERS_VERSION = "2.0-39"


@dataclass(frozen=True)
class Download:
    """A file of an exact version."""

    name: str
    url: str

    @property
    def sha256(self) -> str:
        """The checksum that it must have. Raises KeyError if none is known."""
        return locked()[self.url]


def locked(path: Path = LOCK) -> Mapping[str, str]:
    """Return the SHA-256 of each URL of the lock file."""
    return {
        url: checksum for checksum, url in (line.split() for line in path.read_text().splitlines())
    }


def rstudio_server(architecture: str) -> Download:
    """RStudio Server; Ubuntu 24.04 takes the build for 22.04 (jammy), as Posit says."""
    file = f"rstudio-server-{RSTUDIO_VERSION}-{architecture}.deb"
    return Download(
        "RStudio Server", f"https://download2.rstudio.org/server/jammy/{architecture}/{file}"
    )


def helper_scripts() -> Download:
    """CloudFormation's cfn-init and cfn-signal, which Ubuntu does not have."""
    file = f"aws-cfn-bootstrap-py3-{HELPERS_VERSION}.tar.gz"
    return Download(
        "CloudFormation's helper scripts",
        f"https://s3.amazonaws.com/cloudformation-examples/{file}",
    )


def downloads(architecture: str) -> tuple[Download, ...]:
    """Return all that a host of the architecture downloads."""
    return helper_scripts(), rstudio_server(architecture)


ALL = (helper_scripts(), rstudio_server("amd64"), rstudio_server("arm64"))
