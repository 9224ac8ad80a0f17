"""Custom::SageMakerEndpointCheck: the endpoint runs what was asked for, and every variant answers.

ResourceProperties: EndpointName, EndpointConfigName, VariantNames, Smoke {ContentType, Body, Rows},
ShadowVariantNames (which get copies of requests, and cannot be asked themselves), AsyncInputS3Uri
(of an asynchronous endpoint: the payload is put below it). Rows, how many the payload has, and the
last two are optional. Attribute: InvokedVariants (comma separated).

An endpoint update that SageMaker rolled back ends InService on the old configuration, and
CloudFormation takes it for a success. This check does not. It comes after the endpoint's update,
and before CloudFormation removes the old configuration and models, which it does last of all, in
the stack's clean-up: when the check fails, what served before is there to be rolled back to.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError, ReadTimeoutError

from jobs.async_smoke import AsyncFailure
from jobs.async_smoke import answer as async_answer
from jobs.clients import Clients, is_transient
from jobs.events import Accepted, Event, Progress, ResourceError, log
from jobs.smoke_answer import problem_of
from jobs.stack_status import stack_status

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef
    from mypy_boto3_sagemaker_runtime import SageMakerRuntimeClient

_CHANGING = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack"})


class EndpointCheckError(ResourceError):
    """The endpoint is not what was asked for, or a variant does not answer."""


@dataclass(frozen=True)
class _Check:
    endpoint: str
    endpoint_config: str
    variants: tuple[str, ...]
    shadow_variants: tuple[str, ...]
    async_input: str | None
    content_type: str
    body: str
    rows: int | None

    @classmethod
    def of(cls, event: Event) -> "_Check":
        properties = event["ResourceProperties"]
        smoke = properties["Smoke"]
        return cls(
            endpoint=properties["EndpointName"],
            endpoint_config=properties["EndpointConfigName"],
            variants=tuple(properties["VariantNames"]),
            shadow_variants=tuple(properties.get("ShadowVariantNames", ())),
            async_input=properties.get("AsyncInputS3Uri"),
            content_type=smoke["ContentType"],
            body=smoke["Body"],
            rows=int(smoke["Rows"]) if "Rows" in smoke else None,
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
        # ten variants that hang would hold a rollback up for ten minutes
        answered = settled and not rolling_back and _answers(event, check, clients)
    except (EndpointCheckError, ClientError) as error:
        if not rolling_back:
            raise
        log(event, "the check failed while the stack rolls back", reason=str(error))
    else:
        if not (answered or rolling_back):
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
    _assert_shadows(check, endpoint)
    return True


def _assert_shadows(check: _Check, endpoint: "DescribeEndpointOutputTypeDef") -> None:
    """Look for the shadow variants: they answer nobody, so that no more can be seen of them."""
    running = [shadow["VariantName"] for shadow in endpoint.get("ShadowProductionVariants", [])]
    for name in check.shadow_variants:
        if name not in running:
            raise EndpointCheckError(
                f"Endpoint {check.endpoint} has no shadow variant {name}; it has: "
                f"{', '.join(running) or 'none'}"
            )


def _answers(event: Event, check: _Check, clients: Clients) -> bool:
    """Whether every variant has answered; False while an asynchronous answer is not there yet."""
    if check.async_input is not None:
        return _invoke_async(event, check, check.async_input, clients)
    for variant in check.variants:
        _invoke(event, check, variant, clients.runtime)
    return True


def _invoke_async(event: Event, check: _Check, input_uri: str, clients: Clients) -> bool:
    """Send the payload by way of S3; such a request cannot name a variant, and there is but one."""
    problem = f"Endpoint {check.endpoint} fails the smoke payload"
    try:
        answer = async_answer(
            event,
            clients,
            endpoint=check.endpoint,
            input_uri=input_uri,
            content_type=check.content_type,
            body=check.body,
        )
    except AsyncFailure as failure:
        log_group = f"/aws/sagemaker/Endpoints/{check.endpoint}"
        raise EndpointCheckError(f"{problem}: {failure}\nIts log: {log_group}") from failure
    if answer is None:
        return False
    if wrong := problem_of(answer.content_type, answer.body, check.rows):
        raise EndpointCheckError(f"{problem}: it {wrong}")
    log(event, "the endpoint answers the smoke payload", endpoint=check.endpoint)
    return True


def _invoke(event: Event, check: _Check, variant: str, runtime: "SageMakerRuntimeClient") -> None:
    """Send the smoke payload to the variant, not to whichever the weights would choose."""
    problem = f"Variant {variant} of endpoint {check.endpoint} fails the smoke payload"
    try:
        answer = runtime.invoke_endpoint(
            EndpointName=check.endpoint,
            TargetVariant=variant,
            ContentType=check.content_type,
            Body=check.body.encode(),
        )
        body = answer["Body"].read()
    except ReadTimeoutError as error:
        raise EndpointCheckError(f"{problem}: it did not answer within 60 seconds") from error
    except ClientError as error:
        if is_transient(error):
            raise
        raise EndpointCheckError(f"{problem}: {_model_text(error)}") from error
    if wrong := problem_of(answer.get("ContentType", ""), body, check.rows):
        raise EndpointCheckError(f"{problem}: it {wrong}")
    log(event, "variant answers the smoke payload", endpoint=check.endpoint, variant=variant)


def _model_text(error: ClientError) -> str:
    """Quote the model where it is the model that failed, else SageMaker."""
    response = error.response
    if response["Error"].get("Code") != "ModelError":
        return str(error)
    status = response.get("OriginalStatusCode")
    text = response.get("OriginalMessage") or response["Error"].get("Message")
    return f"{status}: {text}\nIts log: {response.get('LogStreamArn')}"
