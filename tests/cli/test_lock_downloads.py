"""`make lock-downloads`: the lock has what was fetched, and changes for no other reason."""

import hashlib
import http.server
import io
import threading
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pytest

from cli.lock_downloads import lock_downloads
from cli.problems import DownloadFailed
from environments.dev_host_downloads import locked
from tests.cli.conftest import Terminal

FILES = {"/b.deb": b"b" * 3_000_000, "/a.tar.gz": b"a"}


class _Publisher(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        if self.path not in server.files:
            self.send_error(404, "Not Found")
            return
        body = server.files[self.path]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + server.missing))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class Server(http.server.ThreadingHTTPServer):
    """Publishes `files`; of each, so many bytes are `missing` in the end."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Publisher)
        self.files = dict(FILES)
        self.missing = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "downloads.lock"


def _lock(server: Server, lock: Path, terminal: Terminal, *paths: str) -> None:
    lock_downloads(terminal.console, urls=[server.url(path) for path in paths], lock=lock)


def _line(server: Server, path: str, body: bytes) -> str:
    return f"{hashlib.sha256(body).hexdigest()}  {server.url(path)}\n"


def test_the_lock_has_a_sorted_line_of_each_file_as_sha256sum_writes_it(
    server: Server, lock: Path, terminal: Terminal
) -> None:
    lines = sorted(_line(server, path, body) for path, body in FILES.items())
    for paths in (FILES, reversed(FILES)):
        _lock(server, lock, terminal, *paths)
        assert lock.read_text() == "".join(lines)
    assert locked(lock).keys() == {server.url(path) for path in FILES}
    assert [path.name for path in lock.parent.iterdir()] == [lock.name]
    assert len(terminal.lines) == 4


def test_what_is_no_longer_downloaded_leaves_the_lock(
    server: Server, lock: Path, terminal: Terminal
) -> None:
    _lock(server, lock, terminal, *FILES)
    _lock(server, lock, terminal, "/b.deb")
    assert lock.read_text() == _line(server, "/b.deb", FILES["/b.deb"])


def test_a_file_that_changed_is_refused_until_its_line_is_deleted(
    server: Server, lock: Path, terminal: Terminal
) -> None:
    _lock(server, lock, terminal, "/b.deb")
    before = lock.read_text()
    server.files["/b.deb"] = b"another"
    was, now = (hashlib.sha256(body).hexdigest() for body in (FILES["/b.deb"], b"another"))
    with pytest.raises(DownloadFailed, match=f"b.deb: found {now}, locked is {was}; .*delete"):
        _lock(server, lock, terminal, *FILES)
    assert lock.read_text() == before, "not even the new file is written"
    lock.write_text("")
    _lock(server, lock, terminal, "/b.deb")
    assert lock.read_text() == _line(server, "/b.deb", b"another")


def test_of_a_file_that_cannot_be_had_the_lock_keeps_what_it_has(
    server: Server, lock: Path, terminal: Terminal
) -> None:
    _lock(server, lock, terminal, "/b.deb")
    del server.files["/b.deb"]
    url = server.url("/b.deb")
    with pytest.raises(DownloadFailed, match=f"^{url}: HTTP Error 404: Not Found$"):
        _lock(server, lock, terminal, *FILES)
    lines = sorted(_line(server, path, body) for path, body in FILES.items())
    assert lock.read_text() == "".join(lines)


def test_a_server_that_is_not_there_is_named_with_the_reason(
    server: Server, lock: Path, terminal: Terminal
) -> None:
    url = "http://127.0.0.1:1/x.deb"
    with pytest.raises(DownloadFailed, match=f"^{url}: .*Connection refused"):
        lock_downloads(terminal.console, urls=[url, server.url("/b.deb")], lock=lock)
    assert lock.read_text() == _line(server, "/b.deb", FILES["/b.deb"])


def test_half_a_file_is_not_locked(server: Server, lock: Path, terminal: Terminal) -> None:
    server.missing = 10
    told = r"b\.deb: (ended after 3000000 of 3000010 bytes|IncompleteRead)"
    with pytest.raises(DownloadFailed, match=told):
        _lock(server, lock, terminal, "/b.deb")
    assert lock.read_text() == ""


def test_a_file_that_leads_to_another_protocol_is_not_locked(
    lock: Path, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Answer(io.BytesIO):
        url, headers = "http://published.example/b.deb", Message()

    monkeypatch.setattr("urllib.request.urlopen", lambda _url, **_: Answer(b"b"))
    url = "https://published.example/b.deb"
    with pytest.raises(DownloadFailed, match=f"^{url}: leads to http://.*, by another protocol$"):
        lock_downloads(terminal.console, urls=[url], lock=lock)
    assert lock.read_text() == ""
