"""The operations of training jobs."""

from collections.abc import Callable
from typing import Any

from local.runners import Runner
from local.sagemaker import records, s3_data, tags
from local.sagemaker.errors import in_use, invalid, not_supported
from local.sagemaker.records import LOCK, Record, arn
from local.sagemaker.roles import RoleSession
from local.sagemaker.training_job import TrainingJob
from local.sagemaker.validation import now

DEFAULT_MAX_RUNTIME = 86_400
"""One day, StoppingCondition's default on AWS."""

_RUNNING = ("InProgress", "Stopping")
_NOT_SUPPORTED = (
    "CheckpointConfig",
    "DebugHookConfig",
    "EnableManagedSpotTraining",
    "ExperimentConfig",
    "RetryStrategy",
    "ServerlessJobConfig",
    "TensorBoardOutputConfig",
)


class Training:
    """CreateTrainingJob and its relatives; each job runs on a thread of its own."""

    def __init__(self, runner: Callable[[], Runner]) -> None:
        self._runner = runner
        self._running: dict[str, TrainingJob] = {}

    def create_training_job(self, request: Record) -> Record:
        """CreateTrainingJob."""
        name = request["TrainingJobName"]
        job_arn = arn("training-job", name)
        _assert_supported(request)
        role = RoleSession(request["RoleArn"], name)
        for channel in request.get("InputDataConfig", []):
            s3_data.keys_of(channel, role.client("s3"), request["RoleArn"])
        with LOCK:
            if name in records.training_jobs:
                raise in_use(
                    "Training job names must be unique within an AWS account and region, and a "
                    f"training job with this name already exists ({job_arn})"
                )
            record = _new_record(request, job_arn)
            records.training_jobs[name] = record
            tags.put(job_arn, request.get("Tags", []))
            job = TrainingJob(record, role, self._runner())
            self._running[job_arn] = job
        job.start(finished=lambda: self._running.pop(job_arn, None))
        return {"TrainingJobArn": job_arn}

    def describe_training_job(self, request: Record) -> Record:
        """DescribeTrainingJob."""
        return dict(_find(request["TrainingJobName"]))

    def list_training_jobs(self, request: Record) -> Record:
        """ListTrainingJobs."""
        found, rest = records.page(
            records.training_jobs.values(), request, "TrainingJobName", "TrainingJobStatus"
        )
        columns = (
            "TrainingJobName",
            "TrainingJobArn",
            "CreationTime",
            "TrainingEndTime",
            "LastModifiedTime",
            "TrainingJobStatus",
            "SecondaryStatus",
        )
        summaries = [{c: job[c] for c in columns if c in job} for job in found]
        return {"TrainingJobSummaries": summaries, **rest}

    def stop_training_job(self, request: Record) -> Record:
        """StopTrainingJob: SIGTERM, and the artifact of what there is by then."""
        record = _find(request["TrainingJobName"])
        with LOCK:
            status = record["TrainingJobStatus"]
            job = self._running.get(record["TrainingJobArn"])
            if job is None or status not in _RUNNING:
                raise invalid(
                    f"The request was rejected because the training job is in status {status}."
                )
            job.stop()
        return {}

    def delete_training_job(self, request: Record) -> Record:
        """DeleteTrainingJob, of a job that ended."""
        record = _find(request["TrainingJobName"])
        with LOCK:
            if record["TrainingJobStatus"] in _RUNNING:
                raise in_use(
                    f"Training job {record['TrainingJobName']} is in status "
                    f"{record['TrainingJobStatus']} and cannot be deleted"
                )
            records.training_jobs.pop(record["TrainingJobName"], None)
            tags.forget(record["TrainingJobArn"])
        return {}

    def reset(self) -> None:
        """Forget the jobs; what runs of them ends meanwhile."""
        for job in list(self._running.values()):
            job.stop()
        records.training_jobs.clear()


def _find(name: str) -> Record:
    record: Record | None = records.training_jobs.get(name)
    if record is None:
        raise invalid("Requested resource not found.")
    return record


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
