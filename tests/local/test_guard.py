"""A page in a browser of the user's cannot reach the embedded AWS; programs can."""

import http.client
import json

import pytest

from local.guard import PASS, refusal
from local.session import EmbeddedAWS

EVIL = "http://evil.example"
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def send(
    aws: EmbeddedAWS, method: str, path: str, body: str = "", **headers: str
) -> tuple[int, dict[str, str], str]:
    connection = http.client.HTTPConnection("127.0.0.1", aws.port, timeout=60)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body or None, named)
    answer = connection.getresponse()
    received = {name.lower(): value for name, value in answer.getheaders()}
    text = answer.read().decode()
    connection.close()
    return answer.status, received, text


@pytest.mark.parametrize(
    "headers",
    [{"Origin": EVIL}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}, {"Host": "evil.com"}],
    ids=["page", "sandboxed page", "image or link of a page", "rebound name"],
)
def test_a_page_can_create_nothing(embedded_aws: EmbeddedAWS, headers: dict[str, str]) -> None:
    bucket = json.dumps(headers).encode().hex()[:40]
    status, _, text = send(embedded_aws, "PUT", f"/{bucket}", **headers)
    assert status == 403
    assert "serves local programs only" in text
    buckets = embedded_aws.client("s3").list_buckets()["Buckets"]
    assert bucket not in [bucket["Name"] for bucket in buckets]


def test_a_preflight_allows_nothing(embedded_aws: EmbeddedAWS) -> None:
    status, headers, _ = send(
        embedded_aws, "OPTIONS", "/", Origin=EVIL, Access_Control_Request_Method="POST"
    )
    assert status == 403
    assert not [name for name in headers if name.startswith("access-control")]


def test_no_answer_is_shared_with_pages(embedded_aws: EmbeddedAWS) -> None:
    for method, path in (("GET", "/_ministack/health"), ("OPTIONS", "/"), ("GET", "/no-bucket")):
        _, headers, _ = send(embedded_aws, method, path)
        assert not [name for name in headers if name.startswith("access-control")]


def test_a_page_can_open_no_websocket(embedded_aws: EmbeddedAWS) -> None:
    path = "/_aws/execute-api/abc/v1"
    status, _, text = send(embedded_aws, "GET", path, **UPGRADE, Origin=EVIL)
    assert (status, EVIL in text) == (403, True)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1:4566",
        "localhost:4566",
        "LOCALHOST",
        "my-bucket.s3.localhost:4566",
        "a1b2c3.execute-api.localhost",
        "000000000000.localhost:4566",
    ],
)
def test_programs_are_served_by_every_name_of_the_loopback(host: str) -> None:
    assert refusal([(b"host", host.encode())]) is None


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:4566",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evillocalhost",
        "evil.example#.localhost",
        "127.0.0.1:4566\n",
        "0.0.0.0:4566",
        "192.168.1.2",
    ],
)
def test_no_name_that_somebody_can_own_is_served(host: str) -> None:
    assert refusal([(b"host", host.encode())]) is not None


def test_every_host_that_a_request_names_counts() -> None:
    assert refusal([(b"host", b"localhost"), (b"host", b"evil.example")]) is not None
    assert refusal([]) == "it names no host"


def test_an_address_that_the_user_opens_is_served() -> None:
    assert refusal([(b"host", b"localhost"), (b"sec-fetch-site", b"none")]) is None
    assert refusal([(b"host", b"localhost"), (b"sec-fetch-site", b"same-site")]) is not None


def test_a_machines_request_may_be_for_awss_own_name_and_no_others() -> None:
    host = (b"host", b"cloudformation.us-east-1.amazonaws.com")
    assert refusal([host, PASS]) is None
    assert refusal([host]) is not None
    assert refusal([host, (PASS[0], b"guessed")]) is not None
    assert refusal([host, PASS, (b"origin", EVIL.encode())]) is not None


def test_an_api_that_was_deployed_is_a_matter_of_its_own_settings() -> None:
    page = [(b"host", b"127.0.0.1:4566"), (b"origin", EVIL.encode())]
    assert refusal(page) is not None
    assert refusal(page, pages=True) is None
    rebound = [(b"host", b"evil.example"), (b"origin", EVIL.encode())]
    assert refusal(rebound, pages=True) is not None
