"""How much a REST API takes: the throttling of its routes, and the rates of a web ACL."""

import time
from collections import defaultdict, deque
from collections.abc import Iterator
from typing import Any

from ministack import app
from ministack.core import iam_evaluator
from ministack.core.responses import new_uuid, request_scope
from ministack.services import apigateway_v1, waf
from ministack.services.cloudformation import provisioners


def apply() -> None:
    """Have MiniStack limit what AWS would."""
    _withdraw_keys()
    _know_routes()
    _know_associations()
    _limit_addresses()


def _withdraw_keys() -> None:
    update = apigateway_v1._update_api_key

    # The value of a patch is a string; MiniStack keeps it, and "false" is true to it.
    def update_api_key(key_id: str, data: dict[str, Any]) -> Any:
        operations = [
            {**each, "value": each["value"] == "true"} if each["path"] == "/enabled" else each
            for each in data.get("patchOperations", [])
        ]
        return update(key_id, {**data, "patchOperations": operations})

    apigateway_v1._update_api_key = update_api_key


def _know_routes() -> None:
    settings_of = provisioners._apigw_method_settings

    # CloudFormation takes `/~1workloads~1{name}/POST` for a route's settings, as the CDK writes it;
    # MiniStack looks for `/workloads/{name}/POST`.
    def method_settings(raw: Any) -> dict[str, Any]:
        return {
            f"/{key.replace('~1', '/').lstrip('/')}" if "~1" in key else key: setting
            for key, setting in settings_of(raw).items()
        }

    provisioners._apigw_method_settings = method_settings


def _know_associations() -> None:
    # MiniStack has web ACLs and their associations, but no resource of CloudFormation for these.
    def create(_logical_id: str, props: dict[str, Any], _stack: str) -> tuple[str, dict[str, str]]:
        status, _, body = waf._associate_web_acl(props)
        if status >= 400:
            raise ValueError(f"AWS::WAFv2::WebACLAssociation: {body!r}")
        return f"{props['WebACLArn']}|{props['ResourceArn']}", {}

    def update(
        physical_id: str, _old: dict[str, Any], new: dict[str, Any], stack: str
    ) -> tuple[str, dict[str, str]]:
        return create(physical_id, new, stack)

    def delete(physical_id: str, _props: dict[str, Any]) -> None:
        acl, resource = physical_id.split("|")
        if waf._associations.get(resource) == acl:
            waf._disassociate_web_acl({"ResourceArn": resource})

    provisioners._RESOURCE_HANDLERS["AWS::WAFv2::WebACLAssociation"] = {
        "create": create,
        "update": update,
        "delete": delete,
    }


def _limit_addresses() -> None:
    handle = app._handle_execute_api_request
    seen: dict[tuple[str, str, str], deque[float]] = defaultdict(deque)

    # AWS WAF comes before all of API Gateway's own checks. Its rates are estimates of the last
    # minutes, these are counts; the managed groups' rules are AWS's own, and nothing here.
    async def handle_execute_api_request(host: str, path: str, *rest: Any, **more: Any) -> Any:
        called = app._parse_execute_api_url(host, path)
        if called is not None:
            address = iam_evaluator._request_origin.get()[0]
            for acl, rule in _rate_rules(*called[:2]):
                rate = rule["Statement"]["RateBasedStatement"]
                times = seen[acl, rule["Name"], address]
                times.append(time.monotonic())
                while times[0] < times[-1] - rate.get("EvaluationWindowSec", 300):
                    times.popleft()
                if len(times) > int(rate["Limit"]):
                    return _blocked(*called[:2])
        return await handle(host, path, *rest, **more)

    app._handle_execute_api_request = handle_execute_api_request


def _rate_rules(api_id: str, stage: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the ARN of the stage's web ACL with each of its rules that blocks by a rate."""
    if (scope := apigateway_v1.find_api_scope(api_id)) is None:
        return
    with request_scope(*scope):
        arn = waf._associations.get(
            f"arn:aws:apigateway:{scope[1]}::/restapis/{api_id}/stages/{stage}"
        )
        acl = waf._resolve_local_web_acl(arn)[0] if arn else None
        for rule in acl["Rules"] if acl else ():
            if "RateBasedStatement" in rule["Statement"] and "Block" in rule.get("Action", {}):
                yield arn, rule


def _blocked(api_id: str, stage_name: str) -> Any:
    with request_scope(*apigateway_v1.find_api_scope(api_id)):
        request = {
            "api_id": api_id,
            "stage_name": stage_name,
            "stage": apigateway_v1._stages_v1[api_id][stage_name],
            "headers": {},
            "query_params": {},
            "path_params": {},
            "resource_path": "",
            "request_id": new_uuid(),
        }
        error = apigateway_v1._GatewayError("WAF_FILTERED", "Forbidden")
        return apigateway_v1._gateway_error_response(error, request)
