"""The API's template: the proxy's routes, its errors and what its function may do."""

import json
from typing import Any

from jsonschema import Draft202012Validator

from proxy import routes
from proxy.openapi_schemas import COMPONENTS
from tests.stacks.conftest import Synth
from tests.stacks.policies import allowed

API = "sagestack-api"


def paths(synth: Synth) -> set[tuple[str, str]]:
    """The path and method of each route of the template."""
    template = synth.template(API)["Resources"]

    def path(resource: Any) -> str:
        match resource:
            case {"Fn::GetAtt": [_, "RootResourceId"]}:
                return ""
            case {"Ref": str(name)}:
                properties = template[name]["Properties"]
                return f"{path(properties['ParentId'])}/{properties['PathPart']}"
        raise AssertionError(resource)

    return {
        (path(method["Properties"]["ResourceId"]), method["Properties"]["HttpMethod"])
        for method in synth.resources("AWS::ApiGateway::Method", API)
    }


def test_the_routes_are_those_that_the_proxy_answers(synth: Synth) -> None:
    assert paths(synth) == set(routes.METHODS.items())


def test_the_gateways_own_errors_are_problems_as_the_document_has_them(synth: Synth) -> None:
    found = [each["Properties"] for each in synth.resources("AWS::ApiGateway::GatewayResponse")]
    types = {each["ResponseType"] for each in found}
    assert {"DEFAULT_4XX", "DEFAULT_5XX", "REQUEST_TOO_LARGE", "INTEGRATION_TIMEOUT"} <= types
    for each in found:
        kind = each["ResponseParameters"]["gatewayresponse.header.Content-Type"]
        assert kind == "'application/problem+json'"
        told = (
            each["ResponseTemplates"]["application/json"]
            .replace("$context.error.responseType", each["ResponseType"])
            .replace("$context.error.messageString", '"Forbidden"')
        )
        Draft202012Validator(COMPONENTS["Problem"]).validate(json.loads(told))
        assert json.loads(told).get("status") == (int(each.get("StatusCode", 0)) or None)


def test_a_timeout_of_the_gateway_names_the_route_that_waits(synth: Synth) -> None:
    (timeout,) = (
        each["Properties"]
        for each in synth.resources("AWS::ApiGateway::GatewayResponse")
        if each["Properties"]["ResponseType"] == "INTEGRATION_TIMEOUT"
    )
    assert timeout["StatusCode"] == "504"
    told = timeout["ResponseTemplates"]["application/json"]
    assert "POST /workloads/{name}/async-invocations" in told


def test_requests_that_are_answered_later_are_all_that_the_function_may_touch(synth: Synth) -> None:
    may = allowed(synth, API, "ProxyRole")
    assert {action: on for action, on in may.items() if action.startswith(("s3:", "kms:"))} == {
        "s3:PutObject": {"BUCKET/*/async/input/api/*", "BUCKET/*/async/requests/*"},
        "s3:GetObject": {
            "BUCKET/*/async/requests/*",
            "BUCKET/*/async/output/*",
            "BUCKET/*/async/failures/*",
        },
        "s3:ListBucket": {"BUCKET"},
        "kms:Decrypt": {"KEY"},
        "kms:GenerateDataKey": {"KEY"},
    }
    endpoints = {on.partition(":endpoint/")[2] for on in may["sagemaker:InvokeEndpointAsync"]}
    assert endpoints == {"sagestack-*"}
