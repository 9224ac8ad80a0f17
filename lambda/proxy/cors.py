"""Whose pages may read an answer. API Gateway itself answers what a browser asks beforehand.

https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from collections.abc import Collection, Mapping
from typing import Any

READABLE = (
    *("X-Invoked-Production-Variant", "X-Model-Version", "X-Request-Id"),
    *("Location", "Retry-After"),
)
"""Headers of an answer that a page may read, beside those that every page may."""


def cors_headers(event: Mapping[str, Any], allowed: Collection[str]) -> dict[str, str]:
    """Return the headers that let the page which sent `event` read the answer, if it may.

    Never Access-Control-Allow-Credentials: a page sends its token itself, and no browser adds one.
    """
    if not allowed:
        return {}
    headers = event.get("multiValueHeaders") or {}
    origins = [
        value for name, values in headers.items() if name.lower() == "origin" for value in values
    ]
    readable = {"Access-Control-Expose-Headers": ", ".join(READABLE)}
    if "*" in allowed:
        return {"Access-Control-Allow-Origin": "*", **readable}
    if len(origins) == 1 and origins[0] in allowed:
        return {"Access-Control-Allow-Origin": origins[0], "Vary": "Origin", **readable}
    return {"Vary": "Origin"}
