"""An image's build arguments are the environment of its programs, built with an engine or not."""

from pathlib import Path

import pytest

from local.docker_shim import STATE
from local.docker_shim import main as docker
from tests.local.conftest import IMAGE, Account
from tests.local.shell import model, shell_job

SCRIPT = 'for name in ENGINE LEVEL DEPTH; do eval "echo \\$$name" >model/$name; done'
DOCKERFILE = """
FROM debian:bookworm-slim
ARG ENGINE=ets LEVEL=1 DEPTH=1
ENV ENGINE=$ENGINE LEVEL=$LEVEL DEPTH=$DEPTH
"""
PUSHED = IMAGE.replace(":1", ":with-arguments")


def test_build_arguments_reach_the_programs(
    on_each_runner: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = on_each_runner
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "Dockerfile").write_text(DOCKERFILE)
    monkeypatch.chdir(tmp_path / "context")
    monkeypatch.setenv("AWS_ENDPOINT_URL", account.aws.endpoint_url)
    monkeypatch.setenv("SAGESTACK_RUNNER", account.aws.environment()["SAGESTACK_RUNNER"])
    monkeypatch.setenv(STATE, str(tmp_path / "state"))
    # as the CDK's CLI writes them
    arguments = [
        "--build-arg",
        "ENGINE=fable",
        "--build-arg",
        "DEPTH=a=b c",
        "--build-arg",
        "LEVEL=2",
    ]
    assert docker(["build", *arguments, "--tag", "sagestack-arguments", "."]) == 0
    assert docker(["tag", "sagestack-arguments", PUSHED]) == 0
    assert docker(["push", PUSHED]) == 0
    image = {"TrainingImage": PUSHED}
    job = shell_job(account, "with-arguments", SCRIPT, AlgorithmSpecification=image)
    job["Environment"]["LEVEL"] = "the job's own"
    account.sagemaker.create_training_job(**job)
    assert model(account, account.ended("with-arguments")) == {
        "ENGINE": "fable\n",
        "LEVEL": "the job's own\n",
        "DEPTH": "a=b c\n",
    }
