"""An account with an image whose training can be tuned, and what the tests of tuning ask of it."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.runners import images
from tests.local.conftest import IMAGE as GREETER
from tests.local.conftest import RUNNING, Account, settled

CONTAINER = Path(__file__).with_name("tuning_container")
IMAGE = GREETER.replace(":1", ":tuned")
NEWER_IMAGE = GREETER.replace(":1", ":tuned-newer")
ALGORITHM = {
    "TrainingImage": IMAGE,
    "TrainingInputMode": "File",
    "MetricDefinitions": [{"Name": "v:rmse", "Regex": "validation:rmse=([0-9.]+)"}],
}
RANGES: dict[str, Any] = {
    "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0.5", "MaxValue": "6.0"}],
    "IntegerParameterRanges": [{"Name": "degree", "MinValue": "1", "MaxValue": "3"}],
    "CategoricalParameterRanges": [{"Name": "prune", "Values": ["true", "false"]}],
}


def grid(**values: list[str]) -> dict[str, Any]:
    """The changes of a configuration for a grid."""
    items = [{"Name": name, "Values": each} for name, each in values.items()]
    return {"Strategy": "Grid", "ParameterRanges": {"CategoricalParameterRanges": items}}


class Tuner:
    """Tuning jobs with the image of CONTAINER."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.sagemaker = account.sagemaker
        for image in (IMAGE, NEWER_IMAGE):
            images.push(CONTAINER, account.aws.endpoint_url, images.Reference.parse(image))

    def request(self, name: str, jobs: int = 2, parallel: int = 2, **change: Any) -> dict[str, Any]:
        """A request; `config`, `static` and `definition` change its parts."""
        job = self.account.job(name)
        config: dict[str, Any] = {
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "v:rmse"},
            "ResourceLimits": {
                "MaxNumberOfTrainingJobs": jobs,
                "MaxParallelTrainingJobs": parallel,
            },
            "ParameterRanges": RANGES,
            **change.pop("config", {}),
        }
        if config["Strategy"] == "Grid":
            del config["ResourceLimits"]["MaxNumberOfTrainingJobs"]
        definition = {
            "StaticHyperParameters": change.pop("static", {}),
            "AlgorithmSpecification": ALGORITHM,
            **{
                member: job[member]
                for member in ("RoleArn", "InputDataConfig", "OutputDataConfig", "ResourceConfig")
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **change.pop("definition", {}),
        }
        return {
            "HyperParameterTuningJobName": name,
            "HyperParameterTuningJobConfig": config,
            "TrainingJobDefinition": definition,
            **change,
        }

    def start(self, name: str, jobs: int = 2, parallel: int = 2, **change: Any) -> None:
        """Start a tuning job."""
        request = self.request(name, jobs, parallel, **change)
        self.sagemaker.create_hyper_parameter_tuning_job(**request)

    def tune(self, name: str, jobs: int = 2, parallel: int = 2, **change: Any) -> dict[str, Any]:
        """Run a tuning job to its end."""
        self.start(name, jobs, parallel, **change)
        return self.ended(name)

    def refusal(self, name: str, **change: Any) -> str:
        """Why a tuning job is not started."""
        with pytest.raises(ClientError) as raised:
            self.start(name, **change)
        error = raised.value.response["Error"]
        return f"{error['Code']}: {error['Message']}"

    def described(self, name: str) -> dict[str, Any]:
        """DescribeHyperParameterTuningJob."""
        answer: dict[str, Any] = self.sagemaker.describe_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name
        )
        return answer

    def ended(self, name: str) -> dict[str, Any]:
        """The description of a job, once it ended."""
        return self.until(name, lambda job: job["HyperParameterTuningJobStatus"] not in RUNNING)

    def until(self, name: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The description of a job, once it is so far."""
        return settled(lambda: self.described(name), reached)

    def jobs(self, name: str, **request: Any) -> list[dict[str, Any]]:
        """The summaries of its training jobs, by name."""
        pages = self.sagemaker.get_paginator(
            "list_training_jobs_for_hyper_parameter_tuning_job"
        ).paginate(HyperParameterTuningJobName=name, **request)
        return [job for page in pages for job in page["TrainingJobSummaries"]]

    def model(self, training: str) -> dict[str, str]:
        """The hyperparameters that a training job's program was given."""
        job = self.sagemaker.describe_training_job(TrainingJobName=training)
        key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://iris/")
        body = self.account.s3.get_object(Bucket="iris", Key=key)["Body"].read()
        with tarfile.open(fileobj=io.BytesIO(body)) as tar:
            file = tar.extractfile("model.json")
            assert file is not None
            settings: dict[str, str] = json.load(file)
        return settings


def value(job: dict[str, Any]) -> float:
    """The objective of a training job's summary."""
    return float(job["FinalHyperParameterTuningJobObjectiveMetric"]["Value"])
