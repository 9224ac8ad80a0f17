"""The contract kit's fixtures: each container, natively and in Docker, with a trained model.

A test that asks for `subject`, or for what comes of it, runs once for each container and kind.
Markers: container(name), kind(name) and program(name), one that the container must have, restrict
that; cases(derive=...) also runs it for each `case` that derive(example) yields.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import pytest

from tests.container.base import Base, metrics
from tests.container.client import Answer, Client, healthy
from tests.container.docker_runner import NATIVE, DockerRunner
from tests.container.job_cases import ways
from tests.container.kit import Example, Job, Row, examples
from tests.container.runners import (
    Finished,
    NativeRunner,
    Runner,
    Server,
    apt_packages,
    missing_packages,
    run,
)
from workloads.loading import SettingsError

T = TypeVar("T")
KINDS = ("native", "docker")
LAST_LINES = 20
"""How much of a failed training's output is shown."""


@dataclass(frozen=True)
class Subject:
    """A container, and how it is run."""

    example: Example
    kind: str

    @property
    def id(self) -> str:
        return f"{self.example.container}-{self.kind}"


def pytest_configure(config: pytest.Config) -> None:
    for marker in ("container(name)", "kind(name)", "program(name)", "cases(derive)"):
        config.addinivalue_line("markers", f"{marker}: see tests/container/conftest.py")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "subject" not in metafunc.fixturenames:
        return
    try:
        known = examples(metafunc.config.getoption("--workload"))
    except (SettingsError, ValueError) as error:
        raise pytest.Collector.CollectError(str(error)) from error
    kit_alone = metafunc.config.getoption("--workload") is not None
    subjects = [
        Subject(example, kind)
        for name, example in known.items()
        for kind in (KINDS[:1] if kit_alone and NATIVE else KINDS)
        if name in named(metafunc, "container", [name])
        and kind in named(metafunc, "kind", [kind])
        and all((example.folder / each).exists() for each in named(metafunc, "program", []))
    ]
    cases = metafunc.definition.get_closest_marker("cases")
    if cases is None:
        ids = [subject.id for subject in subjects]
        metafunc.parametrize("subject", subjects, indirect=True, ids=ids, scope="session")
        return
    pairs = [
        (subject, case) for subject in subjects for case in cases.kwargs["derive"](subject.example)
    ]
    ids = [f"{subject.id}-{case.id}" for subject, case in pairs]
    metafunc.parametrize(("subject", "case"), pairs, indirect=["subject"], ids=ids)


def named(metafunc: pytest.Metafunc, marker: str, without: Sequence[str]) -> Sequence[str]:
    """What a test's marker names."""
    mark = metafunc.definition.get_closest_marker(marker)
    return mark.args if mark else without


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run all of one subject before the next; with --workload, nothing but the kit."""
    kit_alone = config.getoption("--workload") is not None
    # a test that no subject is for would be reported as skipped
    kept = [
        item
        for item in items
        if subject_of(item) or not (kit_alone or "subject" in fixtures_of(item))
        if not kit_alone or is_of_the_kit(item)
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    in_order = iter(sorted(filter(subject_of, kept), key=subject_of))
    items[:] = [next(in_order) if subject_of(item) else item for item in kept]


def fixtures_of(item: pytest.Item) -> Sequence[str]:
    return item.fixturenames if isinstance(item, pytest.Function) else ()


def subject_of(item: pytest.Item) -> str:
    """The id of the subject that a test is for; empty for any other test."""
    callspec = getattr(item, "callspec", None)
    subject = callspec.params.get("subject") if callspec else None
    return subject.id if isinstance(subject, Subject) else ""


def is_of_the_kit(item: pytest.Item) -> bool:
    return item.path.name.startswith("test_contract_")


@pytest.fixture(scope="session")
def subject(request: pytest.FixtureRequest) -> Subject:
    subject: Subject = request.param
    return subject


@pytest.fixture(scope="session")
def example(subject: Subject) -> Example:
    return subject.example


@pytest.fixture(scope="session")
def rows(example: Example) -> tuple[Row, ...]:
    return example.rows


@pytest.fixture(scope="session")
def runner(subject: Subject, request: pytest.FixtureRequest) -> Iterator[Runner]:
    if subject.kind == "docker":
        request.getfixturevalue("docker_engine")
        yield DockerRunner.build(subject.example.folder)
        return
    with NativeRunner.of(subject.example.folder) as runner:
        if missing := missing_packages(apt_packages(runner.home / "program")):
            install = f"apt-get install --no-install-recommends {' '.join(missing)}"
            pytest.fail(f"{subject.example.container} needs packages: {install}", pytrace=False)
        yield runner


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return Base(tmp_path / "ml")


@pytest.fixture(scope="session")
def pool() -> Iterator[ThreadPoolExecutor]:
    """Runs what takes long and disturbs nothing, two at once at least."""
    with ThreadPoolExecutor(max(2, os.cpu_count() or 1)) as pool:
        yield pool


@contextlib.contextmanager
def together(
    pool: Executor, tasks: Mapping[str, Callable[[], T]]
) -> Iterator[Mapping[str, Future[T]]]:
    """Begin tasks together; at the end, what nobody has waited for does not go on."""
    futures = {name: pool.submit(task) for name, task in tasks.items()}
    try:
        yield futures
    finally:
        for future in futures.values():
            future.cancel()
        wait(futures.values())


@dataclass(frozen=True)
class Trained:
    """A base folder, and how the training job there ended."""

    base: Base
    done: Finished

    @property
    def model(self) -> Path:
        return self.base.path / "model"

    @property
    def metrics(self) -> dict[str, float]:
        return metrics("train", self.done.output)

    def repeats(self, other: Trained) -> bool:
        """Tell whether both are the same model, as far as their metrics say."""
        assert self.done.code == 0, self.done.output
        return self.metrics == pytest.approx(other.metrics, rel=1e-6)


@pytest.fixture(scope="session")
def trainings(
    runner: Runner,
    example: Example,
    pool: ThreadPoolExecutor,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mapping[str, Future[Trained]]]:
    """The example's job in each way that its data may come, begun together."""

    def train(job: Job, folder: Path) -> Trained:
        base = Base(folder / "ml").training(job)
        return Trained(base, run(runner, "train", base.path, **job.environment))

    jobs = {
        way: partial(train, job, tmp_path_factory.mktemp(way)) for way, job in ways(example).items()
    }
    with together(pool, jobs) as futures:
        yield futures


@pytest.fixture(scope="session")
def trained(
    trainings: Mapping[str, Future[Trained]], subject: Subject, pytestconfig: pytest.Config
) -> Trained:
    """The example's job as it is."""
    trained = trainings["as it is"].result()
    if trained.done.code != 0:
        nothing_to_test(subject, pytestconfig, f"the training failed: {why(trained)}")
    return trained


def nothing_to_test(subject: Subject, config: pytest.Config, problem: str) -> NoReturn:
    """End the kit, where it runs alone, else the test: one message says why."""
    example = subject.example
    where = f"workloads/{example.workload}.toml, container/{example.container} ({subject.kind})"
    if config.getoption("--workload"):
        pytest.exit(f"{where}: {problem}", returncode=1)
    pytest.fail(f"{where}: {problem}", pytrace=False)


def why(trained: Trained) -> str:
    """The reason that a failed job has left, or how it ended without one, and its last output."""
    try:
        reason = trained.base.failure
    except AssertionError:
        reason = f"exit code {trained.done.code}, and no /opt/ml/output/failure"
    log = [line for line in trained.done.output.splitlines() if line != reason][-LAST_LINES:]
    return "\n".join([reason, *log])


@dataclass(frozen=True)
class Started:
    """A server, and what it answered as soon as it said that it was healthy."""

    server: Server
    client: Client
    first: Answer


@pytest.fixture(scope="session")
def started(
    runner: Runner,
    trained: Trained,
    example: Example,
    subject: Subject,
    pytestconfig: pytest.Config,
) -> Iterator[Started]:
    with healthy(runner, trained.base.path) as (server, client):
        first = client.post(example.smoke.body, example.smoke.content_type)
        if first.status != 200:
            refused = f"the request of [smoke] was answered by {first.status}: {first.text}"
            nothing_to_test(subject, pytestconfig, refused)
        yield Started(server, client, first)


@pytest.fixture
def client(started: Started) -> Client:
    return started.client


@pytest.fixture(scope="session")
def answer(started: Started, example: Example) -> dict[str, Any]:
    """What the model answers to the example's rows, whatever there is beside the predictions."""
    answer = started.client.post(example.csv(example.rows), "text/csv; header=present")
    assert answer.status == 200, answer.text
    return answer.document


@pytest.fixture(scope="session")
def answers(answer: dict[str, Any]) -> list[Any]:
    """The prediction for each of the example's rows."""
    answers: list[Any] = answer["predictions"]
    return answers


@pytest.fixture
def large(example: Example, answer: dict[str, Any]) -> Callable[[int], tuple[Row, ...]]:
    """Give as many rows as neither take more bytes than a limit nor have an answer that does."""
    asked, answered = len(example.csv(example.rows)), len(json.dumps(answer))

    def rows(limit: int) -> tuple[Row, ...]:
        return example.rows * (limit // max(asked, answered))

    return rows
