"""The operations of training jobs."""

from collections.abc import Callable
from typing import Any

from local.runners import Runner
from local.sagemaker import s3_data
from local.sagemaker.errors import invalid, not_supported
from local.sagemaker.jobs import Jobs
from local.sagemaker.logs import MetricHeard, nobody
from local.sagemaker.records import Record
from local.sagemaker.roles import RoleSession
from local.sagemaker.training_job import KIND, TrainingJob
from local.sagemaker.validation import now

DEFAULT_MAX_RUNTIME = 86_400
"""One day, StoppingCondition's default on AWS."""

_NOT_SUPPORTED = (
    "CheckpointConfig",
    "DebugHookConfig",
    "EnableManagedSpotTraining",
    "ExperimentConfig",
    "RetryStrategy",
    "ServerlessJobConfig",
    "TensorBoardOutputConfig",
)


class Training(Jobs):
    """CreateTrainingJob and its relatives; each job runs on a thread of its own."""

    def __init__(self, runner: Callable[[], Runner]) -> None:
        super().__init__(KIND)
        self._runner = runner

    def create(self, request: Record) -> Record:
        """CreateTrainingJob."""
        return {"TrainingJobArn": self.begin(request)}

    def begin(
        self,
        request: Record,
        heard: MetricHeard = nobody,
        ended: Callable[[Record], object] = lambda _record: None,
    ) -> str:
        """Start the job of a request of CreateTrainingJob; return its ARN.

        On the job's threads `heard` is told name and value of a metric each time that the log has
        one, and `ended` the job's record when it has ended. Raises SageMakerError.
        """
        name = request["TrainingJobName"]
        _assert_supported(request)
        role = RoleSession(request["RoleArn"], name)
        for channel in request.get("InputDataConfig", []):
            s3_data.keys_of(channel, role.client("s3"), request["RoleArn"])
        job_arn = self.arn(name)
        job = TrainingJob(_new_record(request, job_arn), role, self._runner(), heard)
        self.add(job, request.get("Tags", []), ended)
        return job_arn

    def list(self, request: Record) -> Record:
        """ListTrainingJobs."""
        return self.summaries(request, ["SecondaryStatus"])


def _assert_supported(request: Record) -> None:
    algorithm: dict[str, Any] = request.get("AlgorithmSpecification") or {}
    if "TrainingImage" not in algorithm:
        raise not_supported("training without AlgorithmSpecification.TrainingImage")
    if algorithm["TrainingInputMode"] != "File":
        raise not_supported(f"TrainingInputMode {algorithm['TrainingInputMode']}; use File")
    for member in ("ContainerEntrypoint", "ContainerArguments", "TrainingImageConfig"):
        if algorithm.get(member):
            raise not_supported(f"AlgorithmSpecification.{member}")
    for member in _NOT_SUPPORTED:
        if request.get(member):
            raise not_supported(f"CreateTrainingJob's {member}")
    resources: dict[str, Any] = request.get("ResourceConfig") or {}
    if "InstanceType" not in resources or resources.get("InstanceCount") != 1:
        raise not_supported("training on anything but one instance of one InstanceType")
    if request["OutputDataConfig"].get("CompressionType", "GZIP") != "GZIP":
        raise not_supported("OutputDataConfig.CompressionType other than GZIP")
    channels = request.get("InputDataConfig", [])
    names = [channel["ChannelName"] for channel in channels]
    if len(set(names)) < len(names):
        raise invalid("Duplicate channel names in InputDataConfig")
    for channel in channels:
        s3_data.assert_supported(channel)
    s3_data.split(request["OutputDataConfig"]["S3OutputPath"])


def _new_record(request: Record, job_arn: str) -> Record:
    time = now()
    stopping = {
        "MaxRuntimeInSeconds": DEFAULT_MAX_RUNTIME,
        **(request.get("StoppingCondition") or {}),
    }
    return {
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
        "HyperParameters": {},
        **{name: value for name, value in request.items() if name != "Tags"},
        "TrainingJobArn": job_arn,
        "StoppingCondition": stopping,
        "ModelArtifacts": {"S3ModelArtifacts": ""},
        "TrainingJobStatus": "InProgress",
        "SecondaryStatus": "Starting",
        "SecondaryStatusTransitions": [],
        "CreationTime": time,
        "LastModifiedTime": time,
    }
