"""[api] of an environment: who may call the API, from where, and how often."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import InitErrorDetails

from workloads.schema.section import (
    Allowed,
    Section,
    Several,
    not_allowed,
    problem,
    raise_any,
    repeated,
)

ROUTES = (
    "GET /openapi.json",
    "GET /workloads",
    "GET /workloads/{name}",
    "POST /workloads/{name}/invocations",
    "POST /workloads/{name}/variants/{variant}/invocations",
    "POST /workloads/{name}/async-invocations",
    "GET /workloads/{name}/async-invocations/{id}",
)
"""Every route of the API: the stack makes them from here, and a limit of `routes` is of one.

lambda/proxy/routes.py says why the gateway knows no workload's model.
"""

Rate = Annotated[
    float, Field(gt=0, le=10_000), Allowed("a number above 0, at most 10000 (requests/second)")
]
Burst = Annotated[int, Field(ge=1, le=5_000), Allowed("an integer from 1 to 5000 (requests)")]
# The embedded AWS verifies tokens of an issuer on the loopback, which no address leads to but one
# of this machine; anywhere else keys over plain HTTP could be anybody's.
Issuer = Annotated[
    str,
    Field(pattern=r"^(https://[^\s/?#]+(/[^\s?#]*)?|http://127\.0\.0\.1:[0-9]+)$", max_length=500),
    Allowed('the address of an OpenID Connect issuer, "https://..."'),
]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^\S+$"), Allowed("a word")]
Names = Annotated[Several[Name], Field(max_length=50), Allowed("a list of at most 50 words")]
Quota = Annotated[
    int, Field(ge=1, le=1_000_000_000), Allowed("an integer from 1 to 1000000000 (requests)")
]
Origin = Annotated[
    str,
    Field(pattern=r"^(\*|https?://[a-z0-9.-]+(:[0-9]+)?)$"),
    Allowed('"https://" or "http://" and a host in small letters, without a path, or "*" alone'),
]


class Jwt(Section):
    """Whose tokens are accepted: those of any OpenID Connect issuer, or of a user pool of ours."""

    issuer: Issuer | None = None
    audience: Annotated[
        Several[Name], Field(max_length=50), Allowed("a list of at most 50 names")
    ] = ()
    scopes: Annotated[
        Several[Name], Field(max_length=50), Allowed("a list of at most 50 names")
    ] = ()
    cognito: Annotated[bool, Allowed("true, false")] = False

    @model_validator(mode="after")
    def _one_issuer(self) -> Self:
        raise_any(self._mixed())
        return self

    def _mixed(self) -> Iterator[InitErrorDetails]:
        if self.cognito:
            for key in ("issuer", "audience", "scopes"):
                if getattr(self, key):
                    found = f"found beside cognito = true; allowed: without {key}"
                    yield problem(f"{found}, as the user pool brings its own", key)
        elif self.issuer is None:
            yield problem('missing; allowed: an issuer, "https://...", or cognito = true', "issuer")
        elif not self.audience:
            # without it a token that the issuer gave for another application would do
            yield problem("missing; allowed: a list of the names this API has there", "audience")


class ApiKey(Section):
    """A caller whose requests are counted, and what it may send."""

    rate_limit: Rate = 10.0
    burst_limit: Burst = 20
    quota: Quota | None = None
    period: Annotated[str, Allowed.one_of(("DAY", "WEEK", "MONTH"))] = "MONTH"


class Private(Section):
    """The VPC endpoints that a private API is reached through, and nothing else."""

    vpc_endpoint_ids: Annotated[
        Several[
            Annotated[
                str,
                Field(pattern=r"^vpce-[0-9a-f]{8,17}$"),
                Allowed('an interface endpoint of execute-api, "vpce-..."'),
            ]
        ],
        Field(min_length=1, max_length=10),
        Allowed("a list of 1 to 10 VPC endpoints"),
    ]

    @field_validator("vpc_endpoint_ids")
    @classmethod
    def _ids_are_unique(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        raise_any(repeated(ids))
        return ids


class Waf(Section):
    """A web ACL in front of the API."""

    # what a rate-based rule takes: from 10 to 2 billion requests
    # https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-high-level-settings.html
    rate_limit: Annotated[
        int,
        Field(ge=10, le=2_000_000_000),
        Allowed("an integer from 10 to 2000000000 (requests of one address in five minutes)"),
    ] = 2000
    managed: Annotated[bool, Allowed("true, false")] = True


class RouteLimit(Section):
    """What one route takes, of all callers together."""

    rate_limit: Rate
    burst_limit: Burst


class ApiSettings(Section):
    """Who may call the API, from where, and how often."""

    authorization: Annotated[str, Allowed.one_of(("iam", "jwt"))] = "iam"
    jwt: Jwt | None = None
    keys: Annotated[
        Mapping[
            Annotated[
                str,
                Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40),
                Allowed("1 to 40 lowercase letters, digits and single inner hyphens"),
            ],
            ApiKey,
        ],
        Field(max_length=100),
        Allowed("a table of at most 100 keys"),
    ] = {}
    allowed_cidrs: Annotated[
        Several[str], Field(max_length=100), Allowed("a list of at most 100 ranges of addresses")
    ] = ()
    private: Private | None = None
    cors_origins: Annotated[
        Several[Origin], Field(max_length=20), Allowed("a list of at most 20 origins")
    ] = ()
    waf: Waf | None = None
    tracing: Annotated[bool, Allowed("true, false")] = True
    routes: Annotated[
        Mapping[Annotated[str, Allowed.one_of(ROUTES)], RouteLimit], Allowed("a table of routes")
    ] = {}
    throttling_rate_limit: Rate = 10.0
    throttling_burst_limit: Burst = 20
    account_logging_role: Annotated[bool, Allowed("true, false")] = True
    """Whether the app makes the role with which API Gateway logs, one per account and region."""

    @field_validator("allowed_cidrs")
    @classmethod
    def _ranges_of_addresses(cls, ranges: tuple[str, ...]) -> tuple[str, ...]:
        raise_any([*repeated(ranges), *_no_ranges(ranges)])
        return ranges

    @field_validator("cors_origins")
    @classmethod
    def _all_or_some(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        raise_any(repeated(origins))
        if "*" in origins and len(origins) > 1:
            raise_any([not_allowed("*", 'either "*" alone or origins', origins.index("*"))])
        return origins

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        raise_any(self._mixed())
        return self

    def _mixed(self) -> Iterator[InitErrorDetails]:
        if self.authorization == "jwt" and self.jwt is None:
            yield problem('missing; allowed: a table, as authorization is "jwt"', "jwt")
        if self.authorization == "iam" and self.jwt is not None:
            found = 'found beside authorization = "iam"; allowed: only with authorization = "jwt"'
            yield problem(found, "jwt")
        if self.authorization == "iam" and "*" in self.cors_origins:
            # a page that signs has keys of AWS in it: for all pages that is never meant
            there = 'the origins of your pages: "*" only with authorization = "jwt"'
            yield not_allowed("*", there, "cors_origins", 0)
        for at, each in enumerate(self.allowed_cidrs):
            # the addresses inside a VPC, of which aws:VpcSourceIp is one
            if self.private is not None and not ip_network(each).is_private:
                there = "private addresses, as [api.private] lets only those of the VPC in"
                yield not_allowed(each, there, "allowed_cidrs", at)


def _no_ranges(ranges: tuple[str, ...]) -> Iterator[InitErrorDetails]:
    there = 'a range of addresses without bits behind its prefix, such as "203.0.113.0/24"'
    for at, each in enumerate(ranges):
        try:
            prefix = ip_network(each).prefixlen
        except ValueError:
            yield not_allowed(each, there, at)
        else:
            if prefix == 0:  # it would look like a restriction and be none
                yield not_allowed(each, "fewer than all addresses", at)
