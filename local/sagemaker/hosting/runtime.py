"""InvokeEndpoint."""

import json
import time
from collections.abc import Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region

from local.sagemaker.errors import SageMakerError
from local.sagemaker.hosting import serverless
from local.sagemaker.hosting.async_inference import is_asynchronous
from local.sagemaker.hosting.endpoint import Endpoint
from local.sagemaker.hosting.endpoints import Endpoints
from local.sagemaker.hosting.host import RetiredError
from local.sagemaker.hosting.variants import Variant
from local.sagemaker.model_server import Answer

MAX_BODY = 6_291_456
"""Bytes that InvokeEndpoint takes."""
TIMEOUT = 60
"""Seconds that a container has for an answer."""

_PASSED_ON = (
    "accept",
    "content-type",
    "x-amzn-sagemaker-custom-attributes",
    "x-amzn-sagemaker-inference-id",
)
_NOT_SUPPORTED = (
    "x-amzn-sagemaker-target-model",
    "x-amzn-sagemaker-target-container-hostname",
    "x-amzn-sagemaker-inference-component",
    "x-amzn-sagemaker-session-id",
    "x-amzn-sagemaker-enable-explanations",
)

Response = tuple[int, dict[str, Any], bytes]


class ModelError(Exception):
    """The container answered with an error, or not at all."""

    def __init__(self, message: str, status: int, original: str, log_stream_arn: str) -> None:
        super().__init__(message)
        self.status = status
        self.original = original
        self.log_stream_arn = log_stream_arn

    def response(self) -> Response:
        """HTTP 424 as AWS sends it."""
        body = {
            "Message": str(self),
            "OriginalStatusCode": self.status,
            "OriginalMessage": self.original,
            "LogStreamArn": self.log_stream_arn,
        }
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": "ModelError"}
        return 424, headers, json.dumps(body).encode()


def invoke_endpoint(
    endpoints: Endpoints, name: str, headers: Mapping[str, str], body: bytes
) -> Response:
    """Answer InvokeEndpoint. Raises SageMakerError or ModelError."""
    received = time.monotonic()
    _assert_size(body, MAX_BODY)
    for header in _NOT_SUPPORTED:
        if header in headers:
            raise SageMakerError("ValidationError", f"The embedded AWS does not support {header}.")
    endpoint = find_endpoint(endpoints, name)
    target = headers.get("x-amzn-sagemaker-target-variant")
    passed_on = {h: headers[h] for h in _PASSED_ON if h in headers}
    variant, answer = _ask(endpoint, target, body, passed_on, received)
    endpoints.shadows.copy(variant, body, passed_on, TIMEOUT)
    if not 200 <= answer.status < 300:
        raise _model_error(variant, answer.status, answer.body.decode("utf-8", errors="replace"))
    endpoint.capture.record(variant, headers, body, answer)
    response_headers = {
        "Content-Type": answer.content_type,
        "x-Amzn-Invoked-Production-Variant": variant.name,
    }
    if answer.custom_attributes is not None:
        response_headers["X-Amzn-SageMaker-Custom-Attributes"] = answer.custom_attributes
    return 200, response_headers, answer.body


def find_endpoint(endpoints: Endpoints, name: str) -> Endpoint:
    """Return the endpoint, or raise SageMakerError in the runtime's words."""
    try:
        return endpoints.find(name)
    except SageMakerError as error:
        raise SageMakerError(
            "ValidationError", f"Endpoint {name} of account {get_account_id()} not found."
        ) from error


def _assert_size(body: bytes, most: int) -> None:
    if len(body) > most:
        raise SageMakerError("413", f"HTTP content length exceeded {most} bytes.", 413)


def _ask(
    endpoint: Endpoint,
    target: str | None,
    body: bytes,
    headers: Mapping[str, str],
    received: float,
) -> tuple[Variant, Answer]:
    """Return the answer, and the variant that gave it."""
    while True:
        variant = endpoint.variant(target)
        if is_asynchronous(variant):
            raise SageMakerError(
                "ValidationError",
                f"Endpoint {endpoint.record['EndpointName']} has an AsyncInferenceConfig: it is "
                "asked with InvokeEndpointAsync.",
            )
        if variant.serverless is not None:
            _assert_size(body, serverless.MAX_BODY)
        try:
            return variant, variant.invoke(body, headers, TIMEOUT, received)
        except RetiredError:  # between the choice and the request an update took its place
            continue
        except TimeoutError as error:
            raise _model_error(
                variant,
                0,
                "Your invocation timed out while waiting for a response from container primary. "
                "Review the latency metrics for each container in Amazon CloudWatch, resolve the "
                "issue, and try again.",
            ) from error
        except OSError as error:
            raise _model_error(variant, 0, f"container primary did not answer: {error}") from error


def _model_error(variant: Variant, status: int, original: str) -> ModelError:
    region, account = get_region(), get_account_id()
    side = "client" if 400 <= status < 500 else "server"
    message = (
        f'Received {side} error ({status}) from primary with message "{original}". See '
        f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
        f"#logEventViewer:group={variant.host.log_group} in account {account} for more information."
    )
    log_stream_arn = (
        f"arn:aws:logs:{region}:{account}:log-group:{variant.host.log_group}"
        f":log-stream:{variant.host.log_stream}"
    )
    return ModelError(message, status, original, log_stream_arn)
