"""An endpoint, and a Parameter Store with the catalog, behind real connections on 127.0.0.1."""

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

Behaviour = Literal["answers", "is silent", "trickles", "hangs up"]

TOO_LONG = 10.0  # seconds: no test waits for so long, unless what it tests is broken


class Endpoint(ThreadingHTTPServer):
    """Counts connections; `behaviour` is that of its answers to predictions."""

    daemon_threads = True

    def __init__(self, workload: Mapping[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.workload = workload
        self.connections = 0
        self.requests = 0
        self.behaviour: Behaviour = "answers"
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def get_request(self) -> tuple[socket.socket, Any]:
        accepted = super().get_request()
        self.connections += 1
        return accepted


class _Handler(BaseHTTPRequestHandler):
    server: Endpoint
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if "X-Amz-Target" in self.headers:
            workload = self.server.workload
            entry = {"Name": workload["name"], "Value": json.dumps(workload)}
            self._answer({"Parameters": [entry]})
            return
        self.server.requests += 1
        match self.server.behaviour:
            case "answers":
                self._answer({"predictions": [5.01]})
            case "is silent":
                self.server.closing.wait(TOO_LONG)
                self.close_connection = True
            case "trickles":
                self._begin(round(TOO_LONG / 0.05))
                while not self.server.closing.wait(0.05):
                    self.wfile.write(b"1")
            case "hangs up":
                self.server.behaviour = "answers"
                self.close_connection = True

    def _answer(self, document: object) -> None:
        content = json.dumps(document).encode()
        self._begin(len(content))
        self.wfile.write(content)

    def _begin(self, length: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def running(workload: Mapping[str, Any]) -> Iterator[Endpoint]:
    with Endpoint(workload) as endpoint:
        threading.Thread(target=endpoint.serve_forever, daemon=True).start()
        yield endpoint
        endpoint.closing.set()
        endpoint.shutdown()


@contextmanager
def accepting_nothing() -> Iterator[str]:
    """The URL of a port whose queue is full: the kernel drops what else asks for a connection."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=0)) as server:
        port = server.getsockname()[1]
        with closing(socket.create_connection(("127.0.0.1", port))):
            yield f"http://127.0.0.1:{port}"
