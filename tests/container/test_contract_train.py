"""The training half of SageMaker's contract, held by every container."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.container.base import Base, metrics
from tests.container.client import agree, healthy
from tests.container.conftest import Trained, together
from tests.container.job_cases import FailingJob, failing_jobs, headerless
from tests.container.kit import Example, Job
from tests.container.runners import Finished, Runner, run


def test_a_job_writes_its_model_and_logs_its_metrics(trained: Trained) -> None:
    assert trained.metrics, f"expected lines train:<metric>=<value>, found: {trained.done.output}"
    assert all(map(math.isfinite, trained.metrics.values()))
    assert trained.base.model_files
    assert not (trained.base.path / "output" / "failure").exists()


@pytest.mark.parametrize("way", ["in files", "in pipes"])
def test_data_in_several_files_trains_the_same_model_and_validation_data_measures_it(
    trainings: Mapping[str, Future[Trained]], trained: Trained, way: str
) -> None:
    other = trainings[way].result()
    assert other.repeats(trained)
    measured = metrics("validation", other.done.output)
    assert measured, other.done.output
    assert all(map(math.isfinite, measured.values()))


def test_data_without_a_header_is_taken_by_position(
    runner: Runner,
    example: Example,
    trainings: Mapping[str, Future[Trained]],
    trained: Trained,
    answers: list[Any],
) -> None:
    other = trainings["by position"].result()
    assert other.repeats(trained)
    by_position = headerless(example) or example
    with healthy(runner, other.base.path) as (_, client):
        rows = by_position.csv(by_position.rows, header=False)
        plain = client.post(rows, "text/csv", Accept="application/json")
        named = client.post(by_position.csv(by_position.rows), "text/csv; header=present")
        instances = client.post(by_position.json(by_position.rows), "application/json")
    for found in (plain, named, instances):
        assert found.status == 200, found.text
        assert agree(found.predictions, answers)


def test_metadata_says_what_the_model_takes_and_what_made_it(
    trained: Trained, example: Example
) -> None:
    metadata = json.loads((trained.model / "metadata.json").read_text())
    columns = {column["name"]: column for column in metadata["columns"]}
    for feature in example.features:
        column = columns[feature.name]
        assert column["type"] == feature.type, (
            f"[api] features: {feature.name} is a {feature.type}; "
            f"to the model it is a {column['type']}"
        )
        assert set(feature.values or ()) <= set(column.get("levels", ()))
    given = {name: str(value) for name, value in metadata["hyperparameters"].items()}
    assert given.keys() >= example.job.hyperparameters.keys()
    assert metadata["metrics"]["train"] == pytest.approx(trained.metrics)
    assert metadata["versions"]
    assert all(metadata["versions"].values())


@pytest.fixture(scope="session")
def failed(
    runner: Runner,
    example: Example,
    pool: ThreadPoolExecutor,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mapping[str, Future[tuple[Base, Finished]]]]:
    """The jobs that have to fail, begun together."""

    def fail(job: Job, folder: Path) -> tuple[Base, Finished]:
        base = Base(folder / "ml").training(job)
        return base, run(runner, "train", base.path, **job.environment)

    cases = {
        case.id: partial(fail, case.job, tmp_path_factory.mktemp("failed"))
        for case in failing_jobs(example)
    }
    with together(pool, cases) as futures:
        yield futures


@pytest.mark.cases(derive=failing_jobs)
def test_a_job_that_fails_says_why_and_leaves_no_model(
    failed: Mapping[str, Future[tuple[Base, Finished]]], case: FailingJob
) -> None:
    base, done = failed[case.id].result()
    assert done.code == 1, done.output
    for word in case.words:
        assert word in base.failure
    assert "internal error" not in base.failure, "that is for what no user can mend"
    assert base.failure in done.output
    assert base.model_files == []


def test_what_nobody_foresaw_ends_a_job_with_1_and_a_reason(
    runner: Runner, base: Base, example: Example
) -> None:
    base.training(example.job)
    hyperparameters = base.path / "input" / "config" / "hyperparameters.json"
    hyperparameters.unlink()
    hyperparameters.mkdir()
    done = run(runner, "train", base.path, **example.job.environment)
    assert done.code == 1
    assert base.failure in done.output


@pytest.mark.kind("docker")
@pytest.mark.parametrize("words", [[], ["training"], ["retrain"], ["no-such-program"]])
def test_only_the_word_train_trains(
    runner: Runner, base: Base, example: Example, words: list[str]
) -> None:
    base.training(example.job)
    with runner.start(*words, base=base.path, **example.job.environment) as process:
        assert process.wait().code != 0
    assert base.model_files == []
