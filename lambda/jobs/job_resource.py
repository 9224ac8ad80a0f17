"""Custom::SageMakerTrainingJob and its like, one of each kind: a job that CloudFormation waits for.

ResourceProperties: JobNamePrefix, Revision (optional), WaitSeconds, LastWait, and the request as
the API takes it, without the job's name: CreateTrainingJobRequest, …. `<JobName>` in any text of
it becomes the job's name. Attributes: JobName, JobArn, and what the kind adds (see jobs/kinds).

CloudFormation delivers an event at least once, sends a rollback as an Update with the old
properties, and a cancelled create's Delete with a physical id of its own invention. So nothing is
remembered: a job's name follows from its request, and what exists in SageMaker is looked up.
"""

from collections.abc import Mapping
from time import sleep
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from jobs import job_progress, job_records, naming
from jobs.clients import Clients, is_transient
from jobs.coerce import coerce
from jobs.events import Accepted, Event, Progress, log
from jobs.kinds import KINDS, JobError, JobKind
from jobs.stack_status import StackStatus, stack_status

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import TagTypeDef

REQUEST_ID_TAG = "sagestack:request-id"

# A role that CloudFormation has just made, or has just given a right, can be without it for some
# seconds: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html ("Changes that I make
# are not always immediately visible"). SageMaker tries the role when it is asked for a job, and
# these are its refusals, which Terraform's provider waits for as well:
# https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service/sagemaker
_ROLE_REFUSALS = (
    "assume role",
    "s3:ListBucket",  # in "No S3 objects found under S3 URL" too, whether there are any or not
    "Unauthorized to List objects",
    "Access denied to OutputDataConfig",
    "Access denied for repository",
)
_ROLE_WAITS = (2.0, 4.0, 8.0, 16.0, 30.0)  # seconds


def resource_type(kind: JobKind) -> str:
    """Return the CloudFormation type of the resource that starts such a job."""
    return f"Custom::SageMaker{kind.type}"


_KINDS = {resource_type(kind): kind for kind in KINDS.values()}


def on_event(event: Event, clients: Clients) -> Accepted:
    """Start or find the job of a Create or Update; begin to take the jobs of a Delete away.

    Raises CoercionError for a request that is not the API's, and JobError for an event that the
    stack no longer waits for.
    """
    if event["RequestType"] == "Delete":
        _release(event, clients)
        return {}
    return job_progress.waiting(event, _ensure(event, clients))


def is_complete(event: Event, clients: Clients) -> Progress:
    """Whether the wait for the job is over, or after a Delete whether nothing runs any more.

    Raises JobError with the job's own reason when it ended in any other way than completed.
    """
    if event["RequestType"] == "Delete":
        return {"IsComplete": _release(event, clients)}
    return job_progress.progress(event, _kind(event), event["PhysicalResourceId"], clients)


def _ensure(event: Event, clients: Clients) -> str:
    """Name the job that serves the event, after starting it where there is none."""
    kind, sagemaker = _kind(event), clients.sagemaker
    request = kind.resolved(event, _request(event, kind, sagemaker), clients)
    jobs = _jobs(event, kind, sagemaker)
    if request is None:
        name, start = naming.no_job(event["ResourceProperties"]["JobNamePrefix"]), False
    else:
        name, start = _named(event, kind, request, jobs, sagemaker)

    stack = stack_status(clients.cloudformation, event)
    if start and not stack.starts_jobs(event["RequestType"]):
        raise JobError(f"{name} was not started: the stack is in {stack.name} by now")
    if start or stack.rolling_back:
        # An update that was cancelled left its job running, and its name with nobody. A late copy
        # of an old event comes to neither, so it cannot stop the job of the event after it.
        others = {job: jobs[job] for job in jobs if job != name}
        job_records.ended(event, kind, others, sagemaker)
    if request is not None and start:
        _create(event, kind, name, kind.continued(event, request, jobs), sagemaker)
        _stop_if_given_up(event, kind, name, stack, clients)
    return name


def _named(
    event: Event,
    kind: JobKind,
    request: Mapping[str, Any],
    jobs: Mapping[str, str],
    sagemaker: "SageMakerClient",
) -> tuple[str, bool]:
    """Name the job that serves the event, and say whether it is yet to be started."""
    identity = kind.identity(request, event["ResourceProperties"])
    stem = kind.names.request_stem(_resource_stem(event, kind), identity)
    # The resource's own job may be deleted. Its name must not come back, or what waits for it, and
    # the model that is made of its artifact, would have nothing to be updated for.
    names = (*jobs, event.get("PhysicalResourceId", ""))
    attempt = max(naming.attempt_of(stem, job) or 0 for job in names)
    name = naming.job_name(stem, attempt)
    if attempt and _serves(event, kind, name, sagemaker):
        return name, False
    return naming.job_name(stem, attempt + 1), True


def _serves(event: Event, kind: JobKind, name: str, sagemaker: "SageMakerClient") -> bool:
    """Whether an existing job is the event's: a good one, or one that this event itself started.

    The latter may have failed; `is_complete` then says why. A job that failed for an earlier
    request is no answer to this one: deploying again means trying again.
    """
    job = job_records.described(kind, name, sagemaker)
    if job is None:
        return False
    log(event, "found job", kind=kind.type, **job_progress.summary(job))
    if job.status in ("Completed", "InProgress"):
        return True
    own: TagTypeDef = {"Key": REQUEST_ID_TAG, "Value": event["RequestId"]}
    return job_records.tagged(kind, name, own, sagemaker)


def _create(
    event: Event, kind: JobKind, name: str, request: dict[str, Any], sagemaker: "SageMakerClient"
) -> None:
    tags = [*request.get("Tags", []), {"Key": REQUEST_ID_TAG, "Value": event["RequestId"]}]
    members = {**_with_name(request, name), **kind.named(name), "Tags": tags}
    for seconds in (*_ROLE_WAITS, None):
        try:
            kind.call(sagemaker, "Create", **members)
        except sagemaker.exceptions.ResourceInUse:
            log(event, "the same event has started the job already", kind=kind.type, job=name)
            return
        except ClientError as error:
            if seconds is None or not any(said in str(error) for said in _ROLE_REFUSALS):
                raise
            log(event, "SageMaker may not know the role yet", job=name, error=str(error))
            sleep(seconds)
        else:
            log(event, "started job", kind=kind.type, job=name)
            return


def _stop_if_given_up(
    event: Event, kind: JobKind, name: str, before: StackStatus, clients: Clients
) -> None:
    """Stop the job when the stack has given the event up while it was started.

    The event that undoes this one may have looked for the job just before it was there, and a
    failed Create is not undone at all: the Provider framework keeps its Delete to itself.
    """
    try:
        now = stack_status(clients.cloudformation, event)
    except Exception as error:
        if is_transient(error):  # to raise is to leave the job of a Create to nobody
            return
        raise
    if now == before:
        return
    job_records.ended(event, kind, {name: "InProgress"}, clients.sagemaker)
    raise JobError(f"{name} was stopped again: the stack is in {now.name} by now")


def _with_name(value: Any, name: str) -> Any:
    """Put the job's name into every text of a request that asks for it."""
    if isinstance(value, dict):
        return {key: _with_name(member, name) for key, member in value.items()}
    if isinstance(value, list):
        return [_with_name(item, name) for item in value]
    return value.replace("<JobName>", name) if isinstance(value, str) else value


def _release(event: Event, clients: Clients) -> bool:
    """Take away what a Delete is for; return whether that is done.

    The records of jobs are the evidence and, with their artifacts, what a rollback returns to: they
    go only with the whole stack. What runs must end before its role and data go.
    """
    kind = _kind(event)
    stack = stack_status(clients.cloudformation, event)
    jobs = _jobs(event, kind, clients.sagemaker)
    if not (stack.deleting or stack.rolling_back):  # the clean-up after a replacement
        jobs = {job: jobs[job] for job in jobs if job == event["PhysicalResourceId"]}
    log(event, "release jobs", kind=kind.type, stack_status=stack.name, jobs=jobs)
    if stack.deleting:
        return job_records.removed(event, kind, jobs, clients)
    return job_records.ended(event, kind, jobs, clients.sagemaker)


def _request(event: Event, kind: JobKind, sagemaker: "SageMakerClient") -> dict[str, Any]:
    shape = sagemaker.meta.service_model.shape_for(kind.create_request)
    request: dict[str, Any] = coerce(event["ResourceProperties"][kind.create_request], shape)
    return request


def _kind(event: Event) -> JobKind:
    return _KINDS[event["ResourceType"]]


def _resource_stem(event: Event, kind: JobKind) -> str:
    prefix = event["ResourceProperties"]["JobNamePrefix"]
    return kind.names.resource_stem(prefix, event["StackId"], event["LogicalResourceId"])


def _jobs(event: Event, kind: JobKind, sagemaker: "SageMakerClient") -> dict[str, str]:
    """List the resource's jobs, oldest first, with their status."""
    resource = _resource_stem(event, kind)
    jobs = job_records.jobs_named(kind, resource, sagemaker)
    return {job: jobs[job] for job in jobs if kind.names.belongs_to(resource, job)}
