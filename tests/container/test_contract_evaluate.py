"""`evaluate` as a SageMaker Processing job runs it, held by every container that has it."""

from __future__ import annotations

import csv
import io
import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.container.base import Base, metrics, packed, packed_text
from tests.container.conftest import Trained, together
from tests.container.job_cases import TEXT
from tests.container.kit import Channel, Example
from tests.container.runners import Finished, Runner, run

pytestmark = pytest.mark.program("evaluate")


@dataclass(frozen=True)
class Evaluated:
    folder: Path
    done: Finished


@pytest.fixture(scope="session")
def evaluated(
    runner: Runner, example: Example, trained: Trained, tmp_path_factory: pytest.TempPathFactory
) -> Evaluated:
    base = Base(tmp_path_factory.mktemp("evaluated") / "ml")
    base.evaluation(packed(trained.model), {"test": example.held_out})
    done = run(runner, "evaluate", base.path, **example.evaluation_environment)
    assert done.code == 0, done.output
    return Evaluated(base.evaluation_folder, done)


def test_metrics_are_in_a_file_and_in_the_log(evaluated: Evaluated, example: Example) -> None:
    evaluation: dict[str, Any] = json.loads((evaluated.folder / "evaluation.json").read_text())
    found = evaluation["metrics"]
    assert found
    assert all(math.isfinite(value) for value in found.values())
    assert found.keys() >= set(example.metrics), (
        f"[evaluation.gate]: found {', '.join(example.metrics)}; allowed: {', '.join(found)}"
    )
    logged = metrics("evaluation", evaluated.done.output)
    assert {name: found[name] for name in logged} == pytest.approx(logged)
    assert logged.keys() >= set(example.metrics)


def test_predictions_are_a_csv_of_what_was_held_out(evaluated: Evaluated, example: Example) -> None:
    text = (evaluated.folder / "predictions.csv").read_text()
    header, *rows = csv.reader(io.StringIO(text))
    assert len(set(header)) == len(header)
    assert len(rows) == len(example.held_out.table.rows)
    assert {len(row) for row in rows} == {len(header)}


def test_the_report_is_a_picture_large_enough_to_read(evaluated: Evaluated) -> None:
    png = (evaluated.folder / "report.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    assert width >= 800
    assert height >= 500
    assert len(png) > 5_000, "it is blank"


def test_nothing_else_is_left(evaluated: Evaluated) -> None:
    names = {file.name for file in evaluated.folder.iterdir()}
    assert names >= {"evaluation.json", "predictions.csv", "report.png"}
    assert not (evaluated.folder.parents[1] / "output" / "message").exists()


@dataclass(frozen=True)
class FailingEvaluation:
    """An evaluation that has to fail, and words that its reason must have."""

    id: str
    channels: dict[str, Channel]
    words: tuple[str, ...]
    artifact: Callable[[bytes], bytes | None] = lambda packed: packed
    """Spoils the model's archive; None is for no archive at all."""


def failing_evaluations(example: Example) -> Iterator[FailingEvaluation]:
    held_out = example.held_out
    table = held_out.table

    def of(text: str) -> dict[str, Channel]:
        return {"test": replace(held_out, files={"data.csv": text})}

    yield FailingEvaluation("no channel", {}, ("channel", "expected"))
    two = {"a": held_out, "b": held_out}
    yield FailingEvaluation("two channels", two, ("a, b",))
    yield FailingEvaluation("an empty file", of(""), ("data.csv",))
    yield FailingEvaluation("no file", {"test": replace(held_out, files={})}, ("test",))
    here = [feature for feature in example.features if feature.name in table.names]
    for feature in here[:1]:
        name = feature.name
        if table.header:
            rest = [each for each in table.names if each != name]
            missing = of(table.of(rest).text)
            yield FailingEvaluation("a missing column", missing, ("test", name))
        blank = of(table.with_cell(1, name, "").text)
        yield FailingEvaluation("a missing value", blank, ("row 2", name, "expected"))
    for feature in [each for each in here if each.type != "string"][:1]:
        wrong = of(table.with_cell(1, feature.name, TEXT).text)
        words = ("test", "row 2", feature.name, TEXT, "expected")
        yield FailingEvaluation(f"{TEXT} as {feature.type}", wrong, words)
    if table.header:
        yield FailingEvaluation("no row", of(replace(table, rows=()).text), ("row",))
    good = {"test": held_out}
    archive = ("model.tar.gz",)
    yield FailingEvaluation("no archive", good, (*archive, "missing"), lambda _: None)
    yield FailingEvaluation("no gzip", good, archive, lambda _: b"no archive")
    yield FailingEvaluation("half an archive", good, archive, lambda all_: all_[: len(all_) // 2])
    notes = (*archive, "notes.txt")
    yield FailingEvaluation("no model", good, notes, lambda _: packed_text("notes.txt", b"none"))


@pytest.fixture(scope="session")
def failed(
    runner: Runner,
    example: Example,
    trained: Trained,
    pool: ThreadPoolExecutor,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mapping[str, Future[tuple[Base, Finished]]]]:
    """The evaluations that have to fail, begun together."""

    def fail(case: FailingEvaluation, folder: Path) -> tuple[Base, Finished]:
        base = Base(folder / "ml")
        base.evaluation(case.artifact(packed(trained.model)), case.channels)
        return base, run(runner, "evaluate", base.path, **example.evaluation_environment)

    cases = {
        case.id: partial(fail, case, tmp_path_factory.mktemp("failed"))
        for case in failing_evaluations(example)
    }
    with together(pool, cases) as futures:
        yield futures


@pytest.mark.cases(derive=failing_evaluations)
def test_an_evaluation_that_fails_says_why_and_leaves_no_result(
    failed: Mapping[str, Future[tuple[Base, Finished]]], case: FailingEvaluation
) -> None:
    base, done = failed[case.id].result()
    assert done.code == 1, done.output
    for word in case.words:
        assert word in base.message
    assert "internal error" not in base.message, "that is for what no user can mend"
    assert base.message in done.output
    assert not base.evaluation_folder.exists() or not list(base.evaluation_folder.iterdir())
