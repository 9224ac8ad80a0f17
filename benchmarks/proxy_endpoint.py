"""An endpoint on 127.0.0.1 that answers at once, and a Parameter Store that knows of it.

`python -m benchmarks.proxy_endpoint ENTRY` prints its port; ENTRY is the workload's in the catalog.
"""

from __future__ import annotations

import asyncio
import json
import sys


class Connection(asyncio.Protocol):
    """Answers the requests of one connection, which stays open."""

    def __init__(self, entry: str) -> None:
        parameters = [{"Name": "workload", "Value": entry}]
        self._catalog = json.dumps({"Parameters": parameters}).encode()
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where the answers go."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer when the whole body is here."""
        self._received += data
        head, separator, body = self._received.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        headers = dict(line.split(b": ", 1) for line in lines[1:] if b": " in line)
        if not separator or len(body) < int(headers[b"content-length"]):
            return
        self._received = b""
        answer = self._catalog if b"x-amz-target" in headers else _predictions(body)
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (len(answer), answer)
        )


def _predictions(body: bytes) -> bytes:
    rows = body.count(b"\n") - 1  # without the header
    return json.dumps({"predictions": [5.0] * rows}).encode()


async def main(entry: str) -> None:
    """Serve until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(entry), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
