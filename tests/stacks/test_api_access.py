"""The API's stack, by the settings of [api]: who gets in, from where, and how often."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from constructs import IConstruct

import stacks.acknowledge
from app import ROOT
from environments.api import ROUTES
from environments.schema import Environment
from stacks.api import ApiStack
from stacks.shared import SharedStack
from stacks.validation import add_validations
from tests.stacks.conftest import _findings

ISSUER = "https://id.example.org/"
TOKENS = {"authorization": "jwt", "jwt": {"issuer": ISSUER, "audience": ["predictions"]}}
POOL = {"authorization": "jwt", "jwt": {"cognito": True}}
CIDRS = {"allowed_cidrs": ["203.0.113.0/24"]}
VPCE = "vpce-0123456789abcdef0"
PRIVATE = {"private": {"vpc_endpoint_ids": [VPCE]}}
KEYS = {"keys": {"partner-a": {"quota": 1000, "period": "WEEK"}, "partner-b": {"rate_limit": 1.5}}}
PAGES = {"cors_origins": ["https://app.example.org", "http://localhost:3000"]}
APIS: dict[str, dict[str, Any]] = {
    "plain": {},
    "tokens": TOKENS,
    "pool": POOL,
    "keys": {**KEYS, "tracing": False},
    "cidrs": CIDRS,
    "private": {**PRIVATE, "allowed_cidrs": ["10.1.0.0/16"], **PAGES},
    "private-tokens": {**TOKENS, **PRIVATE, **CIDRS, "allowed_cidrs": ["10.1.0.0/16"]},
    "pool-cidrs": {**POOL, **CIDRS, **KEYS},
    "pages": {**TOKENS, **PAGES},
    "one-page": {**TOKENS, "cors_origins": ["*"]},
    "waf": {"waf": {}},
    "waf-rate": {"waf": {"rate_limit": 10, "managed": False}},
    "routes": {"routes": {"GET /workloads": {"rate_limit": 2, "burst_limit": 3}}},
}


class Synthesized:
    """The template of each API, and what the checks found in them beside what is acknowledged."""

    def __init__(
        self, assembly: Path, open_findings: set[tuple[str, str]], stale: set[tuple[str, str]]
    ) -> None:
        self._assembly = assembly
        self.open_findings = open_findings
        self.stale = stale

    def template(self, name: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self._assembly / f"{name}.template.json").read_text())
        return loaded

    def properties(self, name: str, kind: str) -> list[dict[str, Any]]:
        return [
            each.get("Properties", {})
            for each in self.template(name)["Resources"].values()
            if each["Type"] == kind
        ]


@pytest.fixture(scope="module")
def apis(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """One synth of all of them, with its checks."""
    recorded: list[tuple[str, str]] = []

    class Recorder:
        def __init__(self, path: str) -> None:
            self._path = path

        @classmethod
        def of(cls, construct: IConstruct) -> "Recorder":
            return cls(construct.node.path)

        def acknowledge(self, *acknowledgements: Any) -> None:
            recorded.extend((self._path, each.id) for each in acknowledgements)

    assembly = tmp_path_factory.mktemp("cdk.out")
    context = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(context=context, outdir=str(assembly))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stacks.acknowledge, "Validations", Recorder)
        shared = SharedStack(app, "shared", environment=Environment(), workloads=())
        for name, api in APIS.items():
            environment = Environment.model_validate({"name": name, "api": api})
            ApiStack(app, name, environment=environment, shared=shared)
        add_validations(app)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    findings = _findings(assembly)

    def covers(path: str, construct: str) -> bool:
        return construct == path or construct.startswith(f"{path}/")

    return Synthesized(
        assembly,
        {
            (construct, finding)
            for construct, finding in findings
            if not any(finding == id_ and covers(path, construct) for path, id_ in recorded)
        },
        {
            (path, id_)
            for path, id_ in recorded
            if not any(id_ == found and covers(path, construct) for construct, found in findings)
        },
    )


def methods(apis: Synthesized, name: str) -> list[dict[str, Any]]:
    """Those that a caller means, which a preflight is not."""
    found = apis.properties(name, "AWS::ApiGateway::Method")
    return [each for each in found if each["HttpMethod"] != "OPTIONS"]


def policy(apis: Synthesized, name: str) -> list[dict[str, Any]]:
    (api,) = apis.properties(name, "AWS::ApiGateway::RestApi")
    statements: list[dict[str, Any]] = api["Policy"]["Statement"]
    return statements


def test_the_checks_find_nothing_that_is_not_acknowledged(apis: Synthesized) -> None:
    assert not apis.open_findings
    assert not apis.stale


@pytest.mark.parametrize("name", APIS)
def test_nothing_is_open(apis: Synthesized, name: str) -> None:
    for method in apis.properties(name, "AWS::ApiGateway::Method"):
        preflight = method["HttpMethod"] == "OPTIONS"
        assert (method["AuthorizationType"] == "NONE") == preflight
        assert not preflight or method["Integration"]["Type"] == "MOCK"
    assert len(methods(apis, name)) == len(ROUTES)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("plain", "AWS_IAM"), ("tokens", "CUSTOM"), ("pool", "COGNITO_USER_POOLS")],
)
def test_every_method_asks_for_what_the_environment_says(
    apis: Synthesized, name: str, kind: str
) -> None:
    assert {method["AuthorizationType"] for method in methods(apis, name)} == {kind}
    assert not any(method.get("ApiKeyRequired") for method in methods(apis, name))


def test_tokens_are_those_of_the_issuer_for_this_api(apis: Synthesized) -> None:
    (variables,) = (
        each["Environment"]["Variables"]
        for each in apis.properties("tokens", "AWS::Lambda::Function")
        if each["Runtime"].startswith("nodejs")
    )
    assert variables == {"ISSUER": ISSUER, "AUDIENCE": '["predictions"]', "SCOPES": "[]"}
    (authorizer,) = apis.properties("tokens", "AWS::ApiGateway::Authorizer")
    assert authorizer["AuthorizerResultTtlInSeconds"] == 60


def test_nobody_signs_up_to_the_user_pool_and_its_tokens_are_for_the_api(
    apis: Synthesized,
) -> None:
    (pool,) = apis.properties("pool", "AWS::Cognito::UserPool")
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    for method in methods(apis, "pool"):
        assert "pool/invoke" in method["AuthorizationScopes"]
    assert "ClientSecret" not in json.dumps(apis.template("pool"))


def test_each_key_is_asked_for_and_has_its_own_plan_and_no_value(apis: Synthesized) -> None:
    assert all(method["ApiKeyRequired"] for method in methods(apis, "keys"))
    first, second = apis.properties("keys", "AWS::ApiGateway::UsagePlan")
    assert first["Quota"] == {"Limit": 1000, "Period": "WEEK"}
    assert (second["Throttle"]["RateLimit"], "Quota" in second) == (1.5, False)
    for key in apis.properties("keys", "AWS::ApiGateway::ApiKey"):
        assert "Value" not in key


def test_a_restricted_api_opens_itself_to_nobody_by_its_policy(apis: Synthesized) -> None:
    """An Allow for everybody would let any account's roles in, IAM or not."""
    allow, deny = policy(apis, "cidrs")
    assert allow["Effect"] == "Allow"
    assert json.dumps(allow["Principal"]).endswith(':root"]]}}')
    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
    assert deny["Condition"] == {"NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}
    assert "Policy" not in apis.properties("plain", "AWS::ApiGateway::RestApi")[0]


def test_with_tokens_the_policy_leaves_the_rest_to_the_authorizer(apis: Synthesized) -> None:
    allow, deny = policy(apis, "pool-cidrs")
    assert (allow["Effect"], allow["Principal"]) == ("Allow", "*")
    assert deny["Effect"] == "Deny"


@pytest.mark.parametrize("name", ["private", "private-tokens"])
def test_a_private_api_refuses_all_but_its_endpoints_and_addresses(
    apis: Synthesized, name: str
) -> None:
    (api,) = apis.properties(name, "AWS::ApiGateway::RestApi")
    assert api["EndpointConfiguration"] == {"Types": ["PRIVATE"], "VpcEndpointIds": [VPCE]}
    denied = [each["Condition"] for each in policy(apis, name) if each["Effect"] == "Deny"]
    assert denied == [
        {"StringNotEquals": {"aws:SourceVpce": [VPCE]}},
        {"NotIpAddress": {"aws:VpcSourceIp": ["10.1.0.0/16"]}},
    ]
    url = json.dumps(apis.template(name)["Outputs"]["ApiUrl"])
    assert f"-{VPCE}.execute-api." in url


def test_a_preflight_of_a_restricted_api_is_let_through_by_itself(apis: Synthesized) -> None:
    opened = [each for each in policy(apis, "private") if each["Effect"] == "Allow"]
    assert [each["Resource"] for each in opened] == ["execute-api:/*", "execute-api:/*/OPTIONS/*"]
    assert opened[1]["Principal"] == "*"


@pytest.mark.parametrize(
    ("name", "header"),
    [("pages", "method.request.header.Origin"), ("one-page", "'*'"), ("tokens", None)],
)
def test_errors_of_the_gateway_can_be_read_by_the_pages_that_may_call(
    apis: Synthesized, name: str, header: str | None
) -> None:
    for response in apis.properties(name, "AWS::ApiGateway::GatewayResponse"):
        sent: Mapping[str, str] = response.get("ResponseParameters", {})
        assert sent.get("gatewayresponse.header.Access-Control-Allow-Origin") == header
        assert not any("Credentials" in each for each in sent)


def test_a_web_acl_stands_before_the_stage_when_it_is_asked_for(apis: Synthesized) -> None:
    assert not apis.properties("plain", "AWS::WAFv2::WebACL")
    (acl,) = apis.properties("waf", "AWS::WAFv2::WebACL")
    rate, *managed = acl["Rules"]
    assert rate["Statement"]["RateBasedStatement"]["Limit"] == 2000
    assert rate["Action"] == {"Block": {}}
    groups = [each["Statement"]["ManagedRuleGroupStatement"] for each in managed]
    assert [each["Name"] for each in groups] == [
        "AWSManagedRulesAmazonIpReputationList",
        "AWSManagedRulesKnownBadInputsRuleSet",
        "AWSManagedRulesCommonRuleSet",
    ]
    # 8 KB of rows are no attack
    assert groups[2]["RuleActionOverrides"] == [
        {"ActionToUse": {"Count": {}}, "Name": "SizeRestrictions_BODY"}
    ]
    (association,) = apis.properties("waf", "AWS::WAFv2::WebACLAssociation")
    assert "/stages/" in json.dumps(association["ResourceArn"])
    (alone,) = apis.properties("waf-rate", "AWS::WAFv2::WebACL")
    assert len(alone["Rules"]) == 1


def test_a_route_has_its_own_limit_beside_that_of_the_stage(apis: Synthesized) -> None:
    (stage,) = apis.properties("routes", "AWS::ApiGateway::Stage")
    limits = {each["ResourcePath"]: each["ThrottlingRateLimit"] for each in stage["MethodSettings"]}
    assert limits == {"/*": 10, "/~1workloads": 2}


def test_requests_are_traced_unless_the_environment_says_otherwise(apis: Synthesized) -> None:
    assert apis.properties("plain", "AWS::ApiGateway::Stage")[0]["TracingEnabled"] is True
    assert "TracingConfig" in apis.properties("plain", "AWS::Lambda::Function")[0]
    assert apis.properties("keys", "AWS::ApiGateway::Stage")[0]["TracingEnabled"] is False
    assert "TracingConfig" not in apis.properties("keys", "AWS::Lambda::Function")[0]


def test_the_access_log_says_who_and_what_and_no_content(apis: Synthesized) -> None:
    (stage,) = apis.properties("plain", "AWS::ApiGateway::Stage")
    logged = json.loads(stage["AccessLogSetting"]["Format"])
    assert {"requestId", "trace", "principal", "apiKeyId", "status"} <= set(logged)
    for variable in logged.values():
        assert "requestOverride" not in variable
        assert "identity.apiKey}" not in f"{variable}}}"  # the value of a key
        assert "authorizer.claims." not in variable or variable.endswith(".sub")
