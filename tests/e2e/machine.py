"""A dev host whose machine runs in Docker, as the tests and its user get at it."""

import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.deployment import Deployment
from local.session import EmbeddedAWS
from tests.e2e.conftest import silent
from tests.e2e.dev_host import STACK


@dataclass
class Host:
    """A copy of the project whose environment has a dev host."""

    root: Path
    aws: EmbeddedAWS
    deployment: Deployment
    mirror: Path

    def deploy(self) -> None:
        self.deployment.synth(silent)
        self.deployment.deploy(silent, STACK)

    @property
    def instance(self) -> str:
        """The id of the stack's instance."""
        return self.deployment.output(STACK, "InstanceId")

    @property
    def url(self) -> str:
        """Where its RStudio is, in the place of Session Manager's tunnel."""
        tags = {tag["Key"]: tag["Value"] for tag in self.described()["Tags"]}
        return str(tags["sagestack:rstudio-url"])

    def described(self, instance: str | None = None) -> Any:
        """DescribeInstances' answer."""
        answer = self.aws.client("ec2").describe_instances(InstanceIds=[instance or self.instance])
        return answer["Reservations"][0]["Instances"][0]

    def tried(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the machine, as root, whatever it ends with."""
        return subprocess.run(
            ["docker", "exec", self.instance, *command],
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *command: str) -> str:
        """Run a command on the machine, as root; what it prints."""
        done = self.tried(*command)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def is_active(self, unit: str) -> bool:
        """Whether systemd has a unit running."""
        return self.tried("systemctl", "is-active", unit).stdout.strip() == "active"

    def password(self) -> str:
        """What the secret holds."""
        secret = self.deployment.output(STACK, "PasswordSecret")
        answer = self.aws.client("secretsmanager").get_secret_value(SecretId=secret)
        return str(answer["SecretString"])

    def logs_in(self, password: str) -> bool:
        """Whether RStudio takes the password."""
        form = urllib.parse.urlencode({"username": "rstudio", "password": password}).encode()
        with pytest.raises(urllib.error.HTTPError) as answer:
            _Unredirected.open(f"{self.url}/auth-do-sign-in", form, timeout=60)
        assert answer.value.code == 302
        return "error" not in answer.value.headers["Location"]

    def login_page(self) -> str:
        with urllib.request.urlopen(f"{self.url}/auth-sign-in", timeout=60) as answer:
            return str(answer.read().decode())

    def edit(self, path: str, old: str, new: str) -> None:
        file = self.root / path
        text = file.read_text()
        assert text.count(old) == 1
        file.write_text(text.replace(old, new))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_Unredirected = urllib.request.build_opener(_NoRedirect)


def until(condition: Callable[[], bool], seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.5)
