"""Calls of the app's API, signed as API Gateway's IAM authorization asks."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest


@dataclass(frozen=True)
class Answer:
    """An HTTP answer: its status, its headers (names in lower case) and its body."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body's JSON. Raises ValueError if it is none."""
        return json.loads(self.body)


class ApiClient:
    """Signed calls to `url`, the ApiUrl of the stack's outputs or its local equivalent."""

    def __init__(self, url: str, session: boto3.Session) -> None:
        credentials = session.get_credentials()
        if credentials is None:
            raise ValueError("there are no AWS credentials to sign with")
        self.url = url.rstrip("/")
        self._signer = SigV4Auth(credentials, "execute-api", session.region_name)

    def get(self, path: str) -> Answer:
        """Send a GET to `path`, which starts with a slash."""
        return self.send("GET", path, b"", {})

    def post(self, path: str, body: bytes, **headers: str) -> Answer:
        """Send a POST; `content_type="text/csv"` becomes the header Content-Type."""
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        return self.send("POST", path, body, named)

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a request to `path`, which starts with a slash; raises URLError if none answers."""
        url = f"{self.url}{path}"
        request = AWSRequest(method=method, url=url, data=body or None, headers=dict(headers))
        self._signer.add_auth(request)
        return send(method, url, body, dict(request.headers.items()))


def send(method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send a request as it is, and return its answer, whatever its status."""
    request = urllib.request.Request(  # noqa: S310 - the URL is the API's own
        url, data=body or None, headers=dict(headers), method=method
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as response:
            return Answer(response.status, _lower(response.headers.items()), response.read())
    except urllib.error.HTTPError as error:
        return Answer(error.code, _lower(error.headers.items()), error.read())


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}
