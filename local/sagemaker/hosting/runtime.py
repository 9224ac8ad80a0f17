"""InvokeEndpoint."""

import json
from collections.abc import Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region

from local.sagemaker.errors import SageMakerError
from local.sagemaker.hosting.endpoints import Endpoints
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
    if len(body) > MAX_BODY:
        raise SageMakerError("413", f"HTTP content length exceeded {MAX_BODY} bytes.", 413)
    for header in _NOT_SUPPORTED:
        if header in headers:
            raise SageMakerError("ValidationError", f"The embedded AWS does not support {header}.")
    try:
        endpoint = endpoints.find(name)
    except SageMakerError as error:
        raise SageMakerError(
            "ValidationError", f"Endpoint {name} of account {get_account_id()} not found."
        ) from error
    variant = endpoint.variant(headers.get("x-amzn-sagemaker-target-variant"))
    answer = _ask(variant, body, {h: headers[h] for h in _PASSED_ON if h in headers})
    if not 200 <= answer.status < 300:
        raise _model_error(variant, answer.status, answer.body.decode("utf-8", errors="replace"))
    response_headers = {
        "Content-Type": answer.content_type,
        "x-Amzn-Invoked-Production-Variant": variant.name,
    }
    if answer.custom_attributes is not None:
        response_headers["X-Amzn-SageMaker-Custom-Attributes"] = answer.custom_attributes
    return 200, response_headers, answer.body


def _ask(variant: Variant, body: bytes, headers: Mapping[str, str]) -> Answer:
    try:
        return variant.host.invoke(body, headers, TIMEOUT)
    except TimeoutError as error:
        raise _model_error(
            variant,
            0,
            "Your invocation timed out while waiting for a response from container primary. Review "
            "the latency metrics for each container in Amazon CloudWatch, resolve the issue, and "
            "try again.",
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
