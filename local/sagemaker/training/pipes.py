"""Pipe input mode: a channel streamed into one named pipe for each epoch."""

import errno
import gzip
import os
import shutil
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from local.sagemaker.background import Background
from local.sagemaker.errors import invalid
from local.sagemaker.s3_data import Objects

POLL = 0.02
"""Seconds between two looks whether a program has opened the pipe."""
_RECORDIO_MAGIC = 0xCED7230A


class Pipe(Background):
    """Feeds `<channel>_0`, then `<channel>_1` and so on, whenever the program opens it."""

    def __init__(
        self,
        path: Path,
        objects: Callable[[int], Objects],
        s3: Any,
        *,
        gzipped: bool = False,
        recordio: bool = False,
    ) -> None:
        """`path` is the pipe's without its epoch; `objects` gives what an epoch reads."""
        super().__init__()
        self._path = path
        self._objects = objects
        self._s3 = s3
        self._gzipped = gzipped
        self._recordio = recordio
        self._make(0)

    def work(self) -> None:
        """See Background.work."""
        epoch = 0
        while (pipe := self._opened(epoch)) is not None:
            # First of all: a program may leave this pipe at any time and open the next one at once.
            self._make(epoch + 1)
            with suppress(BrokenPipeError), pipe:
                self._feed(pipe, self._objects(epoch))
            epoch += 1

    def _make(self, epoch: int) -> None:
        path = self._pipe(epoch)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(path)

    def _pipe(self, epoch: int) -> Path:
        return self._path.with_name(f"{self._path.name}_{epoch}")

    def _opened(self, epoch: int) -> IO[bytes] | None:
        """Return the pipe's writing end once somebody reads; None if nobody will any more."""
        while not self.ending.wait(POLL):
            try:
                descriptor = os.open(self._pipe(epoch), os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:  # nobody reads yet
                    raise
            else:
                os.set_blocking(descriptor, True)
                return open(descriptor, "wb")
        return None

    def _feed(self, pipe: IO[bytes], objects: Objects) -> None:
        for key in objects.keys.values():
            body: IO[bytes] = self._s3.get_object(Bucket=objects.bucket, Key=key)["Body"]
            source = gzip.GzipFile(fileobj=body) if self._gzipped else body
            try:
                if self._recordio:
                    pipe.write(_record(source.read()))
                else:
                    shutil.copyfileobj(source, pipe)
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                raise invalid(f"s3://{objects.bucket}/{key} is not gzip: {error}") from error


def _record(content: bytes) -> bytes:
    """Wrap an object as one RecordIO record: magic, length, content, zeros to four bytes."""
    padding = b"\0" * (-len(content) % 4)
    return struct.pack("<II", _RECORDIO_MAGIC, len(content)) + content + padding
