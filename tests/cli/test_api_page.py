"""`make api-page`: a page that only this machine's own browser can use, as it signs requests."""

import http.client
import json
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import Mock
from urllib.error import URLError

import pytest
from rich.console import Console

from cli.api_client import Answer
from cli.api_page.caller import Caller
from cli.api_page.open import open_api_page
from cli.api_page.server import MAX_BODY, PageServer
from cli.problems import ApiFailed, InputError
from environments.schema import Environment

DOCUMENT = {
    "openapi": "3.1.0",
    "servers": [{"url": "https://abc.execute-api.eu-west-1.amazonaws.com/v1"}],
    "security": [{"iam": []}],
    "paths": {"/workloads": {"get": {"security": [{"iam": []}], "responses": {}}}},
    "components": {"securitySchemes": {"iam": {}}, "schemas": {"Workload": {}}},
}


@dataclass
class Api:
    """Stands in for the API: notes what it is sent, and answers."""

    url: str = "https://abc.execute-api.eu-west-1.amazonaws.com/v1"
    answer: Answer | Exception = field(
        default_factory=lambda: Answer(
            200, {"content-type": "application/json", "x-request-id": "7"}, b'{"predictions": [1]}'
        )
    )
    sent: list[tuple[str, str, bytes, dict[str, str]]] = field(default_factory=list)

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        self.sent.append((method, path, body, {k.lower(): v for k, v in headers.items()}))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def page(api: Api) -> Iterator[PageServer]:
    with PageServer(0, api.send) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    page: PageServer, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", page.server_port, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body or None, named)
    answer = connection.getresponse()
    read = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    connection.close()
    return read


@pytest.mark.parametrize(
    ("path", "content_type", "contained"),
    [
        ("/", "text/html; charset=utf-8", b"swagger-ui-bundle.js"),
        ("/index.js", "text/javascript; charset=utf-8", b"openapi.json"),
        ("/swagger-ui-bundle.js", "text/javascript; charset=utf-8", b"SwaggerUIBundle"),
        ("/swagger-ui.css", "text/css; charset=utf-8", b".swagger-ui"),
    ],
)
def test_the_page_has_all_that_it_needs_from_this_machine(
    page: PageServer, api: Api, path: str, content_type: str, contained: bytes
) -> None:
    status, headers, body = ask(page, "GET", path)
    assert (status, headers["content-type"]) == (200, content_type)
    assert contained in body
    assert "default-src 'self'" in headers["content-security-policy"]
    assert api.sent == []


def test_the_document_is_the_apis_with_the_page_in_its_place(page: PageServer, api: Api) -> None:
    api.answer = Answer(200, {"content-type": "application/json"}, json.dumps(DOCUMENT).encode())
    status, _, body = ask(page, "GET", "/openapi.json")
    document: dict[str, Any] = json.loads(body)
    assert status == 200
    assert document["servers"][0]["url"] == "/"
    assert document["paths"] == {"/workloads": {"get": {"responses": {}}}}
    assert document["components"] == {"schemas": {"Workload": {}}}
    assert "security" not in document


def test_a_request_goes_to_the_api_with_what_it_may_say_and_no_more(
    page: PageServer, api: Api
) -> None:
    status, headers, body = ask(
        page,
        "POST",
        "/workloads/a/invocations?x=1",
        b"x\n1\n",
        Content_Type="text/csv",
        Accept="text/csv",
        X_Sticky="me",
        Cookie="secret=1",
        Authorization="Basic x",
    )
    assert (status, body) == (200, b'{"predictions": [1]}')
    assert headers["x-request-id"] == "7"
    ((method, path, sent, said),) = api.sent
    assert (method, path, sent) == ("POST", "/workloads/a/invocations?x=1", b"x\n1\n")
    assert said == {"content-type": "text/csv", "accept": "text/csv", "x-sticky": "me"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Host": "example.com"},  # a name that leads here: DNS rebinding
        {"Host": "127.0.0.1:1"},
    ],
)
def test_another_page_cannot_have_a_request_signed(
    page: PageServer, api: Api, headers: dict[str, str]
) -> None:
    status, _, _ = ask(page, "POST", "/workloads/a/invocations", b"{}", **headers)
    assert status == 403
    assert api.sent == []


def test_the_page_may_be_opened_as_localhost(page: PageServer) -> None:
    here = f"localhost:{page.server_port}"
    status, _, _ = ask(page, "GET", "/workloads", Host=here, Origin=f"http://{here}")
    assert status == 200


def test_a_body_that_the_gateway_would_refuse_is_not_read(page: PageServer, api: Api) -> None:
    status, _, _ = ask(page, "POST", "/workloads", Content_Length=str(MAX_BODY + 1))
    assert status == 413
    assert api.sent == []


def test_an_api_that_does_not_answer_is_said(page: PageServer, api: Api) -> None:
    api.answer = URLError("refused")
    status, _, body = ask(page, "GET", "/workloads")
    assert status == 502
    assert b"The API does not answer: <urlopen error refused>" in body


def test_without_a_document_there_is_no_page(api: Api) -> None:
    api.answer = Answer(403, {}, b"Forbidden")
    with pytest.raises(ApiFailed, match=r"v1/openapi.json answers 403: Forbidden"):
        open_api_page(Caller(api.url, api.send), Console(), port=20_321, browser=False)


def test_a_port_that_is_taken_is_said_before_the_api_is_asked(page: PageServer, api: Api) -> None:
    taken = page.server_port
    with pytest.raises(InputError, match=f"PORT: found {taken}, which is taken on this machine"):
        open_api_page(Caller(api.url, api.send), Console(), port=taken, browser=False)
    assert api.sent == []


JWT = {"authorization": "jwt", "jwt": {"issuer": "https://a.example", "audience": ["b"]}}


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, api: Api) -> None:
    monkeypatch.setattr("cli.api_page.caller.api_url", lambda *_: api.url)
    for name in ("TOKEN", "API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("deployed")
def test_the_page_has_the_token_and_the_key_of_the_shell(
    monkeypatch: pytest.MonkeyPatch, api: Api
) -> None:
    monkeypatch.setattr("cli.api_page.caller.send", api.send)
    monkeypatch.setenv("TOKEN", "a.b.c")
    monkeypatch.setenv("API_KEY", "k")
    environment = Environment.model_validate({"api": {**JWT, "keys": {"a": {}}}})
    caller = Caller.of(Mock(), environment)
    caller.send("GET", "/workloads", b"", {"Accept": "application/json"})
    assert api.sent == [
        (
            "GET",
            f"{api.url}/workloads",
            b"",
            {"accept": "application/json", "authorization": "Bearer a.b.c", "x-api-key": "k"},
        )
    ]


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (JWT, "TOKEN: missing in the environment; allowed: a token: export TOKEN=$(make token)"),
        ({"keys": {"a": {}}}, "API_KEY: missing in the environment; allowed: the value of one of"),
    ],
)
def test_what_the_api_asks_for_and_the_shell_lacks_is_named(
    settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        Caller.of(Mock(), Environment.model_validate({"api": settings}))
