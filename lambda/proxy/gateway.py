"""What API Gateway's Lambda proxy integration (REST API) hands over and takes back.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from proxy.errors import (
    AnswerTooLargeError,
    BodyTooLargeError,
    InvalidBodyError,
    UnsupportedAnswerError,
)
from proxy.media import JSON, PROBLEM

# Lambda takes and returns 6 MB, of the whole event and the whole answer as JSON. Of the event,
# 1 MB is for what JSON adds to a body (each quote and each line end becomes two bytes) and for the
# headers; an answer is measured as JSON, so only its headers get a little.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_MAX_BODY_BYTES = 5 * 1024 * 1024
_MAX_ANSWER_BYTES = 6 * 1024 * 1024 - 4096


@dataclass(frozen=True)
class Request:
    """A request; the names of its headers are in lower case."""

    request_id: str
    method: str
    resource: str  # the path as the API defines it, such as /workloads/{name}/invocations
    path_parameters: Mapping[str, str]
    headers: Mapping[str, str]
    content: str
    is_base64: bool

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Request":
        """Read an event, in which whatever is empty is null."""
        headers = event.get("multiValueHeaders") or {}
        return cls(
            request_id=event["requestContext"]["requestId"],
            method=event["httpMethod"],
            resource=event["resource"],
            path_parameters=event.get("pathParameters") or {},
            headers={name.lower(): ", ".join(values) for name, values in headers.items()},
            content=event.get("body") or "",
            is_base64=event.get("isBase64Encoded", False),
        )

    def body(self) -> bytes:
        """Decode the body; raises InvalidBodyError, and BodyTooLargeError for more than 5 MB."""
        try:
            body = (
                base64.b64decode(self.content, validate=True)
                if self.is_base64
                else self.content.encode(errors="surrogatepass")
            )
        except binascii.Error as error:
            raise InvalidBodyError(f"the body is not base64: {error}") from error
        if len(body) > _MAX_BODY_BYTES:
            raise BodyTooLargeError(
                f"the body has {len(body)} bytes, at most {_MAX_BODY_BYTES} can be sent: send "
                "fewer rows at a time"
            )
        return body


@dataclass(frozen=True)
class Response:
    """An answer.

    The API has no binary media types, so the body must be UTF-8, whatever its type is called:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html
    """

    status: int
    body: bytes
    headers: Mapping[str, str]

    @classmethod
    def of_json(cls, status: int, body: object, **headers: str) -> "Response":
        """Answer with a JSON document; of an error it is a problem."""
        content = json.dumps(body, ensure_ascii=False).encode(errors="replace")
        kind = JSON if status < 400 else PROBLEM
        return cls(status, content, {"Content-Type": kind, **headers})

    def to_event(self) -> dict[str, Any]:
        """Write the event.

        Raises UnsupportedAnswerError, and AnswerTooLargeError for more than Lambda returns.
        """
        try:
            body = self.body.decode()
        except UnicodeDecodeError as error:
            found = self.headers["Content-Type"]
            raise UnsupportedAnswerError(
                f"the model answers {found} that is not UTF-8: the API passes on text and JSON"
            ) from error
        size = len(json.dumps(body, ensure_ascii=False).encode())
        if size > _MAX_ANSWER_BYTES:
            raise AnswerTooLargeError(
                f"the answer has {size} bytes, Lambda returns 6 MB: send fewer rows"
            )
        return {"statusCode": self.status, "headers": dict(self.headers), "body": body}
