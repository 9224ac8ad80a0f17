"""How every container's programs end: when they are told to, and when one of them dies."""

from __future__ import annotations

import http.client
import json
import signal
import time
from collections.abc import Callable
from dataclasses import replace

from tests.container.base import Base, held_by_a_reader
from tests.container.client import agree, healthy
from tests.container.conftest import Trained
from tests.container.kit import Example, Row
from tests.container.runners import STOP_SECONDS, Runner, listens

PRESENT = "text/csv; header=present"
PROMPTLY = 15
"""Seconds, on a busy machine; what hangs takes the 25 of HAProxy's hard stop or more."""


def test_sigterm_while_training_ends_it_at_once_without_a_model(
    runner: Runner, base: Base, example: Example
) -> None:
    endless = replace(example.job.channels["train"], files={}, streamed=True)
    base.training(example.job.with_channel("train", endless))
    pipe = base.path / "input" / "data" / "train_0"
    with (
        runner.start("train", base=base.path, **example.job.environment) as process,
        held_by_a_reader(process, pipe) as stream,
    ):
        stream.write(example.table.text.encode())
        stream.flush()
        began = time.monotonic()
        process.terminate()
        done = process.wait()
    assert time.monotonic() - began < PROMPTLY
    assert done.code != 0
    assert not done.left
    assert base.model_files == []


def test_training_that_the_kernel_ends_says_so_and_leaves_no_model(
    runner: Runner, base: Base, example: Example
) -> None:
    endless = replace(example.job.channels["train"], files={}, streamed=True)
    base.training(example.job.with_channel("train", endless))
    (base.path / "model" / "half-written").write_text("")
    pipe = base.path / "input" / "data" / "train_0"
    with (
        runner.start("train", base=base.path, **example.job.environment) as process,
        held_by_a_reader(process, pipe),
    ):
        process.signal_job(signal.SIGKILL)
        done = process.wait()
    assert done.code == 1
    assert base.failure == "internal error: ended by SIGKILL, as for want of memory"
    assert base.failure in done.output
    assert not done.left
    assert base.model_files == []


def test_sigterm_lets_running_requests_end_and_then_serve_ends_at_once_with_0(
    runner: Runner,
    trained: Trained,
    example: Example,
    large: Callable[[int], tuple[Row, ...]],
) -> None:
    body = example.csv(large(500_000)).encode()
    with healthy(runner, trained.base.path) as (server, client):
        expected = client.post(body, PRESENT).predictions
        idle = http.client.HTTPConnection("127.0.0.1", server.port)
        idle.request("GET", "/ping")
        idle.getresponse().read()
        # one is with the model by then, of the other half has arrived
        sent, half_sent = (client.begin(PRESENT, body) for _ in range(2))
        sent.send(body)
        half_sent.send(body[: len(body) // 2])
        began = time.monotonic()
        server.terminate()
        half_sent.send(body[len(body) // 2 :])
        answers = [json.loads(each.getresponse().read()) for each in (sent, half_sent)]
        answered = time.monotonic()
        done = server.wait()
        ended = time.monotonic()
        for each in (idle, sent, half_sent):
            each.close()
    assert all(agree(answer["predictions"], expected) for answer in answers)
    assert done.code == 0, done.output
    assert ended - began < STOP_SECONDS
    assert ended - answered < PROMPTLY, "the idle connection may stay for 300 s"
    assert not done.left


def test_serve_ends_with_1_when_its_model_server_dies_and_tells_who_waits(
    runner: Runner, trained: Trained, example: Example
) -> None:
    body = example.csv(example.rows).encode()
    with healthy(runner, trained.base.path) as (server, client):
        server.signal_model_server(signal.SIGSTOP)
        waiting = client.begin(PRESENT, body)
        waiting.send(body)
        server.signal_model_server(signal.SIGKILL)
        answer = waiting.getresponse()
        error = json.loads(answer.read())["error"]
        waiting.close()
        done = server.wait()
    assert answer.status in (502, 503)
    assert error["message"]
    assert done.code == 1
    assert "serve: the model server ended by itself" in done.output
    assert not listens(server.port)
    assert not done.left
