"""Every container's programs on a read-only file system, as a user who is not root.

They may write to SageMaker's base folder and to the temporary folder alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.container.base import Base, packed
from tests.container.client import agree, healthy
from tests.container.conftest import Trained
from tests.container.kit import Example
from tests.container.runners import Runner, run


@pytest.fixture(scope="module")
def confined(runner: Runner) -> Iterator[Runner]:
    with runner.confined() as confined:
        yield confined


@pytest.fixture
def base() -> Iterator[Base]:
    """A base folder outside of pytest's, which only their owner may enter."""
    with tempfile.TemporaryDirectory(prefix="sagestack-confined-") as folder:
        Path(folder).chmod(0o755)
        yield Base(Path(folder) / "ml")


def test_it_trains_and_serves(
    confined: Runner, base: Base, example: Example, trained: Trained, answers: list[Any]
) -> None:
    base.training(example.job).open_to_all()
    done = run(confined, "train", base.path, **example.job.environment)
    assert Trained(base, done).repeats(trained)
    with healthy(confined, base.path) as (server, client):
        answer = client.post(example.json(example.rows), "application/json")
        server.terminate()
        assert server.wait().code == 0
    assert agree(answer.predictions, answers)


def test_a_failure_has_its_reason(confined: Runner, base: Base, example: Example) -> None:
    base.training(example.job.with_train("")).open_to_all()
    done = run(confined, "train", base.path, **example.job.environment)
    assert done.code == 1
    assert "data.csv" in base.failure


@pytest.mark.program("evaluate")
def test_it_evaluates(confined: Runner, base: Base, example: Example, trained: Trained) -> None:
    base.evaluation(packed(trained.model), {"test": example.held_out}).open_to_all()
    done = run(confined, "evaluate", base.path, **example.evaluation_environment)
    assert done.code == 0, done.output
    assert (base.evaluation_folder / "report.png").is_file()
