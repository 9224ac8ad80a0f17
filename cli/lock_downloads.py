"""`make lock-downloads`: the checksums of what a dev host downloads, from the files themselves."""

import hashlib
import http.client
import os
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from cli.problems import DownloadFailed
from cli.report import say
from environments.dev_host_downloads import locked

CHUNK = 1 << 20
TIMEOUT = 60
"""Seconds without a byte."""


def lock_downloads(console: Console, *, urls: Sequence[str], lock: Path) -> None:
    """Fetch each file, and write its SHA-256 beside its URL; what is no longer fetched goes.

    Of a file that cannot be had the lock keeps what it has. Raises DownloadFailed with each of
    them, and, with nothing written, if a file is another than it was: a published file stays.
    """
    known = locked(lock) if lock.exists() else {}
    found: dict[str, str] = {}
    missing: list[str] = []
    for url in urls:
        try:
            found[url] = _sha256(url, console)
        except (OSError, http.client.HTTPException) as error:  # URLError is one of the first
            missing.append(f"{url}: {error}")
            continue
        say(console, (found[url], url))
    changed = [
        f"{url}: found {found[url]}, locked is {known[url]}; if the change is right, delete the "
        f"line of {lock.name} first"
        for url in found
        if known.get(url, found[url]) != found[url]
    ]
    if changed:
        raise DownloadFailed("\n".join((*changed, *missing)))
    kept = {url: known[url] for url in urls if url in known}
    _write(lock, kept | found)
    if missing:
        raise DownloadFailed("\n".join(missing))


def _sha256(url: str, console: Console) -> str:
    """Fetch the file. Raises OSError or HTTPException if not all of it comes, by its scheme."""
    digest, received = hashlib.sha256(), 0
    bar = Progress(
        TextColumn("{task.description}"),
        DownloadColumn(),
        TransferSpeedColumn(),
        console=console,
        transient=True,
    )
    with urllib.request.urlopen(url, timeout=TIMEOUT) as answer, bar:  # noqa: S310 - of ALL
        if urlsplit(answer.url).scheme != urlsplit(url).scheme:
            raise OSError(f"leads to {answer.url}, by another protocol")
        size = int(answer.headers["Content-Length"]) if "Content-Length" in answer.headers else None
        task = bar.add_task(url.rpartition("/")[2], total=size)
        while chunk := answer.read(CHUNK):
            digest.update(chunk)
            received += len(chunk)
            bar.update(task, completed=received)
    # http.client takes a connection that breaks for the end of the file
    if size is not None and received != size:
        raise OSError(f"ended after {received} of {size} bytes")
    return digest.hexdigest()


def _write(lock: Path, checksums: dict[str, str]) -> None:
    lines = sorted(f"{checksum}  {url}\n" for url, checksum in checksums.items())
    written = lock.with_suffix(".new")
    written.write_text("".join(lines))
    os.replace(written, lock)
