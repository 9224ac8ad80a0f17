"""Custom::SageMakerJobWait: one more hour for a job that another resource has started.

ResourceProperties: JobType ("TrainingJob", …), JobName, WaitSeconds, LastWait. Attributes: those of
the job, as the resource that started it has them (see job_progress).

It starts nothing and stops nothing: the rollback and the deletion of a job are its starter's.
"""

from jobs import job_progress
from jobs.clients import Clients
from jobs.events import Accepted, Event, Progress
from jobs.kinds import KINDS


def on_event(event: Event, clients: Clients) -> Accepted:  # noqa: ARG001 - the handlers' signature
    """Begin to wait; the name stays, so that another job makes no other resource."""
    if event["RequestType"] == "Delete":
        return {}
    return job_progress.waiting(event, event["LogicalResourceId"])


def is_complete(event: Event, clients: Clients) -> Progress:
    """Whether the wait is over; raises JobError as the job's starter would."""
    if event["RequestType"] == "Delete":
        return {"IsComplete": True}
    properties = event["ResourceProperties"]
    return job_progress.progress(
        event, KINDS[properties["JobType"]], properties["JobName"], clients
    )
