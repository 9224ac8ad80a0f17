"""Talks to a server of a model as SageMaker does."""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.container.runners import START_SECONDS, Runner, Server

PING_SECONDS = 2
"""What SageMaker gives /ping."""
NOT_YET = (0, 503)
"""What a ping may find before the model is loaded: nobody listens, or says that it cannot yet."""
INVOCATION_SECONDS = 60
"""What InvokeEndpoint gives /invocations."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    content_type: str
    text: str

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.text)
        return document

    @property
    def predictions(self) -> list[Any]:
        predictions: list[Any] = self.document["predictions"]
        return predictions

    @property
    def error(self) -> dict[str, str]:
        error: dict[str, str] = self.document["error"]
        return error

    @property
    def message(self) -> str:
        return self.error["message"]


@dataclass(frozen=True)
class Client:
    """Has a connection of its own for each request."""

    port: int

    def request(
        self,
        method: str,
        path: str,
        body: str | bytes | Iterable[bytes] | None = None,
        **headers: str,
    ) -> Answer:
        seconds = PING_SECONDS if path == "/ping" else INVOCATION_SECONDS
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            content = body.encode() if isinstance(body, str) else body
            connection.connect()
            # A server may answer before it has read all of a body, and close.
            with contextlib.suppress(ConnectionError):
                connection.request(method, path, content, named)
            response = connection.getresponse()
            content_type = response.headers.get("Content-Type", "")
            return Answer(response.status, content_type, response.read().decode())
        finally:
            connection.close()

    def post(
        self, body: str | bytes | Iterable[bytes], content_type: str = "text/csv", **headers: str
    ) -> Answer:
        return self.request("POST", "/invocations", body, Content_Type=content_type, **headers)

    def begin(self, content_type: str, body: bytes) -> http.client.HTTPConnection:
        """Begin a request: the server has read its head, and awaits the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=INVOCATION_SECONDS)
        connection.putrequest("POST", "/invocations")
        connection.putheader("Content-Type", content_type)
        connection.putheader("Content-Length", str(len(body)))
        connection.putheader("Expect", "100-continue")
        connection.endheaders()
        assert connection.sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        return connection

    def ping(self) -> int:
        """Return the status of /ping, or 0 where no HTTP server answers within 2 s."""
        try:
            return self.request("GET", "/ping").status
        # A free port can connect to itself, and then answers with the request (BadStatusLine).
        except (OSError, http.client.HTTPException):
            return 0

    def wait_until_healthy(self, server: Server) -> Client:
        deadline = time.monotonic() + START_SECONDS
        while (status := self.ping()) != 200:
            assert status in NOT_YET
            assert server.running(), f"serve ended: {server.wait().output}"
            assert time.monotonic() < deadline, "the server did not become healthy"
            time.sleep(0.02)
        return self


@contextlib.contextmanager
def healthy(runner: Runner, base: Path, **environment: str) -> Iterator[tuple[Server, Client]]:
    """Serve a trained base folder's model; it is loaded."""
    with runner.serve(base, **environment) as server:
        yield server, Client(server.port).wait_until_healthy(server)


def part(document: Mapping[str, Any], rows: Sequence[int]) -> dict[str, Any]:
    """Take from an answer what is of these rows, wherever it has an item for each row."""
    count = len(document["predictions"])
    return {
        key: [value[at] for at in rows]
        if isinstance(value, list) and len(value) == count
        else value
        for key, value in document.items()
    }


def agree(one: Any, other: Any) -> bool:
    """Tell whether two JSON values are the same, but for the last digits of their numbers.

    The threads of a linear algebra library sum in any order.
    """
    match one, other:
        case bool(), bool():
            return one is other
        case int() | float(), int() | float():
            return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
        case list(), list():
            return len(one) == len(other) and all(map(agree, one, other))
        case dict(), dict():
            return one.keys() == other.keys() and all(agree(one[key], other[key]) for key in one)
        case _:
            return bool(one == other)
