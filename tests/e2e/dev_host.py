"""The dev host as the tests stand in for it: its project's folder, and the role of its machine."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from environments.dev_host_downloads import Download, downloads
from local.cdk_cli import ROOT
from local.session import EmbeddedAWS
from tests.e2e.conftest import APP, App

STACK = f"{APP}-dev-host"
SETTINGS = """
[dev_host]
kind = "{kind}"
vpc_id = "{VpcId}"
subnet_id = "{SubnetId}"
"""
RSTUDIO = """
accept_agpl = true
availability_zone = "{AvailabilityZone}"
volume_size_gb = 10
"""


def settings(aws: EmbeddedAWS, kind: str = "rstudio") -> str:
    """The settings of a host in the embedded AWS's own network."""
    text = SETTINGS + (RSTUDIO if kind == "rstudio" else "")
    return text.format(kind=kind, **aws.client("ec2").describe_subnets()["Subnets"][0])


def lock(root: Path, checksum: Callable[[Download], str]) -> None:
    """Lock what a host downloads, as make lock-downloads does what it fetches."""
    lines = (f"{checksum(download)}  {download.url}\n" for download in downloads("amd64"))
    (root / "dev_host" / "downloads.lock").write_text("".join(lines))


def add_host(app: App, kind: str = "rstudio") -> None:
    """Ask for a host in the app's environment; where no machine runs, nothing is downloaded."""
    (app.root / "environments" / "default.toml").write_text(settings(app.aws, kind))
    lock(app.root, lambda _: "0" * 64)


def statements(app: App) -> list[dict[str, Any]]:
    """The statements of the deployed host's role."""
    role = _role(app)
    iam = app.aws.client("iam")
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    found: list[dict[str, Any]] = document["Statement"]
    return found


def resources(aws: EmbeddedAWS, kind: str) -> dict[str, str]:
    """The physical ids of the stack's resources of a type, by their logical ids."""
    described = aws.client("cloudformation").describe_stack_resources(StackName=STACK)
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in described["StackResources"]
        if resource["ResourceType"] == kind
    }


def _role(app: App) -> str:
    roles = resources(app.aws, "AWS::IAM::Role")
    (role,) = (role for name, role in roles.items() if "Schedule" not in name)
    return role


@dataclass(frozen=True)
class Host:
    """The project's folder on a machine with a role."""

    app: App
    folder: Path
    credentials: dict[str, str]

    @classmethod
    def deployed(cls, app: App, folders: pytest.TempPathFactory) -> Self:
        """The deployed host, with its own role."""
        return cls._of(app, folders, _role(app))

    @classmethod
    def made(
        cls,
        app: App,
        folders: pytest.TempPathFactory,
        role: str,
        statements: list[dict[str, Any]],
    ) -> Self:
        """A host whose role of that name has these statements."""
        iam = app.aws.client("iam")
        ec2 = {"Service": "ec2.amazonaws.com"}
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": ec2}
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=_policy([trust]))
        iam.put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=_policy(statements))
        return cls._of(app, folders, role)

    @classmethod
    def _of(cls, app: App, folders: pytest.TempPathFactory, role: str) -> Self:
        arn = app.aws.client("iam").get_role(RoleName=role)["Role"]["Arn"]
        # the metadata service gives the credentials of a machine, of which there is none here
        assumed = app.aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="host")
        folder = folders.mktemp(role) / "project"
        shutil.copytree(ROOT / "dev_host" / "project", folder)
        return cls(
            app,
            folder,
            {
                "AWS_ACCESS_KEY_ID": assumed["Credentials"]["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": assumed["Credentials"]["SecretAccessKey"],
                "AWS_SESSION_TOKEN": assumed["Credentials"]["SessionToken"],
            },
        )

    def started(self, script: str, *words: str, **environment: str) -> subprocess.Popen[str]:
        """Start a script as a user does."""
        return subprocess.Popen(
            ["Rscript", script, *words],
            cwd=self.folder,
            env={
                **self.app.aws.environment(),
                **self.credentials,
                # Ubuntu's own, with python3-boto3, on the host
                "RETICULATE_PYTHON": sys.executable,
                **environment,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script to its end."""
        with self.started(script, *words, **environment) as process:
            try:
                printed, said = process.communicate(timeout=300)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return subprocess.CompletedProcess(process.args, process.returncode, printed, said)

    def holds(self, script: str, *words: str) -> str:
        """Run a script, which has to end well; what it printed."""
        done = self.run(script, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stderr == ""
        return done.stdout

    def refuses(self, script: str, *words: str, **environment: str) -> str:
        """Run a script, which has to fail; the one line that says why."""
        done = self.run(script, *words, **environment)
        assert done.returncode == 1, done.stdout + done.stderr
        (line,) = done.stderr.splitlines()
        assert "Traceback" not in done.stdout
        return line


def _policy(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
