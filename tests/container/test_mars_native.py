"""What only a native run shows: the sockets of the processes, the R code's own tests and style."""

from __future__ import annotations

import re
import shutil
import socket
import struct
import subprocess
from pathlib import Path

import pytest

from tests.container.conftest import Client
from tests.container.runners import CONTAINER, NativeServer, Runner, children


def listening_ports(pid: int) -> list[int]:
    """Read a process's listening TCP ports from /proc (state 0A is LISTEN)."""
    links = [str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()]
    sockets = {match[1] for link in links if (match := re.fullmatch(r"socket:\[(\d+)\]", link))}
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [
        int(at.rpartition(":")[2], 16)
        for _, at, _, state, *_, in_use in ((*line[:4], line[9]) for line in lines)
        if state == "0A" and in_use in sockets
    ]


@pytest.mark.parametrize("runner", ["native"], indirect=True, scope="session")
def test_r_listens_for_http_alone_and_only_to_haproxy(runner: Runner, trained: Path) -> None:
    with runner.serve(trained) as server:
        assert isinstance(server, NativeServer)
        Client(server.port).wait_until_healthy()
        (port,) = listening_ports(server.r_process())
        with socket.create_connection(("127.0.0.1", port), timeout=0.3) as connection:
            # Rserve's own protocol would greet with "Rsrv0103QAP1" and answer this CMD_eval.
            connection.sendall(
                struct.pack("<4I", 0x003, 8, 0, 0) + struct.pack("<I", 0x404) + b"1+1\0"
            )
            with pytest.raises(TimeoutError):
                connection.recv(32)
        # whoever is not 127.0.0.1 is another host to it
        other = ("127.0.0.2", 0)
        with socket.create_connection(
            ("127.0.0.1", port), timeout=2, source_address=other
        ) as connection:
            assert closes(connection)


@pytest.mark.parametrize("runner", ["native"], indirect=True, scope="session")
@pytest.mark.parametrize(("batch", "seconds"), [("", "60"), ("true", "3600")])
def test_a_batch_has_as_long_for_a_request_as_its_invocation_timeout_may_be(
    runner: Runner, trained: Path, batch: str, seconds: str
) -> None:
    with runner.serve(trained, SAGEMAKER_BATCH=batch) as server:
        assert isinstance(server, NativeServer)
        Client(server.port).wait_until_healthy()
        started = children(server.process.pid)
        (haproxy,) = (pid for pid, name in started.items() if name == "haproxy")
        environment = Path(f"/proc/{haproxy}/environ").read_bytes().split(b"\0")
    assert f"SAGEMAKER_MODEL_SERVER_TIMEOUT={seconds}".encode() in environment


def closes(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"GET /ping HTTP/1.0\r\n\r\n")
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def rscript(code: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("Rscript") is None:
        pytest.fail("Rscript is missing: apt-get install r-base-core r-cran-testthat r-cran-lintr")
    return subprocess.run(
        ["Rscript", "--vanilla", "-e", code],
        cwd=CONTAINER,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_unit_tests_of_the_r_code_pass() -> None:
    done = rscript("testthat::test_dir('tests/testthat', reporter = 'summary')")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_r_code_is_free_of_lint() -> None:
    done = rscript(
        "library(testthat);"
        "setwd('tests/testthat'); source('helper.R'); setwd('../..');"
        "files <- c('train', 'evaluate', list.files('.', '[.]R$', recursive = TRUE));"
        "lints <- lapply(files, lintr::lint);"
        "for (lint in lints) print(lint);"
        "quit(status = sum(lengths(lints)) > 0)"
    )
    assert done.returncode == 0, done.stdout + done.stderr
