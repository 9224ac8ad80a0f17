"""What SageMaker keeps of a training job, its record and its log, and how both are taken away."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from jobs.clients import Clients
from jobs.events import Event, log

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sagemaker import SageMakerClient

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
RUNNING = frozenset({"InProgress", "Stopping"})


def jobs_named(part: str, sagemaker: "SageMakerClient") -> dict[str, str]:
    """List the training jobs whose name contains `part`, each with its status."""
    pages = sagemaker.get_paginator("list_training_jobs").paginate(NameContains=part)
    return {
        summary["TrainingJobName"]: summary["TrainingJobStatus"]
        for page in pages
        for summary in page["TrainingJobSummaries"]
    }


def ended(event: Event, jobs: Mapping[str, str], sagemaker: "SageMakerClient") -> bool:
    """Stop those of the `jobs` that run; return whether none did any more."""
    for job, status in jobs.items():
        if status != "InProgress":
            continue
        try:
            sagemaker.stop_training_job(TrainingJobName=job)
        except ClientError:  # it may have ended since it was listed, which SageMaker objects to
            described = sagemaker.describe_training_job(TrainingJobName=job)
            if described["TrainingJobStatus"] == "InProgress":
                raise
        else:
            log(event, "stopped training job", job=job)
    return RUNNING.isdisjoint(jobs.values())


def delete(event: Event, jobs: Mapping[str, str], clients: Clients) -> None:
    """Delete the records and the logs of `jobs`, all of which have ended."""
    for job, status in jobs.items():
        _delete_log(job, clients.logs)
        if status == "Deleting":
            continue
        try:
            clients.sagemaker.delete_training_job(TrainingJobName=job)
        except clients.sagemaker.exceptions.ResourceNotFound:
            log(event, "the same event has deleted the training job already", job=job)
        else:
            log(event, "deleted training job", job=job)


def _delete_log(job: str, logs: "CloudWatchLogsClient") -> None:
    """Delete the job's log streams: their group is the whole account's, and keeps them for ever."""
    streams = logs.get_paginator("describe_log_streams").paginate(
        logGroupName=LOG_GROUP, logStreamNamePrefix=f"{job}/"
    )
    try:
        for stream in [stream for page in streams for stream in page["logStreams"]]:
            logs.delete_log_stream(logGroupName=LOG_GROUP, logStreamName=stream["logStreamName"])
    except logs.exceptions.ResourceNotFoundException:
        return  # no job ever wrote a line, or the same event has deleted them already
