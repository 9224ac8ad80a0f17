"""Who calls the API in the tests: with no credentials, wrong ones, expired ones and good ones."""

import base64
import json
import time
import urllib.parse
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import botocore.auth
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives import serialization

from cli.api_client import Answer, send
from tests.e2e.conftest import APP, App
from tests.issuer import Issuer, encoded, signed

BODY = b"Sepal.Width\n3.5\n"


@dataclass(frozen=True)
class Request:
    """A request before it has credentials."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return BODY if self.method in ("POST", "PUT", "PATCH") else b""


Sender = Callable[[Request], Answer]
"""Adds credentials to a request and sends it."""


class Callers(ABC):
    """A way to authenticate: the four kinds of callers that it has."""

    def nobody(self, request: Request) -> Answer:
        """Somebody without credentials."""
        return send(request.method, request.url, request.body, request.headers)

    @abstractmethod
    def wrong(self) -> Iterator[tuple[str, Sender]]:
        """Those whose credentials were never good, and what is wrong with them."""

    @abstractmethod
    def expired(self, request: Request) -> Answer:
        """Somebody whose credentials were good once."""

    @abstractmethod
    def good(self, request: Request) -> Answer:
        """Somebody who may call the API."""


class Signers(Callers):
    """Those that sign, as IAM asks."""

    def __init__(self, app: App) -> None:
        # users of the account: the embedded AWS takes its own root's key without a look
        may = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
        self.keys = _user(app, "caller", may)
        self._stranger = _user(app, "stranger", {**may, "Resource": f"{APP}-other/*"})
        self._region = app.aws.region

    def good(self, request: Request) -> Answer:
        return self._sent(request, self.keys)

    def wrong(self) -> Iterator[tuple[str, Sender]]:
        secret = self._stranger.secret_key
        yield "another's secret", self._signing(Credentials(self.keys.access_key, secret))
        yield "a key that nobody has", self._signing(Credentials("AKIA0000000000000000", "hunter2"))
        yield "a user whom no policy allows it", self._signing(self._stranger)
        yield "a signature of another body", self._other_body
        yield "a signature of another path", self._other_path
        yield "a token of somebody", bearer("a.b.c")

    def expired(self, request: Request) -> Answer:
        """A request that was recorded 6 minutes ago: API Gateway takes signatures for 5."""
        return self._sent(request, self.keys, age=timedelta(minutes=6))

    def _signing(self, keys: Credentials) -> Sender:
        return lambda request: self._sent(request, keys)

    def _other_body(self, request: Request) -> Answer:
        headers = self._signed(request, b"other", self.keys)
        # a GET has no body: there the date is another than was signed
        if not request.body:
            headers["X-Amz-Date"] = (datetime.now(UTC) - timedelta(seconds=9)).strftime(
                "%Y%m%dT%H%M%SZ"
            )
        return send(request.method, request.url, request.body, headers)

    def _other_path(self, request: Request) -> Answer:
        other = Request(request.method, f"{request.url}/other", request.headers)
        headers = self._signed(other, request.body, self.keys)
        return send(request.method, request.url, request.body, headers)

    def _sent(self, request: Request, keys: Any, age: timedelta = timedelta()) -> Answer:
        headers = self._signed(request, request.body, keys, age)
        return send(request.method, request.url, request.body, headers)

    def _signed(
        self, request: Request, body: bytes, keys: Any, age: timedelta = timedelta()
    ) -> dict[str, str]:
        asked = AWSRequest(request.method, request.url, data=body or None, headers=request.headers)
        then = datetime.now(UTC) - age
        with mock.patch.object(botocore.auth, "get_current_datetime", return_value=then):
            SigV4Auth(keys, "execute-api", self._region).add_auth(asked)
        return dict(asked.headers.items())


def _user(app: App, name: str, statement: dict[str, str]) -> Credentials:
    """A key of a user of IAM whom a policy allows that."""
    iam = app.aws.client("iam")
    iam.create_user(UserName=name)
    document = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_user_policy(UserName=name, PolicyName="api", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def bearer(token: str) -> Sender:
    """Send with a token."""

    def sent(request: Request) -> Answer:
        headers = {**request.headers, "Authorization": f"Bearer {token}"}
        return send(request.method, request.url, request.body, headers)

    return sent


class Bearers(Callers):
    """Those that have a token of an OpenID Connect issuer."""

    def __init__(self, issuing: Issuer) -> None:
        self._issuing = issuing

    def good(self, request: Request) -> Answer:
        return bearer(self._issuing.token())(request)

    def wrong(self) -> Iterator[tuple[str, Sender]]:
        for what, token in self._issuing.wrong().items():
            yield what, bearer(token)

    def expired(self, request: Request) -> Answer:
        return bearer(self._issuing.expired())(request)


class PoolMembers(Callers):
    """Those that have a token of the app's own user pool."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._pool = app.deployment.output(f"{APP}-api", "UserPool")

    def good(self, request: Request) -> Answer:
        return bearer(self.program())(request)

    def program(self) -> str:
        """A token by the client credentials grant."""
        cognito = self._app.aws.client("cognito-idp")
        client = self._app.deployment.output(f"{APP}-api", "ProgramsClient")
        described = cognito.describe_user_pool_client(UserPoolId=self._pool, ClientId=client)
        form = {
            "grant_type": "client_credentials",
            "client_id": client,
            "client_secret": described["UserPoolClient"]["ClientSecret"],
            "scope": f"{APP}/invoke",
        }
        answer = send(
            "POST",
            f"{self._app.aws.endpoint_url}/oauth2/token",
            urllib.parse.urlencode(form).encode(),
            {"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert answer.status == 200, answer.body
        return str(answer.json()["access_token"])

    def wrong(self) -> Iterator[tuple[str, Sender]]:
        head, claims, signature = self.program().split(".")
        yield "no token", bearer("hunter2")
        other = encoded(json.dumps({**_read(claims), "sub": "root"}).encode())
        yield "other claims than were signed", bearer(f"{head}.{other}.{signature}")
        yield "no signature", bearer(f"{head}.{claims}.")
        none = encoded(json.dumps({**_read(head), "alg": "none"}).encode())
        yield "the algorithm none", bearer(f"{none}.{claims}.AA")
        yield "another scope", bearer(self._issued(scope="payroll/read"))
        yield (
            "another pool",
            bearer(self._issued(iss="https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Other")),
        )

    def expired(self, request: Request) -> Answer:
        return bearer(self._issued(exp=int(time.time()) - 60))(request)

    def _issued(self, **changes: Any) -> str:
        """A token that the pool itself has signed: nobody waits here until one has expired."""
        head, claims, _ = self.program().split(".")
        (path,) = Path(self._app.aws.state).glob(f"**/{self._pool}-access.pem")
        key = serialization.load_pem_private_key(path.read_bytes(), None)
        return signed(_read(head), {**_read(claims), **changes}, key)


def _read(part: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return content
