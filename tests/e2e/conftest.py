"""The real thing: the CDK's CLI, the embedded AWS, R, HTTP."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.api_client import ApiClient
from local.cdk_cli import ROOT
from local.deployment import Deployment
from local.iris import predict
from local.session import EmbeddedAWS

APP = "sagestack"
BUILT = (".venv", "node_modules", "build/boto3-layer.zip", "build/jwt-layer.zip")
BY_HAND = """
suppressPackageStartupMessages(library(mda))
degree <- as.integer(commandArgs(TRUE)[[1]])
irises <- read.csv(commandArgs(TRUE)[[2]], stringsAsFactors = TRUE)
x <- model.matrix(~ ., irises[-1])[, -1]
model <- mars(x, irises$Sepal.Length, degree = degree)
cat(jsonlite::toJSON(as.vector(predict(model, x)), digits = NA))
"""


def silent(_: str) -> None:
    """Report progress to nobody."""


@dataclass
class App:
    """A copy of the project, with one workload, that is edited and deployed as a user would."""

    root: Path
    aws: EmbeddedAWS
    deployment: Deployment
    workload: str

    @property
    def stack(self) -> str:
        """The workload's stack; its endpoint has the same name."""
        return f"{APP}-{self.workload}"

    @property
    def api(self) -> ApiClient:
        return self.deployment.api(APP)

    def predictions(self) -> list[float]:
        """What the API predicts for the 150 irises."""
        return list(predict(self.api, self.workload).predicted)

    def edit(self, pattern: str, replacement: str) -> None:
        """Edit the workload's file."""
        path = self.root / "workloads" / f"{self.workload}.toml"
        text, count = re.subn(pattern, replacement, path.read_text())
        assert count == 1, f"{pattern} is {count} times in {path}"
        path.write_text(text)

    def bootstrap(self) -> None:
        """Prepare the account, as `make bootstrap` does."""
        self.deployment.synth(silent)
        self.deployment.bootstrap(silent)

    def deploy(self, *stacks: str) -> None:
        """Synthesize and deploy every stack or some, as `make deploy` does."""
        self.deployment.synth(silent)
        self.deployment.deploy(silent, *stacks)

    def output(self, key: str) -> str:
        """An output of the workload's stack."""
        return self.deployment.output(self.stack, key)

    def jobs(self) -> dict[str, str]:
        """The status of each training job."""
        listed = self.aws.client("sagemaker").list_training_jobs(MaxResults=100)
        return {
            job["TrainingJobName"]: job["TrainingJobStatus"]
            for job in listed["TrainingJobSummaries"]
        }

    def endpoint(self) -> dict[str, Any]:
        """DescribeEndpoint's answer."""
        description: dict[str, Any] = self.aws.client("sagemaker").describe_endpoint(
            EndpointName=self.stack
        )
        return description

    def stack_status(self) -> str:
        """The status of the workload's stack."""
        stacks = self.aws.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        return str(stacks[0]["StackStatus"])


def copy(root: Path, workload: str) -> Path:
    """Copy the project, without its other workloads, with what its set-up has made."""
    ignored = shutil.ignore_patterns(".*", "cdk.out", "tests", "node_modules", "build")
    shutil.copytree(ROOT, root, ignore=ignored)
    (root / "build").mkdir()
    for name in BUILT:
        (root / name).symlink_to(ROOT / name)
    for file in (root / "workloads").glob("*.toml"):
        if file.stem != workload:
            file.unlink()
    return root


@contextmanager
def project(
    tmp_path_factory: pytest.TempPathFactory, workload: str, **settings: str
) -> Iterator[App]:
    """Copy the project, with that workload alone, beside an embedded AWS of its own.

    It is bootstrapped, nothing is deployed. `settings` are variables of the server's environment.
    IAM is enforced, so that each role is shown to have what it needs.
    """
    root = copy(tmp_path_factory.mktemp("project") / "sagestack", workload)
    state = tmp_path_factory.mktemp("embedded-aws")
    settings = {"SAGESTACK_RUNNER": "process", **settings}
    with EmbeddedAWS(state, settings=settings, enforce_iam=True) as aws:
        deployment = Deployment(aws, root=root, assembly=root / "cdk.out")
        yield App(root, aws, deployment, workload)


@pytest.fixture(scope="session")
def by_hand() -> Callable[[int], list[float]]:
    """What mda::mars gives when it is called by hand in R, for a degree."""

    def predictions(degree: int) -> list[float]:
        data = ROOT / "workloads" / "data" / "iris.csv"
        done = subprocess.run(
            ["Rscript", "-e", BY_HAND, str(degree), str(data)],
            capture_output=True,
            text=True,
            check=True,
        )
        values: list[float] = json.loads(done.stdout)
        return values

    return predictions
