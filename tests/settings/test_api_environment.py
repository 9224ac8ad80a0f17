"""[api] of an environment: each wrong mix is one line that says what is allowed."""

import pytest

from environments.api import ROUTES, ApiSettings
from environments.loading import load_environment
from tests.settings.project import SettingsProject

TOKENS = 'api.authorization = "jwt"\n'
ISSUER = 'the address of an OpenID Connect issuer, "https://..."'
ORIGIN = '"https://" or "http://" and a host in small letters, without a path, or "*" alone'
RANGE = 'a range of addresses without bits behind its prefix, such as "203.0.113.0/24"'
COGNITO = "api.jwt.cognito = true\n"

MISTAKES = {
    "a way that is none": (
        'api.authorization = "none"',
        'api.authorization: found "none"; allowed: "iam", "jwt"',
    ),
    "tokens of nobody": (
        TOKENS,
        'api.jwt: missing; allowed: a table, as authorization is "jwt"',
    ),
    "an issuer that nobody asks": (
        f"[api]\n{COGNITO.removeprefix('api.')}",
        'api.jwt: found beside authorization = "iam"; allowed: only with authorization = "jwt"',
    ),
    "no issuer": (
        f"{TOKENS}api.jwt = {{}}",
        'api.jwt.issuer: missing; allowed: an issuer, "https://...", or cognito = true',
    ),
    "an issuer whose tokens are for anybody": (
        f'{TOKENS}api.jwt.issuer = "https://id.example.org"',
        "api.jwt.audience: missing; allowed: a list of the names this API has there",
    ),
    "two issuers": (
        f'{TOKENS}{COGNITO}api.jwt.issuer = "https://id.example.org"',
        "api.jwt.issuer: found beside cognito = true; allowed: without issuer, as the user pool "
        "brings its own",
    ),
    "an issuer whose keys anybody can give": (
        f'{TOKENS}api.jwt.issuer = "http://id.example.org"\napi.jwt.audience = ["a"]',
        f'api.jwt.issuer: found "http://id.example.org"; allowed: {ISSUER}',
    ),
    "an issuer that looks like the loopback": (
        f'{TOKENS}api.jwt.issuer = "http://127.0.0.1:80.example.org"\napi.jwt.audience = ["a"]',
        f'api.jwt.issuer: found "http://127.0.0.1:80.example.org"; allowed: {ISSUER}',
    ),
    "a key's name that no caller has": (
        "api.keys.Partner = {}",
        'api.keys.Partner: found "Partner"; '
        "allowed: 1 to 40 lowercase letters, digits and single inner hyphens",
    ),
    "a quota of nothing": (
        "api.keys.partner.quota = 0",
        "api.keys.partner.quota: found 0; allowed: an integer from 1 to 1000000000 (requests)",
    ),
    "a quota of an hour": (
        'api.keys.partner.period = "HOUR"',
        'api.keys.partner.period: found "HOUR"; allowed: "DAY", "WEEK", "MONTH"',
    ),
    "a range that is none": (
        'api.allowed_cidrs = ["203.0.113.7/24"]',
        f'api.allowed_cidrs[0]: found "203.0.113.7/24"; allowed: {RANGE}',
    ),
    "all addresses": (
        'api.allowed_cidrs = ["0.0.0.0/0"]',
        'api.allowed_cidrs[0]: found "0.0.0.0/0"; allowed: fewer than all addresses',
    ),
    "addresses of the internet inside a VPC": (
        'api.allowed_cidrs = ["8.8.8.0/24"]\napi.private.vpc_endpoint_ids = ["vpce-01234567"]',
        'api.allowed_cidrs[0]: found "8.8.8.0/24"; allowed: private addresses, as [api.private] '
        "lets only those of the VPC in",
    ),
    "a private API that nothing leads to": (
        "api.private.vpc_endpoint_ids = []",
        "api.private.vpc_endpoint_ids: found a list of 0; allowed: a list of 1 to 10 VPC endpoints",
    ),
    "an endpoint that is none": (
        'api.private.vpc_endpoint_ids = ["vpc-01234567"]',
        'api.private.vpc_endpoint_ids[0]: found "vpc-01234567"; '
        'allowed: an interface endpoint of execute-api, "vpce-..."',
    ),
    "an endpoint twice": (
        'api.private.vpc_endpoint_ids = ["vpce-01234567", "vpce-01234567"]',
        'api.private.vpc_endpoint_ids[1]: found "vpce-01234567" twice; allowed: each once',
    ),
    "an origin with a path": (
        'api.cors_origins = ["https://app.example.org/"]',
        f'api.cors_origins[0]: found "https://app.example.org/"; allowed: {ORIGIN}',
    ),
    "all origins and some": (
        f'{TOKENS}{COGNITO}api.cors_origins = ["https://app.example.org", "*"]',
        'api.cors_origins[1]: found "*"; allowed: either "*" alone or origins',
    ),
    "all pages with keys of AWS in them": (
        'api.cors_origins = ["*"]',
        'api.cors_origins[0]: found "*"; allowed: the origins of your pages: "*" only with '
        'authorization = "jwt"',
    ),
    "a rate that no rule of AWS WAF has": (
        "api.waf.rate_limit = 9",
        "api.waf.rate_limit: found 9; allowed: an integer from 10 to 2000000000 (requests of one "
        "address in five minutes)",
    ),
    "a route that is none": (
        'api.routes."GET /workload" = { rate_limit = 1, burst_limit = 1 }',
        f'api.routes."GET /workload": found "GET /workload"; '
        f"allowed: {', '.join(f'{chr(34)}{route}{chr(34)}' for route in ROUTES)}; "
        'did you mean "GET /workloads"?',
    ),
    "a name that no user pool's domain has": (
        f'name = "my-amazonas"\n{TOKENS}{COGNITO}',
        'name: found "my-amazonas"; allowed: a name without "amazon" in it, which no domain of a '
        "user pool may have",
    ),
    "half a limit of a route": (
        'api.routes."GET /workloads".rate_limit = 1',
        'api.routes."GET /workloads".burst_limit: missing; '
        "allowed: an integer from 1 to 5000 (requests)",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_by_its_key(project: SettingsProject, mistake: str) -> None:
    text, expected = MISTAKES[mistake]
    assert project.environment_problems(text) == [expected]


def test_nothing_is_open_by_default() -> None:
    settings = ApiSettings()
    assert settings.authorization == "iam"
    assert settings.cors_origins == ()


@pytest.mark.parametrize(
    "text",
    [
        f'{TOKENS}{COGNITO}api.cors_origins = ["*"]',
        f'{TOKENS}api.jwt.issuer = "https://x.eu.auth0.com/"\napi.jwt.audience = ["a"]\n'
        'api.jwt.scopes = ["predict"]',
        'api.private.vpc_endpoint_ids = ["vpce-01234567"]\napi.allowed_cidrs = ["10.0.0.0/8"]',
        'api.allowed_cidrs = ["2001:db8::/32", "203.0.113.9/32"]\napi.waf = {}\n'
        'api.keys.partner-a = { quota = 10, period = "DAY" }',
        'api.cors_origins = ["http://localhost:3000"]\napi.tracing = false',
    ],
)
def test_what_fits_together_is_taken(project: SettingsProject, text: str) -> None:
    assert project.environment_problems(text) == []
    load_environment(project.root / "environments/default.toml")
