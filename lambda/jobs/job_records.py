"""What SageMaker keeps of a training job, its record and its log, and how both are taken away.

Stacks are deleted one after another, a job's deletion takes its time, and the list lags behind: any
job that was listed can have gone. So where a call about one fails, what counts is what it is now.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from jobs.clients import Clients, is_missing
from jobs.events import Event, log

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeTrainingJobResponseTypeDef, TagTypeDef

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


def described(
    job: str, sagemaker: "SageMakerClient"
) -> "DescribeTrainingJobResponseTypeDef | None":
    """Describe the job; None if there is none, or none that will stay."""
    try:
        description = sagemaker.describe_training_job(TrainingJobName=job)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return None if description["TrainingJobStatus"] == "Deleting" else description


def tagged(job: str, tag: "TagTypeDef", sagemaker: "SageMakerClient") -> bool:
    """Whether the job is there and has the tag."""
    description = described(job, sagemaker)
    if description is None:
        return False
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=description["TrainingJobArn"])
    try:
        return any(tag in page["Tags"] for page in pages)
    except ClientError:
        if described(job, sagemaker):
            raise
        return False


def ended(event: Event, jobs: Mapping[str, str], sagemaker: "SageMakerClient") -> bool:
    """Stop those of the `jobs` that run; return whether none did any more."""
    for job, status in jobs.items():
        if status != "InProgress":
            continue
        try:
            sagemaker.stop_training_job(TrainingJobName=job)
        except ClientError:  # it may have ended since it was listed, which SageMaker objects to
            now = described(job, sagemaker)
            if now and now["TrainingJobStatus"] == "InProgress":
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
        except ClientError:
            if described(job, clients.sagemaker):
                raise
            log(event, "the training job is gone already", job=job)
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
