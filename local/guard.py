"""The embedded AWS serves programs of this machine, and no page that a browser shows.

Functions and containers run natively: whoever can call this AWS runs code as its user. It listens
on the loopback only, but any page can have a browser send requests there, and see the answers once
a name of the page's own resolves to 127.0.0.1 (DNS rebinding). Browsers mark what a page has sent,
which no SDK, CLI or Docker engine does, and name the host that the page asked for.

Requests to an API that was deployed here are no calls of this AWS: its own authorization and CORS
settings say what a page may do with it.
"""

import re
import secrets
from collections.abc import Iterable
from typing import Any

Headers = Iterable[tuple[bytes, bytes]]
"""As ASGI has them: names in lower case."""

PASS = (b"x-sagestack-pass", secrets.token_hex(16).encode())
"""A header that only this process knows: it hands on what a machine of its own has asked.

Such a request is for AWS's own name, which is part of its signature.
"""

_API = "/_aws/execute-api/"
"""The path of the APIs that are deployed here."""

# No server in the DNS can make these lead here: names below `localhost` are the loopback's own
# (RFC 6761), and SDKs put a bucket or an API's id in front of it.
_LOOPBACK = re.compile(rb"(127\.0\.0\.1|([a-z0-9-]+\.)*localhost)(:[0-9]+)?", re.IGNORECASE)


def guarded(app: Any) -> Any:
    """Return the ASGI application `app` for local programs only: 403 for all else, no CORS."""

    async def guard(scope: Any, receive: Any, send: Any) -> None:
        of_api = scope["type"] == "http" and scope["path"].startswith(_API)

        async def send_without_cors(message: Any) -> None:
            if message["type"] == "http.response.start":
                kept = [
                    (name, value)
                    for name, value in message["headers"]
                    if of_api or not name.lower().startswith(b"access-control-")
                ]
                message = {**message, "headers": kept}
            await send(message)

        if scope["type"] == "lifespan":
            await app(scope, receive, send)
        elif reason := refusal(scope["headers"], pages=of_api):
            await _refuse(scope["type"], reason, send)
        else:
            await app(scope, receive, send_without_cors)

    return guard


def refusal(headers: Headers, *, pages: bool = False) -> str | None:
    """Return why a request is not served, if it is not; `pages` are served too if so asked."""
    hosts, passes = [], False
    for name, value in headers:
        if name == b"origin" and not pages:
            return f"it comes from a page of {_text(value)}"
        # "none" is an address that the user typed or opened
        if name == b"sec-fetch-site" and value != b"none" and not pages:
            return f"it comes from a page (Sec-Fetch-Site: {_text(value)})"
        if name == b"host":
            hosts.append(value)
        passes |= (name, value) == PASS
    if not hosts:
        return "it names no host"
    for host in hosts:
        if not passes and not _LOOPBACK.fullmatch(host):
            return f"{_text(host)} is neither 127.0.0.1 nor localhost"
    return None


async def _refuse(kind: str, reason: str, send: Any) -> None:
    prefix = "http.response" if kind == "http" else "websocket.http.response"
    body = f"The embedded AWS serves local programs only and refused this request: {reason}.\n"
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": f"{prefix}.start", "status": 403, "headers": headers})
    await send({"type": f"{prefix}.body", "body": body.encode()})


def _text(value: bytes) -> str:
    return value.decode("ascii", errors="replace")
