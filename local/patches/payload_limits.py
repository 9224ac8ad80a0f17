"""What a synchronous invocation of a function can take: 6 MB, also through API Gateway."""

import json
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import apigateway_v1, lambda_svc

MAX_EVENT = 6_291_456
"""Bytes of JSON that RequestResponse takes (Lambda's quotas, "Invocation payload")."""


class _EventTooLargeError(Exception):
    """API Gateway's event is more than the function can take."""


def apply() -> None:
    """Refuse what is larger, as AWS does; MiniStack knows no limit."""
    _limit_invoke()
    _limit_integrations()


def _limit_invoke() -> None:
    handle_request = lambda_svc.handle_request

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
    ) -> Any:
        kind = headers.get("x-amz-invocation-type", "RequestResponse")
        if path.endswith("/invocations") and kind == "RequestResponse" and len(body) > MAX_EVENT:
            return error_response_json(
                "RequestEntityTooLargeException",
                f"Request must be smaller than {MAX_EVENT} bytes for the InvokeFunction operation",
                413,
            )
        return await handle_request(method, path, headers, body, query_params)

    lambda_svc.handle_request = handle


def _limit_integrations() -> None:
    call_lambda = apigateway_v1._call_lambda_raw

    async def call_lambda_raw(function: str, event: Any, **scope: Any) -> Any:
        sent = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        if len(sent.encode(errors="replace")) > MAX_EVENT:
            raise _EventTooLargeError
        return await call_lambda(function, event, **scope)

    apigateway_v1._call_lambda_raw = call_lambda_raw
    apigateway_v1._invoke_lambda_proxy_v1 = _refusing(apigateway_v1._invoke_lambda_proxy_v1)
    apigateway_v1._invoke_lambda_custom_v1 = _refusing(apigateway_v1._invoke_lambda_custom_v1)


def _refusing(invoke: Any) -> Any:
    async def invoked(*arguments: Any, **options: Any) -> Any:
        try:
            return await invoke(*arguments, **options)
        except _EventTooLargeError:
            return apigateway_v1._GatewayError(
                "REQUEST_TOO_LARGE", "Request Too Long", "BadRequestException"
            )

    return invoked
