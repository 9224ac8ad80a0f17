"""Requests of one kind to one address: as fast as they are answered, or at a rate that is given."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import quantiles

TIMEOUT = 60
"""Seconds after which a request counts as failed."""


@dataclass
class Sent:
    """What became of some requests."""

    seconds: list[float] = field(default_factory=list)
    """How long each one took that was answered as it should be."""
    failures: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many were sent and have ended."""
        return len(self.seconds) + len(self.failures)

    def percentile(self, percent: int) -> float:
        """Return how many seconds this many of a hundred took at most; not a number of none."""
        if len(self.seconds) < 2:
            return math.nan
        return quantiles(self.seconds, n=100, method="inclusive")[percent - 1]


class HttpLoad:
    """Sends what `request` returns, which is asked each time; an answer has to be as `expected`.

    Connections are kept, as those of an SDK are, and there are as many as requests at a time.
    """

    def __init__(
        self, port: int, request: Callable[[], bytes], expected: Callable[[bytes], bool]
    ) -> None:
        self._port = port
        self._request = request
        self._expected = expected
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def closed(self, clients: int, seconds: float) -> Sent:
        """Have some clients send one request after the other."""
        sent, end = Sent(), time.monotonic() + seconds

        async def client() -> None:
            while (start := time.monotonic()) < end:
                await self._send(start, sent)

        await asyncio.gather(*(client() for _ in range(clients)))
        return sent

    async def paced(self, rate: float, seconds: float) -> Sent:
        """Send `rate` requests a second, whatever becomes of those before.

        A request that is late because the one before was slow counts from when it was due.
        """
        sent, start = Sent(), time.monotonic()
        running: set[asyncio.Task[None]] = set()
        for number in range(round(rate * seconds)):
            due = start + number / rate
            await asyncio.sleep(due - time.monotonic())
            task = asyncio.create_task(self._send(due, sent))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)
        return sent

    def close(self) -> None:
        """Close the connections."""
        for _reader, writer in self._idle:
            writer.close()
        self._idle.clear()

    async def _send(self, due: float, sent: Sent) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                status, body = await self._exchange()
        except (OSError, EOFError, ValueError) as error:
            sent.failures.append(f"{type(error).__name__}: {error}")
            return
        if status == 200 and self._expected(body):
            sent.seconds.append(time.monotonic() - due)
        else:
            sent.failures.append(f"{status}: {body[:200].decode(errors='replace')}")

    async def _exchange(self) -> tuple[int, bytes]:
        reader, writer = await self._connection()
        try:
            writer.write(self._request())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            body = await reader.readexactly(length)
        except BaseException:
            writer.close()
            raise
        self._idle.append((reader, writer))
        return int(head.split(b" ", 2)[1]), body

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()  # the server has closed it, as nothing was asked for so long
        return await asyncio.open_connection("127.0.0.1", self._port)
