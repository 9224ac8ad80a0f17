"""Custom::SageMakerEndpointCheck: the endpoint runs what was asked for, and every variant answers.

ResourceProperties: EndpointName, EndpointConfigName, VariantNames, Smoke {ContentType, Body}.
Attribute: InvokedVariants (comma separated).

An endpoint update that SageMaker rolled back ends InService on the old configuration, and
CloudFormation takes it for a success. This check does not.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, ReadTimeoutError

from jobs.clients import Clients, is_transient
from jobs.events import Accepted, Event, Progress, ResourceError, log
from jobs.stack_status import stack_status

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

_CHANGING = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack"})


class EndpointCheckError(ResourceError):
    """The endpoint is not what was asked for, or a variant does not answer."""


@dataclass(frozen=True)
class _Check:
    endpoint: str
    endpoint_config: str
    variants: tuple[str, ...]
    content_type: str
    body: str

    @classmethod
    def of(cls, event: Event) -> "_Check":
        properties = event["ResourceProperties"]
        return cls(
            endpoint=properties["EndpointName"],
            endpoint_config=properties["EndpointConfigName"],
            variants=tuple(properties["VariantNames"]),
            content_type=properties["Smoke"]["ContentType"],
            body=properties["Smoke"]["Body"],
        )


def on_event(event: Event, clients: Clients) -> Accepted:  # noqa: ARG001 - the handlers' signature
    """Name the check after its endpoint; there is nothing to make, and nothing to delete."""
    if event["RequestType"] == "Delete":
        return {}
    return {"PhysicalResourceId": f"{_Check.of(event).endpoint}-check"}


def is_complete(event: Event, clients: Clients) -> Progress:
    """Whether the endpoint has settled; then it is right, or this raises EndpointCheckError.

    While the stack rolls back, a problem is only logged: a check must never hold up a rollback.
    """
    if event["RequestType"] == "Delete":
        return {"IsComplete": True}
    check = _Check.of(event)
    rolling_back = stack_status(clients.cloudformation, event).rolling_back
    try:
        settled = _settled(event, check, clients.sagemaker)
        if settled:
            for variant in check.variants:
                _invoke(event, check, variant, clients.runtime)
    except (EndpointCheckError, ClientError) as error:
        if not rolling_back:
            raise
        log(event, "the check failed while the stack rolls back", reason=str(error))
    else:
        if not (settled or rolling_back):
            return {"IsComplete": False}
    return {"IsComplete": True, "Data": {"InvokedVariants": ",".join(check.variants)}}


def _settled(event: Event, check: _Check, sagemaker: "SageMakerClient") -> bool:
    """Whether the endpoint serves the configuration that was asked for; False while it changes."""
    endpoint = sagemaker.describe_endpoint(EndpointName=check.endpoint)
    status = endpoint["EndpointStatus"]
    serves = endpoint.get("EndpointConfigName")  # optional in the API's answer
    log(event, "endpoint", endpoint=check.endpoint, status=status, endpoint_config=serves)
    if status in _CHANGING:
        return False
    reason = endpoint.get("FailureReason", "SageMaker gives no reason")
    if status != "InService":
        raise EndpointCheckError(f"Endpoint {check.endpoint} is {status}: {reason}")
    if serves != check.endpoint_config:
        raise EndpointCheckError(
            f"Endpoint {check.endpoint} serves {serves} instead of {check.endpoint_config}: "
            f"SageMaker rolled the update back: {reason}"
        )
    return True


def _invoke(event: Event, check: _Check, variant: str, runtime: "SageMakerRuntimeClient") -> None:
    """Send the smoke payload to the variant, not to whichever the weights would choose."""
    problem = f"Variant {variant} of endpoint {check.endpoint} fails the smoke payload"
    try:
        runtime.invoke_endpoint(
            EndpointName=check.endpoint,
            TargetVariant=variant,
            ContentType=check.content_type,
            Body=check.body.encode(),
        )
    except ReadTimeoutError as error:
        raise EndpointCheckError(f"{problem}: it did not answer within 60 seconds") from error
    except ClientError as error:
        if is_transient(error):
            raise
        raise EndpointCheckError(f"{problem}: {_model_text(error)}") from error
    log(event, "variant answers the smoke payload", endpoint=check.endpoint, variant=variant)


def _model_text(error: ClientError) -> str:
    """Quote the model where it is the model that failed, else SageMaker."""
    response = error.response
    if response["Error"].get("Code") != "ModelError":
        return str(error)
    status = response.get("OriginalStatusCode")
    text = response.get("OriginalMessage") or response["Error"].get("Message")
    return f"{status}: {text}\nIts log: {response.get('LogStreamArn')}"
