"""The page's server: Swagger UI, the API's own document, and requests passed on to the API.

A browser cannot sign a request as IAM asks, and must not have the keys: this server has them. So it
listens on this machine alone, and takes requests from its own page only.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cli.api_client import Answer
from cli.api_page.caller import Send

HERE = Path(__file__).parent
VIEWER = HERE.parents[1] / "node_modules" / "swagger-ui-dist"
DOCUMENT = "/openapi.json"
FILES = {
    "/": (HERE / "index.html", "text/html; charset=utf-8"),
    "/index.js": (HERE / "index.js", "text/javascript; charset=utf-8"),
    "/swagger-ui.css": (VIEWER / "swagger-ui.css", "text/css; charset=utf-8"),
    "/swagger-ui-bundle.js": (VIEWER / "swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
}
# Swagger UI draws with styles and images of its own making; no script and no request leaves here
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
MAX_BODY = 10 * 1024 * 1024
"""Bytes: API Gateway takes no more.

https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html
"""
PASSED_ON = ("accept", "content-type")
"""Headers of a request that the API gets, beside those that begin with X-."""
NOT_PASSED_BACK = ("connection", "content-length", "date", "server", "transfer-encoding")


class PageServer(ThreadingHTTPServer):
    """Serves the page at `origin` until it is closed. Raises OSError if the port is taken."""

    daemon_threads = True

    def __init__(self, port: int, send: Send) -> None:
        self.send = send
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def origin(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    protocol_version = "HTTP/1.1"
    timeout = 120

    def _answer_any(self) -> None:
        path = urlsplit(self.path).path
        if not self._is_from_the_page():
            self._answer(HTTPStatus.FORBIDDEN, "text/plain", b"Only the page itself may ask.\n")
        elif self.command == "GET" and path in FILES:
            file, content_type = FILES[path]
            self._answer(HTTPStatus.OK, content_type, file.read_bytes())
        elif self.command == "GET" and path == DOCUMENT:
            self._answer_with(self._document())
        else:
            self._answer_with(self._passed_on())

    do_GET = do_POST = do_PUT = do_DELETE = _answer_any  # noqa: N815 - as http.server names them

    def _is_from_the_page(self) -> bool:
        """Whether no other page sent it, by its own name or by one that leads to this machine."""
        allowed = (self.server.origin, self.server.origin.replace("127.0.0.1", "localhost"))
        asked = f"http://{self.headers.get('Host', '')}"
        return asked in allowed and self.headers.get("Origin", asked) == asked

    def _document(self) -> Answer:
        """Return the API's document, with this server and its credentials in the API's place."""
        answer = self._passed_on()
        if answer.status != HTTPStatus.OK:
            return answer
        document: dict[str, Any] = answer.json()
        document["servers"] = [{"url": "/", "description": "by way of make api-page"}]
        document.pop("security", None)
        for operations in document["paths"].values():
            for operation in operations.values():
                if isinstance(operation, dict):
                    operation.pop("security", None)
        document.get("components", {}).pop("securitySchemes", None)
        return Answer(answer.status, answer.headers, json.dumps(document).encode())

    def _passed_on(self) -> Answer:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            self.close_connection = True  # its body was not read
            return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {}, b"The body is too large.\n")
        body = self.rfile.read(int(length))
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() in PASSED_ON or name.lower().startswith("x-")
        }
        try:
            return self.server.send(self.command, self.path, body, headers)
        except OSError as error:
            return Answer(
                HTTPStatus.BAD_GATEWAY, {}, f"The API does not answer: {error}\n".encode()
            )

    def _answer_with(self, answer: Answer) -> None:
        headers = {
            name: value for name, value in answer.headers.items() if name not in NOT_PASSED_BACK
        }
        content_type = headers.pop("content-type", "text/plain")
        self._answer(answer.status, content_type, answer.body, headers)

    def _answer(
        self, status: int, content_type: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "no-store")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server names it
        """Say nothing: the page shows what became of a request."""
