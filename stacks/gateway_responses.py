"""What API Gateway itself answers, in the form of the API's own errors (RFC 9457).

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import NamedTuple

from aws_cdk import aws_apigateway as apigateway

TYPE = "urn:sagestack:problem:"
CONTENT_TYPE = "application/problem+json"


class _Told(NamedTuple):
    status: int | None
    """None for a default of many types, each with a status of its own."""
    type: apigateway.ResponseType
    detail: str | None = None
    """None for the gateway's own words."""


RESPONSES: Mapping[str, _Told] = {
    "AccessDenied": _Told(403, apigateway.ResponseType.ACCESS_DENIED),
    "ExpiredToken": _Told(403, apigateway.ResponseType.EXPIRED_TOKEN),
    "InvalidApiKey": _Told(403, apigateway.ResponseType.INVALID_API_KEY),
    "InvalidSignature": _Told(403, apigateway.ResponseType.INVALID_SIGNATURE),
    "MissingToken": _Told(403, apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN),
    "Unauthorized": _Told(401, apigateway.ResponseType.UNAUTHORIZED),
    "Throttled": _Told(429, apigateway.ResponseType.THROTTLED),
    "QuotaExceeded": _Told(429, apigateway.ResponseType.QUOTA_EXCEEDED),
    # what a body meets that is too large even for the function that would say so
    "TooLarge": _Told(
        413,
        apigateway.ResponseType.REQUEST_TOO_LARGE,
        "the body is too large: at most 5242880 bytes can be sent",
    ),
    "Timeout": _Told(
        504,
        apigateway.ResponseType.INTEGRATION_TIMEOUT,
        "the answer took longer than the 29 seconds that a request can wait: send fewer rows, or "
        "give the workload [async_inference] and ask by POST /workloads/{name}/async-invocations",
    ),
    "Failure": _Told(504, apigateway.ResponseType.INTEGRATION_FAILURE),
}
"""The usual ones with their status, which a default of many types cannot tell."""


def add_gateway_responses(api: apigateway.RestApi, headers: Mapping[str, str]) -> None:
    """Give the API's own form and these headers to every error that the gateway answers."""
    for name, told in RESPONSES.items():
        _add(api, name, told, headers)
    _add(api, "Default4xx", _Told(None, apigateway.ResponseType.DEFAULT_4_XX), headers)
    _add(api, "Default5xx", _Told(None, apigateway.ResponseType.DEFAULT_5_XX), headers)


def _add(api: apigateway.RestApi, name: str, told: _Told, headers: Mapping[str, str]) -> None:
    status = told.status
    problem = {
        "type": f"{TYPE}$context.error.responseType",
        "title": HTTPStatus(status).phrase if status else "Error",
        **({"status": status} if status else {}),
        "detail": told.detail,
        "instance": "$context.requestId",
    }
    body = json.dumps(problem, separators=(",", ":"))
    if told.detail is None:  # messageString has its own quotes
        body = body.replace('"detail":null', '"detail":$context.error.messageString')
    api.add_gateway_response(
        name,
        type=told.type,
        status_code=str(status) if status else None,
        # the gateway takes the template of this type whatever the request accepts
        templates={"application/json": body},
        response_headers={"Content-Type": f"'{CONTENT_TYPE}'", **headers},
    )
