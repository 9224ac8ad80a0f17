"""What SageMaker keeps of a job, its record and its log, and how both are taken away.

Stacks are deleted one after another, a job's deletion takes its time, and the list lags behind: any
job that was listed can have gone. So where a call about one fails, what counts is what it is now.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import ClientError

from jobs.clients import Clients, is_missing
from jobs.events import Event, log
from jobs.job_logs import delete_streams
from jobs.kinds import RUNNING, TRAINING_JOBS, Job, JobKind

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import TagTypeDef


def jobs_named(kind: JobKind, part: str, sagemaker: "SageMakerClient") -> dict[str, str]:
    """List the jobs whose name contains `part`, oldest first, each with its status."""
    lister: Any = sagemaker.get_paginator(xform_name(f"List{kind.type}s"))  # type: ignore[call-overload]
    pages = lister.paginate(NameContains=part)
    summaries = [summary for page in pages for summary in page[f"{kind.type}Summaries"]]
    summaries.sort(key=lambda summary: summary["CreationTime"])
    return {summary[f"{kind.type}Name"]: summary[f"{kind.type}Status"] for summary in summaries}


def described(kind: JobKind, name: str, sagemaker: "SageMakerClient") -> Job | None:
    """Describe the job; None if there is none, or none that will stay."""
    try:
        job = kind.job(kind.call(sagemaker, "Describe", **kind.named(name)))
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return None if job.status == "Deleting" else job


def tagged(kind: JobKind, name: str, tag: "TagTypeDef", sagemaker: "SageMakerClient") -> bool:
    """Whether the job is there and has the tag."""
    job = described(kind, name, sagemaker)
    if job is None:
        return False
    pages = sagemaker.get_paginator("list_tags").paginate(ResourceArn=job.arn)
    try:
        return any(tag in page["Tags"] for page in pages)
    except ClientError:
        if described(kind, name, sagemaker):
            raise
        return False


def ended(
    event: Event, kind: JobKind, jobs: Mapping[str, str], sagemaker: "SageMakerClient"
) -> bool:
    """Stop those of the `jobs` that run; return whether none did any more."""
    for name, status in jobs.items():
        if status != "InProgress":
            continue
        try:
            kind.call(sagemaker, "Stop", **kind.named(name))
        except ClientError:  # it may have ended since it was listed, which SageMaker objects to
            now = described(kind, name, sagemaker)
            if now and now.status == "InProgress":
                raise
        else:
            log(event, "stopped job", kind=kind.type, job=name)
    return RUNNING.isdisjoint(jobs.values())


def removed(event: Event, kind: JobKind, jobs: Mapping[str, str], clients: Clients) -> bool:
    """Take the jobs with their records and logs away; return whether none is left.

    A tuning job's training jobs go before it, as long as it is there to say which they are.
    """
    if not ended(event, kind, jobs, clients.sagemaker):
        return False
    training_jobs = {
        training_job: status
        for name in jobs
        for training_job, status in kind.training_jobs(name, clients.sagemaker).items()
    }
    if training_jobs and not removed(event, TRAINING_JOBS, training_jobs, clients):
        return False
    for name in jobs:
        delete_streams(kind.log_group, kind.log_streams(name), clients.logs)
        if kind.deletable:
            _delete(event, kind, name, clients.sagemaker)
    return True


def _delete(event: Event, kind: JobKind, name: str, sagemaker: "SageMakerClient") -> None:
    try:
        kind.call(sagemaker, "Delete", **kind.named(name))
    except ClientError:
        if described(kind, name, sagemaker):
            raise
        log(event, "the job is gone already", kind=kind.type, job=name)
    else:
        log(event, "deleted job", kind=kind.type, job=name)
