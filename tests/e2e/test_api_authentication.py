"""Every route of every way to authenticate, with no, wrong, expired and good credentials.

The routes are those of the template that was deployed. A good request of a workload gets past the
gateway to the function: what is behind that is for other tests.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from cli.api_client import Answer
from local.leftovers import leftovers
from tests.e2e.callers import Bearers, Callers, PoolMembers, Request, Signers
from tests.e2e.conftest import APP, App, project, silent
from tests.issuer import AUDIENCE, Issuer, issuer

STACK = f"{APP}-api"
VPCE = "vpce-0123456789abcdef0"
HERE = 'allowed_cidrs = ["192.0.2.0/24", "127.0.0.0/8"]\n'
ELSEWHERE = 'allowed_cidrs = ["192.0.2.0/24"]\n'
INSIDE = f'private = {{ vpc_endpoint_ids = ["{VPCE}"] }}\n'
KEYS = "keys = { partner-a = {}, partner-b = { quota = 2, period = 'DAY' } }\n"
PLENTY = "throttling_rate_limit = 1000\nthrottling_burst_limit = 1000\n"
WAYS = ("iam", "jwt", "cognito")


@dataclass
class Api:
    """The API as it was deployed last."""

    app: App
    callers: Callers

    @property
    def template(self) -> dict[str, Any]:
        path = self.app.deployment.assembly / f"{STACK}.template.json"
        loaded: dict[str, Any] = json.loads(path.read_text())
        return loaded["Resources"]  # type: ignore[no-any-return]

    def routes(self) -> list[tuple[str, str]]:
        """The method and path of each route, but for the preflights."""

        def path(logical_id: str) -> str:
            resource = self.template[logical_id]["Properties"]
            parent = resource["ParentId"]
            above = path(parent["Ref"]) if "Ref" in parent else ""
            return f"{above}/{resource['PathPart']}"

        found = [
            (each["Properties"]["HttpMethod"], path(each["Properties"]["ResourceId"]["Ref"]))
            for each in self.template.values()
            if each["Type"] == "AWS::ApiGateway::Method"
            and each["Properties"]["HttpMethod"] != "OPTIONS"
        ]
        assert len(found) >= 2
        return found

    def requests(self, **headers: str) -> Iterator[Request]:
        """A request for each route, with these headers."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for method, path in self.routes():
            yield self.request(method, re.sub(r"\{\w+\+?\}", "iris", path), **named)

    def request(self, method: str, path: str, **headers: str) -> Request:
        url = self.app.deployment.api_url(APP)
        return Request(method, f"{url}{path}", {"Content-Type": "text/csv", **headers})

    def key(self, name: str) -> str:
        """The value of an API key, which only API Gateway has."""
        output = f"ApiKey{name.replace('-', '')}"
        key = self.app.deployment.output(STACK, output)
        gateway = self.app.aws.client("apigateway")
        return str(gateway.get_api_key(apiKey=key, includeValue=True)["value"])

    def deploy(self, api: str) -> None:
        """Deploy the API's stack with these lines of [api]."""
        (self.app.root / "environments" / "default.toml").write_text(f"[api]\n{PLENTY}{api}")
        self.app.deploy(STACK)


@pytest.fixture(scope="module")
def issuing() -> Iterator[Issuer]:
    with issuer() as running:
        yield running


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    # cdk-nag and the linter look at each of these templates in tests/stacks/test_api_access.py
    with project(tmp_path_factory, "iris-mars", CDK_VALIDATION="false") as app:
        app.bootstrap()
        yield app


def _lines(way: str, issuing: Issuer) -> str:
    return {
        "iam": "",
        "jwt": f"authorization = 'jwt'\njwt = {{ issuer = '{issuing.url}', audience = "
        f"['{AUDIENCE}'] }}\n",
        "cognito": "authorization = 'jwt'\njwt = { cognito = true }\n",
    }[way]


def _callers(way: str, app: App, issuing: Issuer) -> Callers:
    match way:
        case "iam":
            return Signers(app)
        case "jwt":
            return Bearers(issuing)
        case _:
            return PoolMembers(app)


def refused(answer: Answer) -> bool:
    return answer.status in (401, 403)


def let_in(request: Request, answer: Answer) -> bool:
    """Whether the function has answered: of no workloads, or that there is none of the name."""
    asked_of_all = request.url.endswith(("/workloads", "/openapi.json"))
    return answer.status == (200 if asked_of_all else 404)


@pytest.mark.parametrize("way", WAYS)
def test_every_route_lets_in_whoever_has_good_credentials_and_nobody_else(
    app: App, issuing: Issuer, way: str
) -> None:
    api = Api(app, None)  # type: ignore[arg-type]
    api.deploy(_lines(way, issuing))
    api.callers = _callers(way, app, issuing)
    for request in api.requests():
        _tried(api, request)
    _keys_are_asked_for(api, _lines(way, issuing))
    _addresses_are_looked_at(api, _lines(way, issuing))
    _a_private_api_is_reached_through_its_endpoint_only(api, _lines(way, issuing))


def _tried(api: Api, request: Request) -> None:
    assert refused(api.callers.nobody(request)), request
    for what, wrong in api.callers.wrong():
        assert refused(wrong(request)), (what, request)
    assert refused(api.callers.expired(request)), request
    assert let_in(request, api.callers.good(request)), request


def _keys_are_asked_for(api: Api, way: str) -> None:
    api.deploy(way + KEYS + HERE)
    good, other = api.key("partner-a"), api.key("partner-b")
    gateway = api.app.aws.client("apigateway")
    for request in api.requests(X_Api_Key=good):
        _tried(api, request)
    for request in api.requests():
        assert api.callers.good(request).status == 403, request
    for request in api.requests(X_Api_Key="hunter2"):
        assert api.callers.good(request).status == 403, request
    # a quota is of all routes together, and of one key
    twice = [*api.requests(X_Api_Key=other), *api.requests(X_Api_Key=other)]
    counted = [api.callers.good(each).status for each in twice]
    assert counted.count(429) == len(counted) - 2
    assert counted[-1] == 429
    withdrawn = [{"op": "replace", "path": "/enabled", "value": "false"}]
    gateway.update_api_key(
        apiKey=api.app.deployment.output(STACK, "ApiKeypartnera"), patchOperations=withdrawn
    )
    for request in api.requests(X_Api_Key=good):
        assert api.callers.good(request).status == 403, request


def _addresses_are_looked_at(api: Api, way: str) -> None:
    api.deploy(way + ELSEWHERE)
    for request in api.requests():
        assert refused(api.callers.nobody(request)), request
        assert api.callers.good(request).status == 403, request


def _a_private_api_is_reached_through_its_endpoint_only(api: Api, way: str) -> None:
    api.deploy(way + INSIDE + 'allowed_cidrs = ["127.0.0.0/8"]\n')
    url = api.app.deployment.output(STACK, "ApiUrl")
    host = re.sub(r"https://([^/]+)\.amazonaws\.com/.*", r"\1.localhost", url)
    assert f"-{VPCE}." in host
    for request in api.requests(Host=host):
        _tried(api, request)
    for request in api.requests():
        assert api.callers.good(request).status == 403, request
    for request in api.requests(Host=host.replace(VPCE, "vpce-00000000000000000")):
        assert api.callers.good(request).status == 403, request


def test_pages_of_the_origins_that_are_named_may_call_and_no_others(
    app: App, issuing: Issuer
) -> None:
    ours, other = "https://app.example.org", "https://evil.example"
    api = Api(app, Bearers(issuing))
    allowed = "access-control-allow-origin"
    api.deploy(_lines("jwt", issuing) + f'cors_origins = ["http://localhost:3000", "{ours}"]\n')
    for each in api.requests(Origin=ours):
        preflight = Request(
            "OPTIONS", each.url, {"Origin": ours, "Access-Control-Request-Method": each.method}
        )
        answer = api.callers.nobody(preflight)
        assert (answer.status, answer.headers[allowed]) == (204, ours)
        assert "Authorization" in answer.headers["access-control-allow-headers"]
        assert api.callers.good(each).headers[allowed] == ours
        # an error of the gateway's own is one that the page can read
        nobody = api.callers.nobody(each)
        assert (nobody.status, nobody.headers[allowed]) == (401, ours)
    for each in api.requests(Origin=other):
        preflight = Request("OPTIONS", each.url, {"Origin": other})
        assert api.callers.nobody(preflight).headers[allowed] != other
        assert allowed not in api.callers.good(each).headers
    api.deploy(_lines("jwt", issuing))
    for each in api.requests(Origin=ours):
        preflight = Request("OPTIONS", each.url, {"Origin": ours})
        assert refused(api.callers.nobody(preflight))
        assert allowed not in api.callers.good(each).headers


def test_an_address_that_asks_too_often_is_refused_before_all_else(
    app: App, issuing: Issuer
) -> None:
    api = Api(app, Bearers(issuing))
    api.deploy(_lines("jwt", issuing) + "waf = { rate_limit = 10 }\n")
    request = next(api.requests())
    answers = [api.callers.good(request) for _ in range(10)]
    assert {answer.status for answer in answers} == {200}
    assert api.callers.good(request).status == 403
    # without it the same request passes: the association is gone with it
    api.deploy(_lines("jwt", issuing))
    assert api.callers.good(request).status == 200


def test_a_route_takes_what_it_is_given_and_leaves_the_others_theirs(
    app: App, issuing: Issuer
) -> None:
    api = Api(app, Bearers(issuing))
    limit = '"GET /workloads" = { rate_limit = 0.001, burst_limit = 2 }'
    api.deploy(_lines("jwt", issuing) + f"routes = {{ {limit} }}\n")
    listing = api.request("GET", "/workloads")
    assert [api.callers.good(listing).status for _ in range(3)] == [200, 200, 429]
    invoking = api.request("POST", "/workloads/iris/invocations")
    assert api.callers.good(invoking).status == 404


def test_all_that_an_api_has_is_gone_with_it(app: App, issuing: Issuer) -> None:
    Api(app, Bearers(issuing)).deploy(_lines("cognito", issuing) + KEYS + "waf = {}\n")
    assert {
        *(f"apigateway: {APP}-partner-a", f"apigateway: {APP}-partner-b"),
        *(f"cognito-idp: {APP}", f"wafv2: {APP}"),
    } <= set(leftovers(app.aws.client))
    app.deployment.destroy(silent)
    assert leftovers(app.aws.client) == []
