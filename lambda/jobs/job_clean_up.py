"""Custom::SageMakerJobCleanUp: when the app goes, so do the jobs that no stack knows.

ResourceProperties: AppName, which is the value of the jobs' tag `app` and how their names begin.

A stack whose first deploy failed keeps the record and the log of its job as evidence, and the job's
resource is no longer in the stack when that is deleted; and a job may have been submitted beside
the stacks. Here they are deleted with the whole app. Of transform jobs SageMaker keeps the records.
"""

from typing import TYPE_CHECKING

from jobs import job_records
from jobs.clients import Clients
from jobs.events import Accepted, Event, Progress, log
from jobs.kinds import KINDS, JobKind
from jobs.naming import SHORT_NAMES
from jobs.stack_status import stack_status

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import TagTypeDef

# A tuning job's training jobs are found as what they are, but their names begin as its own does.
_SHORT = frozenset({"HyperParameterTuningJob", "TrainingJob"})


def on_event(event: Event, clients: Clients) -> Accepted:  # noqa: ARG001 - the handlers' signature
    """Name the resource after the app; there is nothing to do until it is deleted."""
    if event["RequestType"] == "Delete":
        return {}
    return {"PhysicalResourceId": f"{event['ResourceProperties']['AppName']}-job-clean-up"}


def is_complete(event: Event, clients: Clients) -> Progress:
    """Whether, after a Delete, no job of the app is left."""
    if event["RequestType"] != "Delete":
        return {"IsComplete": True}
    if not stack_status(clients.cloudformation, event).deleting:
        return {"IsComplete": True}
    left = [kind.type for kind in KINDS.values() if not _cleaned_up(event, kind, clients)]
    return {"IsComplete": not left}


def _cleaned_up(event: Event, kind: JobKind, clients: Clients) -> bool:
    jobs = _jobs_of(event["ResourceProperties"]["AppName"], kind, clients.sagemaker)
    log(event, "clean up jobs", kind=kind.type, jobs=jobs)
    return job_records.removed(event, kind, jobs, clients)


def _jobs_of(app_name: str, kind: JobKind, sagemaker: "SageMakerClient") -> dict[str, str]:
    """List the jobs of the app: another app's name may begin with this one's, its tag differs."""
    stem = (SHORT_NAMES if kind.type in _SHORT else kind.names).app_stem(app_name)
    jobs = job_records.jobs_named(kind, stem, sagemaker)
    tag: TagTypeDef = {"Key": "app", "Value": app_name}
    return {
        job: status
        for job, status in jobs.items()
        if status != "Deleting"
        and job.startswith(stem)
        and job_records.tagged(kind, job, tag, sagemaker)
    }
