"""Forecasts that several instances train together, each some of the series, on the embedded AWS."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.runners import images
from local.session import EmbeddedAWS
from tests.local.conftest import IMAGE, Account

ROOT = Path(__file__).parents[2]
CONTAINER = ROOT / "container" / "forecast"
FORECAST = IMAGE.replace(":1", ":forecast")
SETTINGS = {"time": "period", "target": "value", "model": "ets"}


def rows(channel: str) -> dict[str, str]:
    """The rows of three short series of the workload's data, by series."""
    text = (ROOT / "workloads" / "data" / "forecast" / f"{channel}.csv").read_text()
    header, *lines = text.splitlines(keepends=True)
    names = ["earnings", "gas consumption", "accidental deaths"]
    return {
        name: header + "".join(line for line in lines if line.split(",")[1] == name)
        for name in names
    }


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account with the container's image, and a file for each series below data/."""
    state = tmp_path_factory.mktemp("forecast-aws")
    with EmbeddedAWS(state, settings={"SAGESTACK_RUNNER": "process"}) as aws:
        account = Account(aws)
        # with what it links to, as the CDK follows links
        context = shutil.copytree(CONTAINER, state / "context")
        images.push(context, aws.endpoint_url, images.Reference.parse(FORECAST))
        account.s3.create_bucket(Bucket="series")
        for name, text in rows("train").items():
            account.s3.put_object(Bucket="series", Key=f"data/{name}.csv", Body=text.encode())
        yield account


def artifact(account: Account, name: str, count: int, distribution: str) -> bytes:
    """What a job on so many instances leaves as model.tar.gz."""
    source = {
        "S3DataType": "S3Prefix",
        "S3Uri": "s3://series/data/",
        "S3DataDistributionType": distribution,
    }
    request: dict[str, Any] = {
        "AlgorithmSpecification": {"TrainingImage": FORECAST, "TrainingInputMode": "File"},
        "HyperParameters": SETTINGS,
        "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
        "ResourceConfig": {
            "InstanceType": "ml.m5.large",
            "InstanceCount": count,
            "VolumeSizeInGB": 1,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 300},
    }
    job = account.train(name, **request)
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    bucket, _, key = job["ModelArtifacts"]["S3ModelArtifacts"][len("s3://") :].partition("/")
    body: bytes = account.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


def members(archive: bytes) -> set[str]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        return {Path(member.name).name for member in files if member.isfile()}


def evaluation(archive: bytes, base: Path) -> tuple[dict[str, Any], str]:
    """What `evaluate` says of a model: evaluation.json and predictions.csv."""
    model = base / "processing" / "model"
    model.mkdir(parents=True)
    (model / "model.tar.gz").write_bytes(archive)
    channel = base / "processing" / "input" / "test"
    channel.mkdir(parents=True)
    for name, text in rows("test").items():
        (channel / f"{name}.csv").write_text(text)
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(base)}
    command = [CONTAINER / "evaluate"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    folder = base / "processing" / "evaluation"
    return json.loads((folder / "evaluation.json").read_text()), (
        folder / "predictions.csv"
    ).read_text()


def test_instances_that_share_the_series_make_the_model_of_one(
    account: Account, tmp_path: Path
) -> None:
    one = artifact(account, "one", 1, "FullyReplicated")
    files = artifact(account, "files", 2, "ShardedByS3Key")
    series = artifact(account, "series", 2, "FullyReplicated")
    assert members(one) == {"metadata.json", "series-algo-1.rds"}
    assert members(files) == members(series) == members(one) | {"series-algo-2.rds"}
    expected = evaluation(one, tmp_path / "one")
    assert expected[0]["series"] == 3
    assert evaluation(files, tmp_path / "files") == expected
    assert evaluation(series, tmp_path / "series") == expected
