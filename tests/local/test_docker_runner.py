"""Containers in a real engine."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.docker_shim import main as docker
from local.run_directory import LABEL
from local.session import EmbeddedAWS
from tests.local.conftest import IMAGE, Account

DOCKERFILE = """
FROM debian:bookworm-slim
COPY train /opt/program/train
ENV PATH=/opt/program:$PATH
"""
TRAIN = """#!/bin/sh
test "$PWD" = / && test -z "$SAGEMAKER_BASE_DIR" && cd /opt/ml || exit 9
cat input/data/train/iris.csv
grep -q fail input/config/hyperparameters.json && { echo "no column" > output/failure; exit 1; }
grep -q wait input/config/hyperparameters.json && { trap 'exit 0' TERM; sleep 300 & wait; }
cp input/data/train/iris.csv model/
"""


@pytest.fixture(scope="module")
def aws(
    docker_engine: None,  # noqa: ARG001 - decides whether a missing engine skips or fails
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[EmbeddedAWS]:
    server = EmbeddedAWS(tmp_path_factory.mktemp("docker"), settings={"SAGESTACK_RUNNER": "docker"})
    with server:
        yield server


@pytest.fixture(scope="module")
def account(aws: EmbeddedAWS, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    account = Account(aws)
    context = tmp_path_factory.mktemp("image")
    (context / "Dockerfile").write_text(DOCKERFILE)
    (context / "train").write_text(TRAIN)
    (context / "train").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAGESTACK_RUNNER", "docker")
        patch.setenv("AWS_ENDPOINT_URL", aws.endpoint_url)
        patch.chdir(context)
        assert docker(["build", "--tag", "sagestack-test", "--platform", "linux/amd64", "."]) == 0
        assert docker(["tag", "sagestack-test", IMAGE.replace(":1", ":built")]) == 0
        assert docker(["push", IMAGE.replace(":1", ":built")]) == 0
    yield account
    subprocess.run(["docker", "rmi", "--force", "sagestack-test"], check=True, capture_output=True)


def built(version: str = "built") -> dict[str, str]:
    return {"TrainingImage": IMAGE.replace(":1", f":{version}"), "TrainingInputMode": "File"}


def containers(state: Path) -> list[str]:
    """The engine's containers of any run below a state folder."""
    return labelled(state, "ps", "--all")


def networks(state: Path) -> list[str]:
    """The engine's networks of any run below a state folder."""
    return labelled(state, "network", "ls")


def labelled(state: Path, *listing: str) -> list[str]:
    labels = subprocess.run(
        ["docker", *listing, "--format", f'{{{{.Label "{LABEL}"}}}}'],
        capture_output=True,
        text=True,
        check=True,
    )
    return [run for run in labels.stdout.split() if run.startswith(str(state.resolve()))]


def test_a_built_image_trains_in_opt_ml(account: Account) -> None:
    job = account.train("docker", AlgorithmSpecification=built())
    assert job["TrainingJobStatus"] == "Completed", job
    assert job["ModelArtifacts"]["S3ModelArtifacts"].endswith("/docker/output/model.tar.gz")
    assert "a,b" in account.log("/aws/sagemaker/TrainingJobs")
    assert containers(account.aws.state) == []


def test_a_failure_file_written_in_the_container_is_the_reason(account: Account) -> None:
    job = account.train(
        "docker-fail", AlgorithmSpecification=built(), HyperParameters={"a": "fail"}
    )
    assert job["FailureReason"] == "AlgorithmError: no column, exit code: 1"


def test_a_build_context_without_a_built_image_is_refused(account: Account) -> None:
    job = account.train("context", AlgorithmSpecification=built("1"))
    assert "was pushed where no Docker engine answered" in job["FailureReason"]


def test_after_a_kill_the_next_start_removes_containers_and_networks(account: Account) -> None:
    aws = account.aws
    account.sagemaker.create_training_job(
        **account.job(
            "left",
            AlgorithmSpecification=built(),
            HyperParameters={"a": "wait"},
            EnableNetworkIsolation=True,
        )
    )
    while not containers(aws.state):
        assert account.sagemaker.describe_training_job(TrainingJobName="left")[
            "TrainingJobStatus"
        ] == ("InProgress")
    os.kill(aws.pid, signal.SIGKILL)
    aws.wait()
    assert containers(aws.state)
    assert networks(aws.state)
    aws.start()
    assert containers(aws.state) == []
    assert networks(aws.state) == []
