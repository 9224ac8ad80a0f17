"""The process that answers HTTP, as gunicorn starts it."""

from __future__ import annotations

import os
import signal
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.workers import UvicornWorker


class Protocol(HttpToolsProtocol):
    """A connection of HAProxy, on which a request is answered as soon as it is whole.

    uvicorn would make a task, an event and three messages of each request, for applications that
    wait for something while they answer. This one waits for nothing, and HAProxy sends one request
    after the other: without them a request costs a third less.
    """

    most_seconds: ClassVar[int] = 0
    """What the model may take for a request; 0 for as long as it likes."""

    def on_message_begin(self) -> None:
        """See httptools: nothing of an earlier request is left."""
        self.headers: dict[bytes, bytes] = {}
        self.parts: list[bytes] = []

    def on_url(self, url: bytes) -> None:
        """HAProxy lets no other path in."""

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header. HAProxy sends the names in lower case."""
        self.headers[name] = value

    def on_headers_complete(self) -> None:
        """There is nothing to do before the body."""

    def on_body(self, body: bytes) -> None:
        """Keep a part of the body."""
        self.parts.append(body)

    def on_message_complete(self) -> None:
        """Answer.

        A model that hangs, in compiled code too, would have the worker and its port for ever: the
        kernel ends it, as nobody handles this signal, and gunicorn starts another one.
        """
        signal.alarm(self.most_seconds)
        answer = self.app(b"".join(self.parts), self.headers)
        signal.alarm(0)
        head = b"content-type: %b\r\ncontent-length: %d\r\n\r\n"
        self.transport.write(
            STATUS_LINE[answer.status]
            + head % (answer.content_type.encode(), len(answer.body))
            + answer.body
        )


class Worker(UvicornWorker):
    """Uvicorn on the fast loop and parser, which says nothing of each request."""

    CONFIG_KWARGS: ClassVar[dict[str, Any]] = {
        "loop": "uvloop",
        "http": Protocol,
        "interface": "asgi3",  # which leaves the application as it is
        "lifespan": "off",
        "ws": "none",
        "proxy_headers": False,
        "access_log": False,
        "server_header": False,
        "date_header": False,
    }

    def init_process(self) -> None:
        """See gunicorn: this is the new process, before it serves."""
        # Later than HAProxy's answer that the request took too long: a worker that ends before it
        # has died to HAProxy, which would have the next one hang on the same request.
        Protocol.most_seconds = int(os.environ["SAGEMAKER_MODEL_SERVER_TIMEOUT"]) + 2
        super().init_process()
