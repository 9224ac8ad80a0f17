"""An account with a role, a bucket of data and an image; SageMaker's clients in it."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from local.docker_shim import main as docker
from local.runners import images
from local.session import EmbeddedAWS

CONTAINER = Path(__file__).with_name("container")
IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/greeter:1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "sagemaker.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
RUNNING = ("InProgress", "Stopping")
BUSY = ("Creating", "Updating", "RollingBack", "Deleting")
TIMEOUT = 120
"""Seconds after which a test no longer waits: many, since only a failing one takes them."""


class Account:
    """What the tests of SageMaker do again and again."""

    def __init__(self, aws: EmbeddedAWS) -> None:
        self.aws = aws
        self.sagemaker = aws.client("sagemaker")
        self.runtime = aws.client("sagemaker-runtime")
        self.s3 = aws.client("s3")
        self.logs = aws.client("logs")
        self.role = self._role()
        self.s3.create_bucket(Bucket="iris")
        self.s3.put_object(Bucket="iris", Key="data/iris.csv", Body=b"a,b\n1,2\n")
        aws.client("ecr").create_repository(repositoryName="greeter")
        images.push(CONTAINER, aws.endpoint_url, images.Reference.parse(IMAGE))

    def _role(self) -> str:
        role = self.aws.client("iam").create_role(
            RoleName="job", AssumeRolePolicyDocument=json.dumps(TRUST)
        )
        return str(role["Role"]["Arn"])

    def job(self, name: str, **change: Any) -> dict[str, Any]:
        """A request of CreateTrainingJob."""
        source = {"S3DataType": "S3Prefix", "S3Uri": "s3://iris/data"}
        return {
            "TrainingJobName": name,
            "AlgorithmSpecification": {
                "TrainingImage": IMAGE,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "rmse", "Regex": "rmse=([0-9.]+);"}],
            },
            "RoleArn": self.role,
            "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
            "OutputDataConfig": {"S3OutputPath": "s3://iris/models/"},
            "ResourceConfig": {
                "InstanceType": "ml.m5.large",
                "InstanceCount": 1,
                "VolumeSizeInGB": 10,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **change,
        }

    def train(self, name: str, **change: Any) -> dict[str, Any]:
        """Run a job to its end."""
        self.sagemaker.create_training_job(**self.job(name, **change))
        return self.ended(name)

    def ended(self, name: str) -> dict[str, Any]:
        """The description of a job, once it ended."""
        return settled(
            lambda: self.sagemaker.describe_training_job(TrainingJobName=name),
            lambda job: job["TrainingJobStatus"] not in RUNNING,
        )

    @cached_property
    def artifact(self) -> str:
        """A model's archive, made once."""
        return str(self.train("trained")["ModelArtifacts"]["S3ModelArtifacts"])

    def configure(self, name: str, *, instances: int = 1, **greetings: str) -> None:
        """Make an endpoint configuration with a variant for each greeting."""
        for variant, greeting in greetings.items():
            environment = {"GREETING": greeting}
            if greeting.startswith("health="):
                environment["HEALTH"] = greeting.removeprefix("health=")
            self.sagemaker.create_model(
                ModelName=f"{name}-{variant}",
                ExecutionRoleArn=self.role,
                PrimaryContainer={
                    "Image": IMAGE,
                    "ModelDataUrl": self.artifact,
                    "Environment": environment,
                },
            )
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[
                {
                    "VariantName": variant,
                    "ModelName": f"{name}-{variant}",
                    "InstanceType": "ml.t2.medium",
                    "InitialInstanceCount": instances,
                    "InitialVariantWeight": 1,
                }
                for variant in greetings
            ],
        )

    def endpoint(self, name: str) -> dict[str, Any]:
        """The description of an endpoint, once it is settled."""
        return settled(
            lambda: self.sagemaker.describe_endpoint(EndpointName=name),
            lambda endpoint: endpoint["EndpointStatus"] not in BUSY,
        )

    def serve(self, name: str, *, instances: int = 1, **greetings: str) -> dict[str, Any]:
        """Make an endpoint; its description once it is settled."""
        self.configure(name, instances=instances, **greetings)
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        return self.endpoint(name)

    def ask(self, endpoint: str, body: bytes, **options: str) -> tuple[str, bytes]:
        """The variant that answered, and its answer."""
        answer = self.runtime.invoke_endpoint(
            EndpointName=endpoint, Body=body, ContentType="text/csv", **options
        )
        return answer["InvokedProductionVariant"], answer["Body"].read()

    def log(self, group: str) -> list[str]:
        """The messages of a log group."""
        events = self.logs.filter_log_events(logGroupName=group)["events"]
        return [event["message"] for event in events]

    def until_logged(self, group: str, stream: str, *messages: str) -> None:
        """Wait until the streams of a job, or of a variant, have each of these messages."""
        settled(
            lambda: self.streams(group, f"{stream}/"),
            lambda streams: Counter(chain(*streams.values())) >= Counter(messages),
        )

    def streams(self, group: str, prefix: str) -> dict[str, list[str]]:
        """The messages of each log stream with this prefix, without it in their names."""
        try:
            streams = self.logs.describe_log_streams(
                logGroupName=group, logStreamNamePrefix=prefix
            )["logStreams"]
        except self.logs.exceptions.ResourceNotFoundException:
            return {}  # nobody has written yet
        return {
            stream["logStreamName"].removeprefix(prefix): [
                event["message"]
                for event in self.logs.get_log_events(
                    logGroupName=group, logStreamName=stream["logStreamName"]
                )["events"]
            ]
            for stream in streams
        }


def settled(
    describe: Callable[[], dict[str, Any]], is_settled: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    """The description of something, once it is settled."""
    deadline = time.monotonic() + TIMEOUT
    while not is_settled(described := describe()):
        assert time.monotonic() < deadline, described
        time.sleep(0.05)
    return described


@pytest.fixture(scope="session")
def account(embedded_aws: EmbeddedAWS) -> Account:
    return Account(embedded_aws)


def push_debian(aws: EmbeddedAWS) -> None:
    """Have IMAGE be a real image, for an embedded AWS that runs Docker; it has no programs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAGESTACK_RUNNER", "docker")
        patch.setenv("AWS_ENDPOINT_URL", aws.endpoint_url)
        assert docker(["tag", "debian:bookworm-slim", IMAGE]) == 0
        assert docker(["push", IMAGE]) == 0


@pytest.fixture(scope="session")
def docker_account(
    docker_engine: None,  # noqa: ARG001 - decides whether a missing engine skips or fails
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Account]:
    """An account whose containers run in Docker; IMAGE is no more than a Debian."""
    state = tmp_path_factory.mktemp("docker-aws")
    with EmbeddedAWS(state, settings={"SAGESTACK_RUNNER": "docker"}) as aws:
        account = Account(aws)
        push_debian(aws)
        yield account


@pytest.fixture(scope="session", params=["process", "docker"])
def on_each_runner(request: pytest.FixtureRequest) -> Account:
    """An account of each runner, for what both promise; for programs that need only a shell."""
    name = {"process": "account", "docker": "docker_account"}[request.param]
    account: Account = request.getfixturevalue(name)
    return account


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account of its own, in which IAM is enforced."""
    state: Path = tmp_path_factory.mktemp("guarded")
    with EmbeddedAWS(state, settings={"SAGESTACK_RUNNER": "process"}, enforce_iam=True) as aws:
        yield Account(aws)
