"""Requests to an endpoint from somebody who waits for nobody, and what became of them."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from tests.e2e.conftest import App

CLIENTS = 5


@dataclass(frozen=True)
class Answer:
    """What came of one request."""

    status: int
    variant: str
    """Who answered; empty for an error."""
    body: bytes


class Caller:
    """Invokes the endpoint over one connection, with one signature for all of its requests."""

    def __init__(self, app: App, body: bytes) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", app.aws.port)
        self._path = f"/endpoints/{app.stack}/invocations"
        self._body = body
        request = AWSRequest(
            "POST",
            f"{app.aws.endpoint_url}{self._path}",
            headers={"Content-Type": "text/csv"},
            data=body,
        )
        credentials = app.aws.session().get_credentials()
        assert credentials is not None
        SigV4Auth(credentials, "sagemaker", app.aws.region).add_auth(request)
        self._headers = dict(request.headers)

    def __call__(self) -> Answer:
        self._connection.request("POST", self._path, self._body, self._headers)
        answer = self._connection.getresponse()
        variant = str(answer.getheader("x-Amzn-Invoked-Production-Variant") or "")
        return Answer(answer.status, variant, answer.read())

    def close(self) -> None:
        self._connection.close()


@contextmanager
def traffic(
    app: App, body: bytes, rate: float, clients: int = CLIENTS
) -> Iterator[Callable[[], list[Answer]]]:
    """Send `rate` requests a second while the block runs; what it yields tells of them until now.

    There are no more at a time than clients, each of which awaits its answer.
    A request that could not be sent, or whose answer is cut off, raises at the end of the block.
    """
    answers: list[Answer] = []
    ended = threading.Event()

    def client(number: int) -> None:
        with closing(Caller(app, body)) as call:
            due = time.monotonic() + number / rate
            while not ended.wait(max(0.0, due - time.monotonic())):
                answers.append(call())
                due += clients / rate

    with ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(client, number) for number in range(clients)]
        try:
            yield answers.copy
        finally:
            ended.set()
        for each in running:
            each.result()
