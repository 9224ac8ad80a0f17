"""Custom::SageMakerUpdateCheck: what SageMaker would refuse to make of the endpoint costs nothing.

ResourceProperties: EndpointName, WorkloadName, VariantNames, Serverless (whether the variant is),
Guarded (whether the endpoint is updated with a DeploymentConfig).

Some of what SageMaker refuses depends on what the endpoint serves, so that no synth can tell, and
SageMaker compares the two only when the update begins: after the training. All jobs of the stack
follow this resource, which compares them before. CloudFormation updates it when one of its
properties is another, and so with every deploy that could be refused for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.clients import Clients
from jobs.coerce import boolean
from jobs.events import Accepted, Event, Progress, ResourceError, log
from jobs.serving_variants import serving_variants
from jobs.stack_status import stack_status

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import ProductionVariantOutputTypeDef


class UpdateRefusal(ResourceError):  # noqa: N818 - an outcome, not a defect
    """SageMaker would refuse to update the endpoint to this."""


@dataclass(frozen=True)
class _Wanted:
    endpoint: str
    workload: str
    variants: tuple[str, ...]
    serverless: bool
    guarded: bool
    was_guarded: bool

    @classmethod
    def of(cls, event: Event) -> "_Wanted":
        properties, old = event["ResourceProperties"], event.get("OldResourceProperties", {})
        return cls(
            endpoint=properties["EndpointName"],
            workload=properties["WorkloadName"],
            variants=tuple(properties["VariantNames"]),
            serverless=boolean(properties["Serverless"]),
            guarded=boolean(properties["Guarded"]),
            was_guarded=boolean(old.get("Guarded", False)),
        )


def on_event(event: Event, clients: Clients) -> Accepted:  # noqa: ARG001 - the handlers' signature
    """Name the check after its endpoint; `is_complete` looks, and is called again if throttled."""
    if event["RequestType"] == "Delete":
        return {}
    return {"PhysicalResourceId": f"{_Wanted.of(event).endpoint}-update-check"}


def is_complete(event: Event, clients: Clients) -> Progress:
    """Whether the endpoint can be updated to what is wanted; raises UpdateRefusal if it cannot.

    A rollback returns to what was deployed, and is never held up.
    """
    if event["RequestType"] == "Delete":
        return {"IsComplete": True}
    if not stack_status(clients.cloudformation, event).rolling_back:
        wanted = _Wanted.of(event)
        serving = serving_variants(wanted.endpoint, clients.sagemaker)
        log(event, "serves", endpoint=wanted.endpoint, variants=[_name(each) for each in serving])
        if serving and (refusal := _refusal(wanted, serving)):
            raise UpdateRefusal(f"{refusal} No job was started; the endpoint serves as before.")
    return {"IsComplete": True}


def _refusal(wanted: _Wanted, serving: "Sequence[ProductionVariantOutputTypeDef]") -> str | None:
    """Say why SageMaker would refuse it or the way back, and what to do; None when it would not.

    https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-update.html: real-time to
    serverless is "currently unsupported".
    https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html: "your new
    endpoint configuration must have the same variant name as the old endpoint configuration". That
    goes for a rollback to what was guarded too: it would fail, and leave the new version serving.
    """
    if wanted.serverless and not any("ServerlessConfig" in variant for variant in serving):
        return (
            f"Endpoint {wanted.endpoint} serves with instances, and the workload's file asks for "
            "serverless, which SageMaker does not make of it. Remove the workload first (make "
            f"remove WORKLOAD={wanted.workload}), with nobody answering until it is deployed "
            "again, or add a second workload."
        )
    names = sorted(_name(variant) for variant in serving)
    if (wanted.guarded or wanted.was_guarded) and names != sorted(wanted.variants):
        return (
            f"Endpoint {wanted.endpoint} serves the variants {', '.join(names)}, and the "
            f"workload's file asks for {', '.join(sorted(wanted.variants))}. With [deployment] or "
            "[alarms] SageMaker takes no other names, neither in an update nor when CloudFormation "
            "puts the old version back. Deploy without both tables first, with the variants that "
            "serve; then with the new ones; then with the tables again."
        )
    return None


def _name(variant: "ProductionVariantOutputTypeDef") -> str:
    return variant["VariantName"]
