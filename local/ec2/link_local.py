"""What a machine reaches besides the internet: the metadata service, and the embedded AWS.

A machine is a container, and the embedded AWS listens on the loopback of the machine that it runs
on. So each container gets sockets in a folder that both see; systemd-socket-proxyd inside makes
them addresses again: 169.254.169.254, the embedded AWS's own, and AWS's names by HTTPS.
"""

import http.client
import os
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from local.ec2.metadata_service import MetadataService
from local.guard import PASS

_OWN_HEADERS = ("connection", "content-length", "date", "server", "transfer-encoding")
"""Headers of an answer that are this connection's own."""

Handler = Callable[..., socketserver.BaseRequestHandler]


class LinkLocal:
    """The sockets of one machine in `folder`: `metadata`, `gateway` and `https`."""

    def __init__(
        self,
        folder: Path,
        *,
        gateway_port: int,
        metadata: MetadataService,
        context: ssl.SSLContext,
        mirror: Path | None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)

        class Forwarding(_Forwarding):
            port = gateway_port

        class Https(_Https):
            port = gateway_port
            files = mirror

        class Metadata(_Metadata):
            service = metadata

        self._servers = [
            _serve(folder, "gateway", Forwarding),
            _serve(folder, "metadata", Metadata),
            _serve(folder, "https", Https, context),
        ]

    def close(self) -> None:
        """Stop serving."""
        for server in self._servers:
            server.shutdown()
            server.server_close()


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, folder: Path, name: str, handler: Handler, context: Any) -> None:
        (folder / name).unlink(missing_ok=True)
        with _short(folder) as short:
            super().__init__(f"{short}/{name}", handler)
        (folder / name).chmod(0o666)
        self._context = context

    def get_request(self) -> tuple[Any, Any]:
        """Accept; BaseHTTPRequestHandler wants an address, which a client here has not."""
        connection, _ = super().get_request()
        return connection, ("machine", 0)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Shake hands on the connection's own thread."""
        if self._context is not None:
            try:
                request = self._context.wrap_socket(request, server_side=True)
            except OSError:  # who does not trust the certificate hangs up
                return
        super().finish_request(request, client_address)
        request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Leave it to the client, which sees its connection closed."""


def _serve(folder: Path, name: str, handler: Handler, context: Any = None) -> _Server:
    server = _Server(folder, name, handler, context)
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    return server


@contextmanager
def _short(folder: Path) -> Iterator[str]:
    """Give a short name to a folder: the address of a socket has 108 characters at most."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


class _Forwarding(socketserver.BaseRequestHandler):
    port: int

    def handle(self) -> None:
        """Forward both ways until both have ended."""
        with socket.create_connection(("127.0.0.1", self.port)) as there:
            back = threading.Thread(target=_pump, args=(there, self.request), daemon=True)
            back.start()
            _pump(self.request, there)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:  # one side is gone, and so is the conversation
        return


class _Http(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Say nothing: what a machine asks is in the embedded AWS's own log."""

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Send an answer of that length."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            if name.lower() not in _OWN_HEADERS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Metadata(_Http):
    service: MetadataService

    def do_PUT(self) -> None:
        """Give a token."""
        self.answer(*self.service.put(self.path, dict(self.headers)))

    def do_GET(self) -> None:
        """Answer who has one."""
        self.answer(*self.service.get(self.path, dict(self.headers)))


class _Https(_Http):
    """AWS's APIs by their own names, and files of the mirror by those of their hosts."""

    port: int
    files: Path | None

    def handle_any(self) -> None:
        """Serve a file that the mirror has, else ask the embedded AWS."""
        host = self.headers.get("Host", "").partition(":")[0]
        file = self.files / host / self.path.lstrip("/") if self.files else None
        if file is not None and file.is_file():
            self.answer(200, file.read_bytes())
            return
        if self.files is not None and (self.files / host).is_dir():
            self.answer(404, f"the mirror has no {self.path}".encode())
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        gateway = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        name, value = (each.decode() for each in PASS)
        headers = {**dict(self.headers), name: value}
        gateway.request(self.command, self.path, body, headers)
        answered = gateway.getresponse()
        self.answer(answered.status, answered.read(), dict(answered.headers))

    do_GET = do_HEAD = do_POST = do_PUT = handle_any  # noqa: N815 - as http.server names them
