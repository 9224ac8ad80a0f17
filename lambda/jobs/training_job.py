"""Custom::SageMakerTrainingJob: a training job that CloudFormation waits for.

ResourceProperties: JobNamePrefix, Revision (optional), CreateTrainingJobRequest (as the API takes
it, without TrainingJobName). Attributes: TrainingJobName, TrainingJobArn, ModelDataUrl.

CloudFormation delivers an event at least once, sends a rollback as an Update with the old
properties, and a cancelled create's Delete with a physical id of its own invention. So nothing is
remembered: a job's name follows from its request, and what exists in SageMaker is looked up.
"""

from datetime import UTC, datetime
from time import sleep
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from jobs import job_records, naming
from jobs.clients import Clients
from jobs.coerce import coerce
from jobs.events import Accepted, Event, Progress, ResourceError, log
from jobs.stack_status import stack_status

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeTrainingJobResponseTypeDef, TagTypeDef

REQUEST_ID_TAG = "sagestack:request-id"

# A role that CloudFormation has just made can be unknown to SageMaker for some seconds ("Could not
# assume role"): https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html ("Changes that I
# make are not always immediately visible").
_ROLE_WAITS = (2.0, 4.0, 8.0, 16.0, 30.0)  # seconds


class TrainingJobError(ResourceError):
    """The training job did not complete, or must not be started."""


def on_event(event: Event, clients: Clients) -> Accepted:
    """Start or find the job of a Create or Update; begin to take the jobs of a Delete away.

    Raises CoercionError for a request that is not CreateTrainingJob's, and TrainingJobError for an
    event that the stack no longer waits for.
    """
    if event["RequestType"] == "Delete":
        _release(event, clients)
        return {}
    return {"PhysicalResourceId": _ensure(event, clients)}


def is_complete(event: Event, clients: Clients) -> Progress:
    """Whether the job has completed, or after a Delete whether nothing runs any more.

    Raises TrainingJobError with the job's own reason when it ended in any other way.
    """
    if event["RequestType"] == "Delete":
        return {"IsComplete": _release(event, clients)}
    name = event["PhysicalResourceId"]
    job = job_records.described(name, clients.sagemaker)
    if job is None:
        raise TrainingJobError(f"Training job {name} was deleted while the stack waited for it")
    log(event, "training job", **_summary(job))
    status = job["TrainingJobStatus"]
    if status in job_records.RUNNING:
        return {"IsComplete": False}
    if status != "Completed":
        raise TrainingJobError(_why(job))
    return {
        "IsComplete": True,
        "Data": {
            "TrainingJobName": name,
            "TrainingJobArn": job["TrainingJobArn"],
            "ModelDataUrl": job["ModelArtifacts"]["S3ModelArtifacts"],
        },
    }


def _ensure(event: Event, clients: Clients) -> str:
    """Name the job that serves the event, after starting it where there is none."""
    request = _request(event, clients.sagemaker)
    resource = _resource_stem(event)
    stem = naming.request_stem(resource, request, event["ResourceProperties"].get("Revision"))
    jobs = _jobs(clients.sagemaker, resource)
    attempt = max((naming.attempt_of(stem, job) or 0 for job in jobs), default=0)
    name = naming.job_name(stem, attempt)
    start = attempt == 0 or not _serves(event, name, clients.sagemaker)
    if start:
        name = naming.job_name(stem, attempt + 1)

    stack = stack_status(clients.cloudformation, event)
    if start and not stack.starts_jobs(event["RequestType"]):
        raise TrainingJobError(f"{name} was not started: the stack is in {stack.name} by now")
    if start or stack.rolling_back:
        # An update that was cancelled left its job running, and its name with nobody. A late copy
        # of an old event comes to neither, so it cannot stop the job of the event after it.
        others = {job: jobs[job] for job in jobs if job != name}
        job_records.ended(event, others, clients.sagemaker)
    if start:
        _create(event, name, request, clients.sagemaker)
    return name


def _serves(event: Event, name: str, sagemaker: "SageMakerClient") -> bool:
    """Whether an existing job is the event's: a good one, or one that this event itself started.

    The latter may have failed; `is_complete` then says why. A job that failed for an earlier
    request is no answer to this one: deploying again means trying again.
    """
    job = job_records.described(name, sagemaker)
    if job is None:
        return False
    log(event, "found training job", **_summary(job))
    if job["TrainingJobStatus"] in ("Completed", "InProgress"):
        return True
    own: TagTypeDef = {"Key": REQUEST_ID_TAG, "Value": event["RequestId"]}
    return job_records.tagged(name, own, sagemaker)


def _create(event: Event, name: str, request: dict[str, Any], sagemaker: "SageMakerClient") -> None:
    tag = {"Key": REQUEST_ID_TAG, "Value": event["RequestId"]}
    named = {**request, "TrainingJobName": name, "Tags": [*request.get("Tags", []), tag]}
    for seconds in (*_ROLE_WAITS, None):
        try:
            sagemaker.create_training_job(**named)
        except sagemaker.exceptions.ResourceInUse:
            log(event, "the same event has started the training job already", job=name)
            return
        except ClientError as error:
            if seconds is None or "assume role" not in str(error):
                raise
            log(event, "SageMaker does not know the role yet", job=name, seconds=seconds)
            sleep(seconds)
        else:
            log(event, "started training job", job=name)
            return


def _release(event: Event, clients: Clients) -> bool:
    """Take away what a Delete is for; return whether that is done.

    The records of jobs are the evidence and, with their artifacts, what a rollback returns to: they
    go only with the whole stack. What runs must end before its role and data go.
    """
    stack = stack_status(clients.cloudformation, event)
    jobs = _jobs(clients.sagemaker, _resource_stem(event))
    if not (stack.deleting or stack.rolling_back):  # the clean-up after a replacement
        jobs = {job: jobs[job] for job in jobs if job == event["PhysicalResourceId"]}
    log(event, "release training jobs", stack_status=stack.name, jobs=jobs)
    if not job_records.ended(event, jobs, clients.sagemaker):
        return False
    if stack.deleting:
        job_records.delete(event, jobs, clients)
    return True


def _request(event: Event, sagemaker: "SageMakerClient") -> dict[str, Any]:
    shape = sagemaker.meta.service_model.shape_for("CreateTrainingJobRequest")
    request: dict[str, Any] = coerce(event["ResourceProperties"]["CreateTrainingJobRequest"], shape)
    return request


def _resource_stem(event: Event) -> str:
    prefix = event["ResourceProperties"]["JobNamePrefix"]
    return naming.resource_stem(prefix, event["StackId"], event["LogicalResourceId"])


def _jobs(sagemaker: "SageMakerClient", resource: str) -> dict[str, str]:
    """List the resource's jobs with their status."""
    jobs = job_records.jobs_named(resource, sagemaker)
    return {job: jobs[job] for job in jobs if naming.belongs_to(resource, job)}


def _summary(job: "DescribeTrainingJobResponseTypeDef") -> dict[str, object]:
    elapsed = job.get("TrainingEndTime", datetime.now(UTC)) - job["CreationTime"]
    return {
        "job": job["TrainingJobName"],
        "status": job["TrainingJobStatus"],
        "secondary_status": job["SecondaryStatus"],
        "elapsed_seconds": round(elapsed.total_seconds()),
    }


def _why(job: "DescribeTrainingJobResponseTypeDef") -> str:
    """Say how the job ended in SageMaker's words, and where its log is."""
    name = job["TrainingJobName"]
    reason = job.get("FailureReason") or job["SecondaryStatus"]
    if job["SecondaryStatus"] == "MaxRuntimeExceeded":
        seconds = job["StoppingCondition"]["MaxRuntimeInSeconds"]
        reason += f": raise max_runtime, which is {seconds} seconds"
    return (
        f"Training job {name} {job['TrainingJobStatus']}: {reason}\n"
        f"Its log: aws logs tail {job_records.LOG_GROUP} --log-stream-name-prefix {name}/"
    )
