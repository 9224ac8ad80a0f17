"""What becomes of a request, and of those after it, when the model hangs, dies or wants too much.

The models really do: see tests/traps.py. In the image, its memory and its disk really have an end.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from tests.container.base import Base
from tests.container.client import Answer, Client, healthy
from tests.container.conftest import Subject
from tests.container.docker_runner import DockerProcess, DockerRunner, docker
from tests.container.kit import Example
from tests.container.runners import (
    START_SECONDS,
    NativeProcess,
    NativeRunner,
    Runner,
    Server,
    run,
    session,
)
from tests.traps import DIE, EAT, HANG, LINGER, LINGERS, MARS, SKLEARN, Trapped, processes_that

pytestmark = pytest.mark.container("mars", "sklearn")

IRIS = 2.9
"""The sepal width of an iris."""
WORKERS = 2
MEMORY = "500m"
"""Of a container: several times what it needs, a part of what the trap takes."""
HOLDS_THE_MODEL = ("R", "model-server")


@pytest.fixture(scope="module")
def model(example: Example) -> Trapped:
    return {each.container: each for each in (MARS, SKLEARN)}[example.container]


@pytest.fixture(scope="module")
def trapped(
    model: Trapped, example: Example, subject: Subject, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runner]:
    """The container with traps in its model."""
    folder = tmp_path_factory.mktemp("trapped") / f"{example.container}-trapped"
    shutil.copytree(example.folder, folder)
    model.set_in(folder)
    if subject.kind == "docker":
        yield DockerRunner.build(folder)
        return
    with NativeRunner.of(folder) as runner:
        yield runner


@pytest.fixture(scope="module")
def base(trapped: Runner, example: Example, tmp_path_factory: pytest.TempPathFactory) -> Base:
    base = Base(tmp_path_factory.mktemp("trapped") / "ml").training(example.job)
    done = run(trapped, "train", base.path)
    assert done.code == 0, done.output
    return base


@pytest.fixture
def limited(trapped: Runner) -> Runner:
    """With little memory, and a disk that is a small part of it."""
    assert isinstance(trapped, DockerRunner)
    memory = (f"--memory={MEMORY}", f"--memory-swap={MEMORY}")
    return replace(trapped, options=("--read-only", "--tmpfs=/tmp:size=1m", *memory))


@contextlib.contextmanager
def serving(runner: Runner, base: Base, **environment: str) -> Iterator[tuple[Server, Client]]:
    workers = {"SAGEMAKER_MODEL_SERVER_WORKERS": str(WORKERS)}
    with healthy(runner, base.path, **workers, **environment) as started:
        yield started


def ask(client: Client, model: Trapped, sepal_width: float) -> Answer:
    return client.post(model.body(sepal_width), "text/csv; header=present")


def workers(server: Server) -> set[int]:
    """The processes that the one which holds the model has made."""
    if isinstance(server, DockerProcess):
        lines = docker("top", server.container, "-eo", "pid,ppid,comm").stdout.splitlines()[1:]
        found = {int(pid): (int(parent), name) for pid, parent, name in map(str.split, lines)}
    else:
        assert isinstance(server, NativeProcess)
        found = {pid: (parent_of(pid), name) for pid, name in session(server.process.pid).items()}
    names = {pid: name for pid, (_, name) in found.items()}
    return {pid for pid, (parent, _) in found.items() if names.get(parent) in HOLDS_THE_MODEL}


def parent_of(pid: int) -> int:
    with contextlib.suppress(OSError):  # it may end at any moment
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "nothing came of it"
        time.sleep(0.05)


def test_a_model_that_hangs_is_504_and_its_workers_are_replaced(
    trapped: Runner, base: Base, model: Trapped
) -> None:
    with (
        serving(trapped, base, SAGEMAKER_MODEL_SERVER_TIMEOUT="3") as (server, client),
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        hanging = [pool.submit(ask, client, model, HANG) for _ in range(WORKERS)]
        until(lambda: len(workers(server)) >= WORKERS)
        hung = workers(server)
        answers = [each.result() for each in hanging]
        assert {each.status for each in answers} == {504}
        assert {each.message for each in answers} == {"the model took longer than 3 s"}
        assert ask(client, model, IRIS).status == 200
        until(lambda: not hung & workers(server))
        assert ask(client, model, IRIS).status == 200
        server.terminate()
        done = server.wait()
    assert done.code == 0, done.output
    assert not done.left


def test_while_one_worker_hangs_the_others_answer(
    trapped: Runner, base: Base, model: Trapped
) -> None:
    with (
        serving(trapped, base, SAGEMAKER_MODEL_SERVER_TIMEOUT="10") as (_, client),
        ThreadPoolExecutor(1) as pool,
    ):
        hanging = pool.submit(ask, client, model, HANG)
        while not hanging.done():
            assert ask(client, model, IRIS).status == 200
            assert client.ping() == 200
        assert hanging.result().status == 504


def test_a_request_that_ends_every_worker_it_meets_is_502_and_the_next_is_answered(
    trapped: Runner, base: Base, model: Trapped
) -> None:
    with serving(trapped, base) as (_, client):
        answer = ask(client, model, DIE)
        assert (answer.status, answer.error["code"]) == (502, "BadGateway")
        assert answer.message == "the model server ended while it worked on this request"
        assert ask(client, model, IRIS).status == 200


@pytest.mark.kind("native")
def test_a_worker_that_is_killed_at_work_costs_its_client_no_answer(
    trapped: Runner, base: Base, model: Trapped
) -> None:
    with serving(trapped, base) as (server, client), ThreadPoolExecutor(1) as pool:
        assert isinstance(server, NativeProcess)
        asked = pool.submit(ask, client, model, LINGER)
        until(lambda: LINGERS in server.log.read_text())
        (busy,) = processes_that(LINGERS, server.log.read_text())
        os.kill(busy, signal.SIGKILL)
        assert asked.result().status == 200
        first, second = processes_that(LINGERS, server.log.read_text())
    assert first == busy != second


@pytest.mark.kind("docker")
def test_what_the_kernel_ends_for_its_memory_is_502_and_the_next_is_answered(
    limited: Runner, base: Base, model: Trapped
) -> None:
    with serving(limited, base) as (server, client):
        answer = ask(client, model, EAT)
        assert (answer.status, answer.error["code"]) == (502, "BadGateway")
        assert ask(client, model, IRIS).status == 200
        assert server.running()


@pytest.mark.kind("docker")
def test_a_full_disk_hinders_neither_answers_nor_new_workers(
    limited: Runner, base: Base, model: Trapped
) -> None:
    with serving(limited, base) as (server, client):
        assert isinstance(server, DockerProcess)
        fill = "cat /dev/zero >/tmp/full; ! echo more >/tmp/more"
        docker("exec", server.container, "sh", "-c", fill)
        before = workers(server)
        assert ask(client, model, IRIS).status == 200
        assert ask(client, model, DIE).status == 502
        assert ask(client, model, IRIS).status == 200
        assert not before & workers(server)
