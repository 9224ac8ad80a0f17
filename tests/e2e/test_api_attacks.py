"""What an attacker sends over the wire, with a token that is good (docs/security.md)."""

import gzip
import http.client
import json
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest

from cli.api_client import Answer
from tests.e2e.conftest import APP, App, project
from tests.issuer import AUDIENCE, Issuer, issuer

ENTRY = {
    "name": "iris",
    "description": "An iris",
    "endpoint": "sagestack-iris",
    "kind": "instances",
    "variants": [{"name": "mars", "model": "mars", "weight": 1}],
    "models": {"mars": {"version": "Model-1", "artifact": "s3://bucket/mars/model.tar.gz"}},
    "content_type": "text/csv",
    "header": True,
    "features": [{"name": "Width", "type": "number"}],
}
ROWS = b"Width\n3.5\n"


@pytest.fixture(scope="module")
def issuing() -> Iterator[Issuer]:
    with issuer() as running:
        yield running


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, issuing: Issuer) -> Iterator[App]:
    with project(tmp_path_factory, "iris-mars", CDK_VALIDATION="false") as app:
        lines = f"jwt = {{ issuer = '{issuing.url}', audience = ['{AUDIENCE}'] }}"
        settings = f"[api]\nauthorization = 'jwt'\n{lines}\nthrottling_burst_limit = 1000\n"
        (app.root / "environments" / "default.toml").write_text(settings)
        app.bootstrap()
        app.deploy(f"{APP}-api")
        entry = {"Name": f"/{APP}/workloads/iris", "Value": json.dumps(ENTRY), "Type": "String"}
        app.aws.client("ssm").put_parameter(**entry)
        yield app


class Attacker:
    """Sends what no HTTP library would make of a URL or a header by itself."""

    def __init__(self, app: App, issuing: Issuer) -> None:
        self._url = urlsplit(app.deployment.api_url(APP))
        self._token = issuing.token()

    def post(self, path: str, body: bytes = ROWS, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._url.port or 0)
        connection.putrequest("POST", f"{self._url.path}{path}", skip_accept_encoding=True)
        sent = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "text/csv",
            "Content-Length": str(len(body)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        content = answer.read()
        connection.close()
        return Answer(answer.status, received, content)


@pytest.fixture
def attacker(app: App, issuing: Issuer) -> Attacker:
    return Attacker(app, issuing)


def test_a_good_request_gets_as_far_as_the_endpoint_which_is_not_there(attacker: Attacker) -> None:
    """Without which the refusals below would say nothing."""
    assert attacker.post("/workloads/iris/invocations").status == 503


@pytest.mark.parametrize(
    "name",
    [
        *("..", "%2e%2e", "..%2f..%2firis", "%2e%2e%2firis", "..%5ciris", "iris%2f..%2firis"),
        *("iris%00", "iris%0d%0aX-Forged:%201", "iris%3fa", "%69ris%20", "iris;a=b"),
        *("%c0%ae%c0%ae", "%ff", "a" * 4000),
    ],
)
def test_no_path_leads_to_another_workload(attacker: Attacker, name: str) -> None:
    answer = attacker.post(f"/workloads/{name}/invocations")
    assert answer.status in (400, 403, 404)
    assert "x-forged" not in answer.headers


@pytest.mark.parametrize("variant", ["linear", "mars, linear", "../mars", "sagestack-other/mars"])
def test_no_path_leads_to_a_variant_that_is_not_the_workloads(
    attacker: Attacker, variant: str
) -> None:
    path = f"/workloads/iris/variants/{quote(variant, safe='')}/invocations"
    assert attacker.post(path).status in (403, 404)


@pytest.mark.parametrize(
    "header",
    ["X-Amzn-SageMaker-Target-Variant", "X-Amzn-SageMaker-Target-Model", "X-HTTP-Method-Override"],
)
def test_headers_of_the_services_behind_it_are_not_passed_on(
    attacker: Attacker, header: str
) -> None:
    answer = attacker.post("/workloads/iris/invocations", ROWS, **{header: "GET"})
    assert answer.status == 503


@pytest.mark.parametrize("megabytes", [5.1, 7])
def test_a_body_that_is_too_large_is_refused(attacker: Attacker, megabytes: float) -> None:
    body = b"Width\n" + b"3.5\n" * int(megabytes * 1024 * 256)
    assert attacker.post("/workloads/iris/invocations", body).status == 413


def test_a_compressed_body_is_not_unpacked(app: App, attacker: Attacker) -> None:
    bomb = gzip.compress(ROWS + b"\n" * 20_000_000)
    answer = attacker.post("/workloads/iris/invocations", bomb, Content_Encoding="gzip")
    assert answer.status in (400, 415)
    template = (app.deployment.assembly / f"{APP}-api.template.json").read_text()
    # with it API Gateway would unpack what comes
    assert "MinimumCompressionSize" not in template


@pytest.mark.parametrize("content_type", ["text/xml", "multipart/form-data; boundary=a", "x"])
def test_a_format_that_nobody_named_is_refused(attacker: Attacker, content_type: str) -> None:
    answer = attacker.post("/workloads/iris/invocations", Content_Type=content_type)
    assert answer.status == 415


def test_nothing_of_it_is_in_the_log(app: App, attacker: Attacker) -> None:
    attacker.post("/workloads/iris%0a%7b%22status%22:200%7d/invocations", b"Width\nhunter2\n")
    attacker.post("/workloads/iris/invocations", b"Width\nhunter2\n")
    logs = app.aws.client("logs")
    lines = []
    for group in logs.describe_log_groups()["logGroups"]:
        if "Proxy" not in group["logGroupName"] and "Authorizer" not in group["logGroupName"]:
            continue
        found = logs.filter_log_events(logGroupName=group["logGroupName"])
        lines += [event["message"] for event in found["events"]]
    written = [json.loads(line) for line in lines if '"message": "request"' in line]
    assert len(written) >= 2
    assert all(line["status"] >= 400 for line in written)
    text = "\n".join(lines)
    assert "hunter2" not in text
    assert "Bearer" not in text
    assert "eyJ" not in text  # how every token begins
