"""From where the API may be called: addresses, VPC endpoints, pages of browsers."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from environments.api import ApiSettings
from environments.schema import Environment

CORS_HEADERS = (
    *("Accept", "Authorization", "Content-Type", "X-Sticky-Key", "X-Api-Key"),
    *("X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256"),
)


def endpoint(scope: Construct, api: ApiSettings) -> apigateway.EndpointConfiguration:
    """Return the API's endpoint: of the region, or inside the VPC endpoints only."""
    if api.private is None:
        return apigateway.EndpointConfiguration(types=[apigateway.EndpointType.REGIONAL])
    return apigateway.EndpointConfiguration(
        types=[apigateway.EndpointType.PRIVATE],
        # each gives the API a name of its own, whether or not the VPC has private DNS
        vpc_endpoints=[
            ec2.InterfaceVpcEndpoint.from_interface_vpc_endpoint_attributes(
                scope, f"Endpoint{at}", port=443, vpc_endpoint_id=each
            )
            for at, each in enumerate(api.private.vpc_endpoint_ids)
        ],
    )


def resource_policy(environment: Environment, account: str) -> iam.PolicyDocument | None:
    """Return who is refused whatever the credentials, and whom that leaves; None for nobody.

    The account stands for those whom IAM lets in, so that its Allow opens the API to nobody else.
    Tokens are no principals of IAM: with them everybody is let through to the authorizer, and with
    a user pool nobody is without that Allow, as is no preflight request.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html
    """
    api = environment.api
    conditions = dict(_refused(api))
    if not conditions:
        return None
    tokens = api.jwt is not None
    principal = iam.StarPrincipal() if tokens else iam.AccountPrincipal(account)
    statements = [
        _statement(iam.Effect.ALLOW, principal, "execute-api:/*"),
        *(
            [_statement(iam.Effect.ALLOW, iam.StarPrincipal(), "execute-api:/*/OPTIONS/*")]
            if api.cors_origins and not tokens
            else []
        ),
        # a statement for each: those of one must all be true
        *(
            _statement(iam.Effect.DENY, iam.StarPrincipal(), "execute-api:/*", {operator: keys})
            for operator, keys in conditions.items()
        ),
    ]
    return iam.PolicyDocument(statements=statements)


def _refused(api: ApiSettings) -> Any:
    if api.private is not None:
        yield "StringNotEquals", {"aws:SourceVpce": list(api.private.vpc_endpoint_ids)}
    if api.allowed_cidrs:
        # the sender's address inside the VPC; aws:SourceIp is of what comes from the internet
        key = "aws:SourceIp" if api.private is None else "aws:VpcSourceIp"
        yield "NotIpAddress", {key: list(api.allowed_cidrs)}


def _statement(
    effect: iam.Effect,
    principal: iam.IPrincipal,
    resource: str,
    conditions: Mapping[str, Any] | None = None,
) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        effect=effect,
        principals=[principal],
        actions=["execute-api:Invoke"],
        resources=[resource],
        conditions=conditions,
    )


def preflight(api: ApiSettings) -> apigateway.CorsOptions | None:
    """Return what a page's browser is told before its request; None where no page may call."""
    if not api.cors_origins:
        return None
    return apigateway.CorsOptions(
        allow_origins=list(api.cors_origins),
        allow_methods=["GET", "POST"],
        allow_headers=list(CORS_HEADERS),
        status_code=204,
    )


def error_headers(api: ApiSettings) -> Mapping[str, str]:
    """Return the headers with which API Gateway's own errors can be read by the pages.

    Such an answer has one fixed origin or that of the request. Of several origins it is the
    request's: an error says nothing of anybody, and no credentials come with a request by
    themselves (no Access-Control-Allow-Credentials).
    """
    match api.cors_origins:
        case ():
            return {}
        case (only,):
            return {"Access-Control-Allow-Origin": f"'{only}'"}
        case _:
            return {
                "Access-Control-Allow-Origin": "method.request.header.Origin",
                "Vary": "'Origin'",
            }
