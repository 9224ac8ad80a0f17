"""How the wait of a custom resource for a job goes: it ends, time is up, or it is asked again.

CloudFormation gives a custom resource an hour, and a job may take a day. So a chain of resources
waits for it: the one that started it and any number of Custom::SageMakerJobWait after it, each for
WaitSeconds. One whose time is up completes without attributes and leaves the job to the next; the
last one (LastWait) has the attributes. Each fails in the same way when the job does.
"""

from time import time

from jobs import job_records, naming
from jobs.clients import Clients
from jobs.coerce import boolean
from jobs.events import Accepted, Event, Progress, log
from jobs.kinds import RUNNING, Job, JobError, JobKind

# Only the evaluation of the serving model can find that it has nothing to do.
_NO_JOB = {"JobName": "", "JobArn": "", "OutputS3Uri": ""}


def waiting(event: Event, physical_id: str) -> Accepted:
    """Answer `on_event`: the Provider hands the end of the wait to each call of `is_complete`."""
    seconds = int(event["ResourceProperties"]["WaitSeconds"])
    return {"PhysicalResourceId": physical_id, "WaitUntil": int(time()) + seconds}


def progress(event: Event, kind: JobKind, name: str, clients: Clients) -> Progress:
    """Whether the wait for the job is over, with the attributes of a job that has completed.

    Raises JobError with the job's own reason when it ended in any other way, when it is gone, and
    when it still runs at the end of the last wait.
    """
    if naming.is_no_job(name):
        return {"IsComplete": True, "Data": _NO_JOB}
    job = job_records.described(kind, name, clients.sagemaker)
    if job is None:
        raise JobError(f"{kind.noun} {name} was deleted while the stack waited for it")
    log(event, "job", kind=kind.type, **summary(job))
    if job.status == "Completed":
        attributes = kind.attributes(job, clients)
        return {"IsComplete": True, "Data": {"JobName": name, "JobArn": job.arn, **attributes}}
    if job.status not in RUNNING:
        raise kind.failure(job, kind.reason(job, clients))
    if time() < event["WaitUntil"]:
        return {"IsComplete": False}
    if boolean(event["ResourceProperties"]["LastWait"]):
        raise kind.failure(
            job,
            f"it has not ended after {job.elapsed_seconds} seconds, and the stack waits no longer: "
            f"raise {kind.runtime_setting}",
        )
    log(event, "left to the next wait", kind=kind.type, job=name)
    return {"IsComplete": True}


def summary(job: Job) -> dict[str, object]:
    """Say in a line of the log how the job is doing."""
    return {
        "job": job.name,
        "status": job.status,
        "secondary_status": job.described.get("SecondaryStatus"),
        "elapsed_seconds": job.elapsed_seconds,
    }
