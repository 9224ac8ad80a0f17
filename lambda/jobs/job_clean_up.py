"""Custom::SageMakerJobCleanUp: when the app goes, so do the training jobs that no stack knows.

ResourceProperties: AppName, which is the value of the jobs' tag `app` and how their names begin.

A stack whose first deploy failed keeps the record and the log of its job as evidence, and the job's
resource is no longer in the stack when that is deleted. Here they are deleted with the whole app.
"""

from typing import TYPE_CHECKING

from jobs import job_records
from jobs.clients import Clients
from jobs.events import Accepted, Event, Progress, log
from jobs.stack_status import stack_status

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


def on_event(event: Event, clients: Clients) -> Accepted:  # noqa: ARG001 - the handlers' signature
    """Name the resource after the app; there is nothing to do until it is deleted."""
    if event["RequestType"] == "Delete":
        return {}
    return {"PhysicalResourceId": f"{event['ResourceProperties']['AppName']}-job-clean-up"}


def is_complete(event: Event, clients: Clients) -> Progress:
    """Whether, after a Delete, no training job of the app is left."""
    if event["RequestType"] != "Delete":
        return {"IsComplete": True}
    if not stack_status(clients.cloudformation, event).deleting:
        return {"IsComplete": True}
    jobs = _jobs_of(event["ResourceProperties"]["AppName"], clients.sagemaker)
    log(event, "clean up training jobs", jobs=jobs)
    if not job_records.ended(event, jobs, clients.sagemaker):
        return {"IsComplete": False}
    job_records.delete(event, jobs, clients)
    return {"IsComplete": True}


def _jobs_of(app_name: str, sagemaker: "SageMakerClient") -> dict[str, str]:
    """List the jobs of the app: another app's name may begin with this one's, its tag differs."""
    jobs = job_records.jobs_named(f"{app_name}-", sagemaker)
    return {
        job: status
        for job, status in jobs.items()
        if status != "Deleting"
        and job.startswith(f"{app_name}-")
        and job_records.tagged(job, {"Key": "app", "Value": app_name}, sagemaker)
    }
