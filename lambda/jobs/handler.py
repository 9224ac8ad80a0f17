"""Entry points for the CDK's Provider framework, which fails a resource only when they raise."""

from functools import cache
from traceback import format_exception
from types import ModuleType
from typing import Any

from jobs import (
    endpoint_check,
    job_clean_up,
    job_resource,
    job_wait,
    private_network,
    quality_gate,
    update_check,
    variant_scaling,
)
from jobs.clients import Clients, is_transient
from jobs.events import Accepted, Event, Progress, ResourceError, fitting_reason, log
from jobs.kinds import KINDS

_RESOURCES: dict[str, ModuleType] = {
    **dict.fromkeys(map(job_resource.resource_type, KINDS.values()), job_resource),
    "Custom::SageMakerJobWait": job_wait,
    "Custom::SageMakerQualityGate": quality_gate,
    "Custom::SageMakerEndpointCheck": endpoint_check,
    "Custom::SageMakerUpdateCheck": update_check,
    "Custom::SageMakerVariantScaling": variant_scaling,
    "Custom::SageMakerJobCleanUp": job_clean_up,
    "Custom::SageMakerPrivateNetwork": private_network,
}


def on_event(event: Event, _context: object) -> Accepted:
    """Begin what the event asks for; raises with CloudFormation's status reason."""
    try:
        accepted: Accepted = _resource(event).on_event(event, clients())
    except Exception as error:
        raise _failed(event, error) from error
    return accepted


def is_complete(event: Event, _context: object) -> Progress:
    """Whether that has come about; raises with CloudFormation's status reason if it never will."""
    try:
        progress: Progress = _resource(event).is_complete(event, clients())
    except Exception as error:
        if is_transient(error):
            log(event, "asked again at the next call", error=fitting_reason(error))
            return {"IsComplete": False}
        raise _failed(event, error) from error
    return progress


@cache
def clients() -> Clients:
    """Connect once per execution environment."""
    return Clients.connect()


def _resource(event: Event) -> Any:
    return _RESOURCES[event["ResourceType"]]


def _failed(event: Event, error: Exception) -> ResourceError:
    """Put the whole story into the log; Lambda reports only the exception that is raised last."""
    reason = fitting_reason(error)
    expected = isinstance(error, ResourceError)
    log(event, "failed", reason=reason, trace=None if expected else format_exception(error))
    return ResourceError(reason)
