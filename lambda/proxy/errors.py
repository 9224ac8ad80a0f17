"""What can go wrong with a request, and the one map from exceptions to answers."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from traceback import extract_tb
from typing import Any

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004
    HTTPClientError,
    ReadTimeoutError,
)

from proxy.deadline import OutOfTimeError


class RequestError(Exception):
    """The request cannot be served as it is; the text tells the caller why, never the log.

    `allowed` are what could be in the place of what was found; `problems` the cells of a body.
    """

    status = 400
    code = "invalid_request"

    def __init__(
        self,
        message: str,
        allowed: Iterable[str] = (),
        problems: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.allowed = list(allowed)
        self.problems = problems


class InvalidBodyError(RequestError):
    """The body is not what the workload's schema describes."""

    code = "invalid_body"


class InvalidHeaderError(RequestError):
    """A header of the API's own is not what it has to be."""

    code = "invalid_header"


class NotFoundError(RequestError):
    """There is no such workload, variant or path."""

    status = 404
    code = "not_found"


class MethodNotAllowedError(RequestError):
    """The path is there, but not for this method."""

    status = 405
    code = "method_not_allowed"


class NotAcceptableError(RequestError):
    """The caller takes nothing that the API answers."""

    status = 406
    code = "not_acceptable"


class AsynchronousError(RequestError):
    """The workload answers later, which no request to this path can wait for."""

    status = 409
    code = "asynchronous"


class SynchronousError(RequestError):
    """The workload answers at once, and so never later."""

    status = 409
    code = "synchronous"


class BodyTooLargeError(RequestError):
    """The body is more than the API takes, or converted more than InvokeEndpoint does."""

    status = 413
    code = "body_too_large"


class UnsupportedMediaTypeError(RequestError):
    """The body is in a format that the API does not read."""

    status = 415
    code = "unsupported_media_type"


class AnswerTooLargeError(RequestError):
    """The model's answer to it is more than a Lambda function may return."""

    status = 502
    code = "answer_too_large"


class ModelFailedError(RequestError):
    """The model's answer, which was waited for, is that it failed."""

    status = 502
    code = "model_failed"


class UnsupportedAnswerError(RequestError):
    """The model's answer to it is nothing that the API passes on."""

    status = 502
    code = "unsupported_answer"


class CatalogError(Exception):
    """The workloads cannot be read, and never were; the cause is what the Parameter Store said."""


@dataclass(frozen=True)
class Problem:
    """An exception as the API answers it."""

    status: int
    code: str
    message: str
    allowed: Sequence[str] = ()
    problems: Sequence[Mapping[str, Any]] = ()

    def body(self, request_id: str) -> dict[str, Any]:
        """Render the one shape of all errors: https://www.rfc-editor.org/rfc/rfc9457.

        `allowed` and `problems` are the extension members.
        """
        told: dict[str, Any] = {
            "type": f"{PROBLEM_TYPE}{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.message,
            "instance": request_id,
        }
        if self.allowed:
            told["allowed"] = list(self.allowed)
        if self.problems:
            told["problems"] = list(self.problems)
        return told


PROBLEM_TYPE = "urn:sagestack:problem:"
"""What the types of problems begin with."""
CODES = {
    400: ("invalid_body", "invalid_header", "model_rejected_request"),
    404: ("not_found",),
    405: ("method_not_allowed",),
    406: ("not_acceptable",),
    409: ("asynchronous", "synchronous"),
    413: ("body_too_large",),
    415: ("unsupported_media_type",),
    429: ("throttled",),
    500: ("internal_error",),
    502: ("answer_too_large", "unsupported_answer", "model_failed"),
    503: ("endpoint_unavailable",),
    504: ("model_timeout",),
}
"""Every problem that the proxy tells of, by its status."""
_UNAVAILABLE = Problem(503, "endpoint_unavailable", "The endpoint cannot answer now, try later")
_INTERNAL = Problem(500, "internal_error", "The API failed; its log has the request id")
_TIMEOUT = Problem(
    504,
    "model_timeout",
    "The model took longer than a request of this API can wait: send fewer rows, or give the "
    "workload [async_inference] and ask by POST /workloads/{name}/async-invocations",
)


def problem_of(error: BaseException) -> Problem:
    """Map any exception to the answer that the caller gets."""
    match error:
        case RequestError():
            return Problem(error.status, error.code, str(error), error.allowed, error.problems)
        case ClientError():
            return _problem_of_endpoint(error)
        case ReadTimeoutError() | OutOfTimeError():
            return _TIMEOUT
        case CatalogError(__cause__=ClientError() as cause) if "AccessDenied" in _code(cause):
            return _INTERNAL  # no later try will find the permission that the API's role lacks
        case ConnectionError() | HTTPClientError() | CatalogError():
            return _UNAVAILABLE
        case _:
            return _INTERNAL


def loggable(error: BaseException) -> dict[str, object]:
    """Describe the error for the log, without anything that a body or the model may have put in."""
    where = [f"{frame.filename}:{frame.lineno}" for frame in extract_tb(error.__traceback__)]
    match error:
        case RequestError():
            return {}
        case ClientError() if _code(error) == "ModelError":
            response: dict[str, Any] = dict(error.response)
            return {
                "model_status": response.get("OriginalStatusCode"),
                "model_log": response.get("LogStreamArn"),
            }
        case ClientError() | ConnectionError() | HTTPClientError() | CatalogError():
            return {"error": str(error)}
        case _:
            return {"error": type(error).__name__, "where": where}


def _problem_of_endpoint(error: ClientError) -> Problem:
    """Map the errors of InvokeEndpoint.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
    """
    response: dict[str, Any] = dict(error.response)
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = _code(error)
    if code == "ModelError":
        original = response.get("OriginalStatusCode", 500)
        if 400 <= original < 500:
            return Problem(400, "model_rejected_request", _model_text(response))
        if original == 504:  # a container's own limit, which our containers have below SageMaker's
            return _TIMEOUT
        return Problem(502, "model_failed", "The model failed; its log has the reason")
    if "Throttl" in code or code == "TooManyRequestsException":
        return Problem(429, "throttled", "Too many requests, try again a little later")
    # Of a request that passed our own checks, a ValidationError says that there is no such endpoint
    # or variant (any more), or that it is not in service.
    if code.startswith("Validation") or code == "ModelNotReadyException" or status >= 500:
        return _UNAVAILABLE
    return _INTERNAL


def _model_text(response: dict[str, Any]) -> str:
    return model_text(response.get("OriginalMessage") or response["Error"].get("Message", ""))


def model_text(text: str) -> str:
    """Unwrap the message of our containers' error shape; take any other text as it is."""
    try:
        return str(json.loads(text)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return text


def _code(error: ClientError) -> str:
    return error.response["Error"].get("Code", "")
