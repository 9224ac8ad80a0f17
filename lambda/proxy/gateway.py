"""What API Gateway's Lambda proxy integration (REST API) hands over and takes back.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from proxy.errors import AnswerTooLargeError, InvalidBodyError
from proxy.media import JSON, MediaType

# Lambda returns 6 MB, of the whole answer as JSON; the headers get a little of it.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
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
        """Decode the body; raises InvalidBodyError."""
        if not self.is_base64:
            return self.content.encode(errors="surrogatepass")
        try:
            return base64.b64decode(self.content, validate=True)
        except binascii.Error as error:
            raise InvalidBodyError(f"the body is not base64: {error}") from error


@dataclass(frozen=True)
class Response:
    """An answer; a body that is not text goes out in base64."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, status: int, body: object, **headers: str) -> "Response":
        """Answer with a JSON document."""
        content = json.dumps(body, ensure_ascii=False).encode(errors="replace")
        return cls(status, content, {"Content-Type": JSON, **headers})

    def to_event(self) -> dict[str, Any]:
        """Write the event; raises AnswerTooLargeError for more than Lambda returns."""
        text = self._text()
        body = base64.b64encode(self.body).decode() if text is None else text
        size = len(json.dumps(body, ensure_ascii=False).encode())
        if size > _MAX_ANSWER_BYTES:
            raise AnswerTooLargeError(f"the answer has {size} bytes, Lambda returns 6 MB")
        return {
            "statusCode": self.status,
            "headers": dict(self.headers),
            "body": body,
            "isBase64Encoded": text is None,
        }

    def _text(self) -> str | None:
        name = MediaType.parse(self.headers.get("Content-Type", "")).name
        if not (name.startswith("text/") or name.endswith(("json", "xml"))):
            return None
        try:
            return self.body.decode()
        except UnicodeDecodeError:
            return None
