"""What only a native run shows: the sockets of the processes."""

from __future__ import annotations

import os
import re
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.container.client import healthy
from tests.container.conftest import Trained
from tests.container.kit import Example
from tests.container.runners import NativeProcess, Runner, children

pytestmark = [pytest.mark.container("mars"), pytest.mark.kind("native")]


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


def test_r_listens_for_http_alone_and_only_to_haproxy(runner: Runner, trained: Trained) -> None:
    with healthy(runner, trained.base.path) as (server, _):
        assert isinstance(server, NativeProcess)
        started = children(server.process.pid)
        (r_process,) = (pid for pid, name in started.items() if name == "R")
        (port,) = listening_ports(r_process)
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


def test_ping_comes_before_the_model_where_the_processor_is_busy(
    runner: Runner, trained: Trained
) -> None:
    with healthy(runner, trained.base.path) as (server, _):
        assert isinstance(server, NativeProcess)
        started = {name: pid for pid, name in children(server.process.pid).items()}
        nice = {name: os.getpriority(os.PRIO_PROCESS, pid) for name, pid in started.items()}
    assert nice["R"] > nice["haproxy"]


def test_requests_one_after_the_other_are_answered_by_one_process(
    runner: Runner, trained: Trained, example: Example
) -> None:
    # which has the model in the processor's caches, and so is half as fast again
    features = example.table.of(example.names)
    environment = {"SAGEMAKER_MODEL_SERVER_WORKERS": "4"}
    with healthy(runner, trained.base.path, **environment) as (server, client):
        assert isinstance(server, NativeProcess)
        started = children(server.process.pid)
        (r_process,) = (pid for pid, name in started.items() if name == "R")
        header, *rows = features.text.splitlines(keepends=True)
        with ThreadPoolExecutor(4) as pool:  # large ones, so that each has a process of its own
            answers = pool.map(client.post, [header + "".join(rows) * 200] * 4)
            assert [answer.status for answer in answers] == [200] * 4
        workers = {pid: wakings(pid) for pid in children(r_process)}
        for _ in range(20):
            assert client.post(features.text).status == 200
        # a large request's worker may come to its next wait only now
        woken = [pid for pid, before in workers.items() if wakings(pid) > before + 2]
    assert len(workers) >= 4  # and perhaps one that HAProxy's check has just got, and that ends
    assert len(woken) == 1


def wakings(pid: int) -> int:
    """Tell how often a process has waited for something, as for a request; 0 of one that ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0
    (line,) = (each for each in status.splitlines() if each.startswith("voluntary_ctxt_switches:"))
    return int(line.partition(":")[2])


@pytest.mark.parametrize(("batch", "seconds"), [("", "55"), ("true", "3600")])
def test_a_batch_has_as_long_for_a_request_as_its_invocation_timeout_may_be(
    runner: Runner, trained: Trained, batch: str, seconds: str
) -> None:
    with healthy(runner, trained.base.path, SAGEMAKER_BATCH=batch) as (server, _):
        assert isinstance(server, NativeProcess)
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
