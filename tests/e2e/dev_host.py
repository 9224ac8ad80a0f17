"""The dev host as the tests stand in for it: its project's folder, and the role of its machine."""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from local.cdk_cli import ROOT
from tests.e2e.conftest import APP, App


def permissions(app: App) -> list[dict[str, Any]]:
    """The statements of what the scripts do, on this app's own resources.

    The embedded AWS asks for each of them but two: AddTags, which AWS wants of a request with tags,
    and Decrypt, which S3 does on behalf of who reads an object.
    """
    bucket = app.deployment.output(f"{APP}-shared", "DataBucket")
    (key,) = (
        each["PhysicalResourceId"]
        for each in app.aws.client("cloudformation").describe_stack_resources(
            StackName=f"{APP}-shared"
        )["StackResources"]
        if each["ResourceType"] == "AWS::KMS::Key"
    )
    api = app.deployment.output(f"{APP}-api", "ApiUrl").partition("//")[2].partition(".")[0]
    here = f"{app.aws.region}:{app.aws.account}"
    sagemaker, s3 = f"arn:aws:sagemaker:{here}", f"arn:aws:s3:::{bucket}"
    logs = f"arn:aws:logs:{here}:log-group:/aws/sagemaker"
    kinds = (("TrainingJob", "training-job"), ("ProcessingJob", "processing-job"))
    return [
        *(
            statement
            for kind, resource in kinds
            for statement in (
                allow(
                    f"{sagemaker}:{resource}/{APP}-*",
                    f"sagemaker:Describe{kind}",
                    "sagemaker:ListTags",
                ),
                allow(
                    f"{sagemaker}:{resource}/{APP}-*-submitted-*",
                    f"sagemaker:Create{kind}",
                    "sagemaker:AddTags",
                ),
                allow(f"{logs}/{kind}s:*", "logs:DescribeLogStreams"),
                allow(f"{logs}/{kind}s:log-stream:{APP}-*-submitted-*", "logs:GetLogEvents"),
            )
        ),
        allow(
            f"arn:aws:iam::{app.aws.account}:role/{APP}/*",
            "iam:PassRole",
            Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
        allow(f"arn:aws:ssm:{here}:parameter/{APP}/jobs", "ssm:GetParametersByPath"),
        allow(f"arn:aws:ssm:{here}:parameter/{APP}/api/url", "ssm:GetParameter"),
        allow(s3, "s3:ListBucket", Condition={"StringLike": {"s3:prefix": "*/data/*"}}),
        allow(f"{s3}/*/data/*", "s3:GetObject"),
        allow(f"{s3}/*/evaluations/*", "s3:GetObject"),
        allow(f"arn:aws:kms:{here}:key/{key}", "kms:Decrypt"),
        allow(
            f"arn:aws:execute-api:{here}:{api}/v1/POST/workloads/*/invocations",
            "execute-api:Invoke",
        ),
    ]


def allow(resource: str, *actions: str, **others: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **others}


@dataclass(frozen=True)
class Host:
    """The project's folder on a machine with a role."""

    app: App
    folder: Path
    credentials: dict[str, str]

    @classmethod
    def made(
        cls,
        app: App,
        folders: pytest.TempPathFactory,
        role: str,
        statements: list[dict[str, Any]],
    ) -> Self:
        """Make a host whose role of that name has these statements."""
        iam = app.aws.client("iam")
        ec2 = {"Service": "ec2.amazonaws.com"}
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": ec2}
        arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=_policy([trust]))["Role"][
            "Arn"
        ]
        iam.put_role_policy(RoleName=role, PolicyName=role, PolicyDocument=_policy(statements))
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
