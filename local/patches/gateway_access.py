"""From where a REST API may be called: its resource policy, VPC endpoints, pages of browsers."""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.arn import execute_api_arn
from ministack.services import apigateway_v1

_ENDPOINT = re.compile(r"[a-z0-9]+-(vpce-[0-9a-f]+)\.execute-api\.")
_ORIGIN_OF_CDK = re.compile(r'\$origin == "([^"]+)"')

_headers: ContextVar[Mapping[str, str]] = ContextVar("headers", default=MappingProxyType({}))


def apply() -> None:
    """Have MiniStack know what else AWS looks at before a method is called."""
    _remember_headers()
    _know_vpc_endpoints()
    _apply_policies_to_tokens()
    _answer_each_origin()


def _remember_headers() -> None:
    handle = app._handle_execute_api_request

    async def handle_execute_api_request(
        host: str, path: str, method: str, headers: dict[str, str], *rest: Any, **more: Any
    ) -> Any:
        remembered = _headers.set(headers)
        try:
            return await handle(host, path, method, headers, *rest, **more)
        finally:
            _headers.reset(remembered)

    app._handle_execute_api_request = handle_execute_api_request


def _know_vpc_endpoints() -> None:
    resolve = iam_evaluator._resolve_condition_key

    # AWS knows the network interface that a request came through. There is none here: the endpoint
    # is the one in the API's name, which on AWS leads to it alone.
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-api-test-invoke-url.html
    def resolve_condition_key(key: str, context: Any) -> Any:
        through = _ENDPOINT.match(_headers.get().get("host", ""))
        match key.lower():
            case "aws:sourcevpce":
                return through and through[1]
            case "aws:vpcsourceip":
                return context.source_ip if through else None
            case "aws:sourceip" if through:
                return None
        return resolve(key, context)

    iam_evaluator._resolve_condition_key = resolve_condition_key


def _apply_policies_to_tokens() -> None:
    authorize = apigateway_v1._authorize_request_v1

    # MiniStack looks at the resource policy for IAM's methods and for open ones, as AWS does. For
    # tokens AWS does too: a Deny ends the request before a Lambda authorizer, and with a user pool
    # only an Allow lets it pass.
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
    async def authorize_request(
        api_id: str,
        stage: str,
        method_of_api: dict[str, Any],
        method: str,
        path: str,
        *rest: Any,
    ) -> Any:
        kind = method_of_api.get("authorizationType")
        if app.AUTH and kind in ("CUSTOM", "COGNITO_USER_POOLS"):
            account, region = rest[-2:]
            arn = execute_api_arn(region, account, api_id, stage, method, path)
            decision = _decision(arn, region)
            if decision == "Deny" or (decision == "ImplicitDeny" and kind == "COGNITO_USER_POOLS"):
                return apigateway_v1._deny_error(decision == "Deny"), None
        return await authorize(api_id, stage, method_of_api, method, path, *rest)

    apigateway_v1._authorize_request_v1 = authorize_request


def _decision(arn: str, region: str) -> str:
    policy = (apigateway_v1.rest_api_policy_for_arn(arn) or ("",))[0]
    if not policy:
        return "Allow"
    context = iam_evaluator.EvalContext("*", "Anonymous", "", "execute-api:Invoke", arn, region)
    return str(iam_evaluator.evaluate_resource_policy(policy, context).decision)


def _answer_each_origin() -> None:
    invoke = apigateway_v1._invoke_mock_v1

    # Of several origins the CDK answers the one that asks, by a template which MiniStack does not
    # run: it would answer the first one and the template's text.
    def invoke_mock(integration: dict[str, Any]) -> Any:
        status, headers, body = invoke(integration)
        asking = _headers.get().get("origin")
        if asking in _ORIGIN_OF_CDK.findall(body.decode()):
            headers["Access-Control-Allow-Origin"] = asking
        return status, headers, b"" if status == 204 else body

    apigateway_v1._invoke_mock_v1 = invoke_mock
