"""How much the API takes: of each key, of each route, of each address."""

from collections.abc import Iterator, Mapping
from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from environments.api import ApiKey, ApiSettings, RouteLimit, Waf

# AWS's own rules, each group with the rules that would refuse good requests: rows of data are
# larger than 8 KB, and only count then.
# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
MANAGED = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
}


def route_limits(
    routes: Mapping[str, RouteLimit],
) -> Mapping[str, apigateway.MethodDeploymentOptions]:
    """Return the stage's throttling of single routes, as the CDK names them."""
    limits = {}
    for route, limit in routes.items():
        method, path = route.split()
        limits[f"{path}/{method}"] = apigateway.MethodDeploymentOptions(
            throttling_rate_limit=limit.rate_limit,
            throttling_burst_limit=limit.burst_limit,
            logging_level=apigateway.MethodLoggingLevel.ERROR,
            metrics_enabled=True,
        )
    return limits


def add_keys(
    scope: Construct, app: str, keys: Mapping[str, ApiKey], stage: apigateway.Stage
) -> None:
    """Make the keys, each with a usage plan of its own.

    API Gateway makes their values: neither a template nor an output has one.
    """
    for name, settings in keys.items():
        key = apigateway.ApiKey(scope, f"Key-{name}", api_key_name=f"{app}-{name}")
        plan = apigateway.UsagePlan(
            scope,
            f"Plan-{name}",
            name=f"{app}-{name}",
            throttle=apigateway.ThrottleSettings(
                rate_limit=settings.rate_limit, burst_limit=settings.burst_limit
            ),
            quota=_quota(settings),
            api_stages=[apigateway.UsagePlanPerApiStage(api=stage.rest_api, stage=stage)],
        )
        plan.add_api_key(key)
        CfnOutput(scope, f"ApiKey-{name}".replace("-", ""), value=key.key_id)


def _quota(settings: ApiKey) -> apigateway.QuotaSettings | None:
    if settings.quota is None:
        return None
    return apigateway.QuotaSettings(limit=settings.quota, period=apigateway.Period[settings.period])


def add_web_acl(scope: Construct, app: str, waf: Waf, stage: apigateway.Stage) -> None:
    """Put a web ACL in front of the stage."""
    acl = wafv2.CfnWebACL(
        scope,
        "WebAcl",
        name=app,
        scope="REGIONAL",
        default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
        visibility_config=_visibility(app),
        rules=[
            wafv2.CfnWebACL.RuleProperty(priority=at, **rule) for at, rule in enumerate(_rules(waf))
        ],
    )
    stage_arn = Stack.of(scope).format_arn(
        service="apigateway",
        account="",
        resource="/restapis",
        resource_name=f"{stage.rest_api.rest_api_id}/stages/{stage.stage_name}",
    )
    wafv2.CfnWebACLAssociation(
        scope, "WebAclOfStage", resource_arn=stage_arn, web_acl_arn=acl.attr_arn
    )


def _rules(waf: Waf) -> Iterator[dict[str, Any]]:
    """Yield the rules in their order: an address that sends too much is refused before all else."""
    rate = wafv2.CfnWebACL.RateBasedStatementProperty(
        limit=waf.rate_limit, aggregate_key_type="IP", evaluation_window_sec=300
    )
    yield {
        "name": "RateOfAddress",
        "action": wafv2.CfnWebACL.RuleActionProperty(block={}),
        "statement": wafv2.CfnWebACL.StatementProperty(rate_based_statement=rate),
        "visibility_config": _visibility("RateOfAddress"),
    }
    for name, counted in MANAGED.items() if waf.managed else ():
        group = wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
            vendor_name="AWS",
            name=name,
            rule_action_overrides=[
                wafv2.CfnWebACL.RuleActionOverrideProperty(
                    name=each, action_to_use=wafv2.CfnWebACL.RuleActionProperty(count={})
                )
                for each in counted
            ],
        )
        yield {
            "name": name,
            "override_action": wafv2.CfnWebACL.OverrideActionProperty(none={}),
            "statement": wafv2.CfnWebACL.StatementProperty(managed_rule_group_statement=group),
            "visibility_config": _visibility(name),
        }


def _visibility(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    # without samples, which are requests of people with their headers
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )


def why_no_web_acl(api: ApiSettings) -> str:
    """Return the reason why the API has no web ACL, for whoever checks the template."""
    who = "whom IAM authorizes" if api.jwt is None else "with a token of the issuer"
    return (
        f"Only callers {who} get in; a web ACL costs more than the API and is the account's "
        "own choice ([api.waf])."
    )
