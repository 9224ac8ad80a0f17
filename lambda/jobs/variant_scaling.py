"""Custom::SageMakerVariantScaling: an endpoint's variants are scaled, and can be updated for that.

ResourceProperties: Phase, EndpointName, Variants [{VariantName, InstanceType (none when it is
serverless), ScalableTarget {MinCapacity, MaxCapacity}, ScalingPolicies [PutScalingPolicy's members
with a Name, and with PutMetricAlarm's in Alarm], ScheduledActions [PutScheduledAction's]}].

SageMaker refuses an update that changes the instance type of a variant with a registered target,
or that drops it (https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html), and
CloudFormation would take a target of its own away only after the endpoint's update. So there are
two of these, with the same properties:

BeforeUpdate  the endpoint follows it: it deregisters the targets that would be in the way
AfterUpdate   follows the endpoint: it registers every target and gives it what is asked for

An update that fails in between has come to the first one only. So a rollback's Update of that also
puts back what it has taken away, of the variants that the endpoint runs (again).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from jobs.clients import Clients, is_transient
from jobs.events import Accepted, Event, Progress, log
from jobs.scalable_variant import ScalableVariant
from jobs.stack_status import stack_status

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

_CHANGING = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
# A service-linked role that the first target of an account has just made cannot be assumed for some
# seconds, for which Terraform's provider waits as well:
# https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/appautoscaling
_ROLE_REFUSAL = "Unable to assume IAM role"


def on_event(event: Event, clients: Clients) -> Accepted:  # noqa: ARG001 - the handlers' signature
    """Name the resource; all the work may be throttled, and `is_complete` is called again."""
    if event["RequestType"] == "Delete":
        return {}
    properties = event["ResourceProperties"]
    return {"PhysicalResourceId": f"{properties['EndpointName']}-scaling-{properties['Phase']}"}


def is_complete(event: Event, clients: Clients) -> Progress:
    """Whether the targets are as they are to be; raises CoercionError and ClientError.

    While the stack rolls back a refusal is only logged: scaling must never hold up a rollback.
    """
    rolling_back = stack_status(clients.cloudformation, event).rolling_back
    try:
        if event["ResourceProperties"]["Phase"] == "BeforeUpdate":
            return {"IsComplete": _before_update(event, clients, rolling_back=rolling_back)}
        _after_update(event, clients)
    except ClientError as error:
        if _is_passing(error):
            log(event, "asked again at the next call", error=str(error))
            return {"IsComplete": False}
        if not rolling_back or is_transient(error):
            raise
        log(event, "not scaled while the stack rolls back", reason=str(error))
    return {"IsComplete": True}


def _before_update(event: Event, clients: Clients, *, rolling_back: bool) -> bool:
    """Make way for the endpoint's update; False while a rollback cannot tell what it returns to."""
    if event["RequestType"] != "Update":
        return True
    asked = ScalableVariant.all_of(event["ResourceProperties"])
    endpoint = event["ResourceProperties"]["EndpointName"]
    running = _running(endpoint, clients.sagemaker) if rolling_back else {}
    if running is None:
        return False
    kept = {variant.runs for variant in asked}
    for variant in _before(event):
        if variant.runs not in kept:
            log(event, "deregister for the update", **variant.target)
            variant.release(clients)
    for variant in asked:
        if variant.runs in running.items():
            log(event, "put back what the update had taken away", **variant.target)
            variant.scale(clients)
    return True


def _after_update(event: Event, clients: Clients) -> None:
    asked = ScalableVariant.all_of(event["ResourceProperties"])
    if event["RequestType"] == "Delete":
        gone, asked = asked, []
    else:
        targets = [variant.target for variant in asked]
        gone = [variant for variant in _before(event) if variant.target not in targets]
    for variant in gone:
        log(event, "deregister", **variant.target)
        variant.release(clients)
    for variant in asked:
        log(event, "scale", **variant.target)
        variant.scale(clients)


def _before(event: Event) -> list[ScalableVariant]:
    return ScalableVariant.all_of(event.get("OldResourceProperties", {}))


def _running(endpoint: str, sagemaker: "SageMakerClient") -> Mapping[str, str | None] | None:
    """Return the instance type of each variant that the endpoint runs; None while it changes."""
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    if described["EndpointStatus"] in _CHANGING:
        return None
    config = sagemaker.describe_endpoint_config(EndpointConfigName=described["EndpointConfigName"])
    return {
        variant["VariantName"]: variant.get("InstanceType")
        for variant in config["ProductionVariants"]
    }


def _is_passing(error: ClientError) -> bool:
    answer = error.response["Error"]
    return answer.get("Code") == "ConcurrentUpdateException" or (
        _ROLE_REFUSAL in answer.get("Message", "")
    )
