"""The deployed API held against its own document, with requests that schemathesis makes up.

One workload answers at once and one later, so that every route is there. Half of the requests are
such as the document allows, the others break it in some way.
"""

import re
from collections import Counter
from collections.abc import Iterator
from math import ceil
from typing import Any

import pytest
import requests
import schemathesis
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from hypothesis import HealthCheck, Phase, given, settings
from requests.adapters import HTTPAdapter
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.e2e.conftest import App, project

NOW, LATER = "iris-mars", "iris-waiting"
ASYNCHRONOUS = """[[variants]]
name = "mars"
instance_type = "ml.m5.large"
[async_inference]

"""
BOUNDED = 'type = "number", minimum = 0, maximum = 100'
CASES = 10_000
MAPPED = (502, 503, 504)
"""What becomes of a model's failure; the document has each."""
CHECKS = [
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.status_code_conformance,
]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, NOW) as app:
        file = app.root / "workloads" / f"{NOW}.toml"
        # a model of splines has no finite answer to 1e300
        bounded = file.read_text().replace('type = "number"', BOUNDED)
        file.write_text(bounded)
        later = bounded.replace(f'name = "{NOW}"', f'name = "{LATER}"')
        later = re.sub(r"(?sm)^\[\[variants\]\].*?(?=# What a client)", ASYNCHRONOUS, later)
        file.with_name(f"{LATER}.toml").write_text(later)
        environment = app.root / "environments" / "default.toml"
        limits = r"(?m)^throttling_(rate|burst)_limit = \d+"
        environment.write_text(
            re.sub(limits, r"throttling_\1_limit = 5000", environment.read_text())
        )
        app.bootstrap()
        app.deploy()
        yield app


class Signature:
    """Signs what `requests` is about to send."""

    def __init__(self, app: App) -> None:
        credentials = app.aws.session().get_credentials()
        assert credentials is not None
        self._signer = SigV4Auth(credentials, "execute-api", app.aws.region)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        named = {name.lower(): value for name, value in request.headers.items()}
        signed = {name: named[name] for name in ("content-type",) if name in named}
        asked = AWSRequest(request.method, request.url, signed, request.body or b"")
        self._signer.add_auth(asked)
        request.headers.update(dict(asked.headers))
        return request


@pytest.fixture(scope="module")
def caller(app: App) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.auth = Signature(app)
        session.mount("http://", HTTPAdapter(pool_maxsize=1))
        yield session


@pytest.fixture(scope="module")
def document(app: App) -> dict[str, Any]:
    """What it publishes; the credentials that it asks for are test_api_authentication.py's."""
    found: dict[str, Any] = app.api.get("/openapi.json").json()
    assert found.pop("security") == [{"iam": []}]
    return found


def test_every_answer_to_ten_thousand_requests_is_one_that_the_document_has(
    app: App, caller: requests.Session, document: dict[str, Any]
) -> None:
    schema = schemathesis.openapi.from_dict(document)
    operations = [each.ok() for each in schema.get_all_operations()]
    sent: Counter[tuple[str, int]] = Counter()
    url = app.deployment.api_url("sagestack")
    # a body has more to be broken than a name in the path, and some routes have neither
    weights = {each.label: 6 * bool(each.body) + _has_parameters(each) for each in operations}

    for operation in operations:
        modes = list(GenerationMode) if weights[operation.label] else [GenerationMode.POSITIVE]
        for mode in modes:
            share = weights[operation.label] / sum(weights.values()) / len(modes)

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(
                max_examples=ceil(CASES * share) or 1,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            )
            def answered(case: schemathesis.Case) -> None:
                answer = case.call(base_url=url, session=caller)
                sent[case.operation.label, answer.status_code] += 1
                case.validate_response(answer, checks=held(case, answer))

            answered()
    assert {operation for operation, _ in sent} == set(weights)
    assert sum(sent.values()) >= CASES
    predicted = sent[f"POST /workloads/{NOW}/invocations", 200]
    refused = sent[f"POST /workloads/{NOW}/invocations", 400]
    assert min(predicted, refused) > CASES / 50, sent


def held(case: schemathesis.Case, answer: requests.Response) -> list[Any]:
    """What the answer is held against; of a text the document says no more than that it is one."""
    found = list(CHECKS)
    if answer.status_code not in MAPPED:
        found.append(not_a_server_error)
    if case.media_type in (None, "application/json"):
        found.append(checks.negative_data_rejection)
        # JSON Schema cannot say that columns are as long as each other
        if not (isinstance(case.body, dict) and "columns" in case.body):
            found.append(checks.positive_data_acceptance)
    return found


def _has_parameters(operation: schemathesis.APIOperation) -> bool:
    return any([*operation.path_parameters, *operation.headers, *operation.query])
