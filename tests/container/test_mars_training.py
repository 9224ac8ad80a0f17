"""The training half of SageMaker's contract, held by the MARS container."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.container.conftest import IRIS, Base
from tests.container.runners import Runner

IRIS_TEXT = IRIS.read_text()


def test_a_job_writes_its_model_and_metrics_and_no_failure(runner: Runner, base: Base) -> None:
    base.give({"target": "Sepal.Length", "degree": "2"}, iris=IRIS_TEXT)
    done = runner.run("train", base.path)
    assert done.code == 0, done.output
    assert not (base.path / "output" / "failure").exists()
    (rmse,) = re.findall(r"^train:rmse=(\S+)$", done.output, re.MULTILINE)
    assert float(rmse) == pytest.approx(0.3015439, abs=5e-8)
    assert re.search(r"^train:gcv=0\.1058", done.output, re.MULTILINE)


def test_metadata_says_what_the_model_takes_and_what_made_it(trained: Path) -> None:
    metadata = json.loads((trained / "model" / "metadata.json").read_text())
    types = {column["name"]: column["type"] for column in metadata["columns"]}
    number = dict.fromkeys(["Sepal.Width", "Petal.Length", "Petal.Width"], "number")
    assert types == {**number, "Species": "category"}
    assert metadata["columns"][-1]["levels"] == ["setosa", "versicolor", "virginica"]
    assert metadata["target"] == "Sepal.Length"
    assert set(metadata["versions"]) == {"R", "mda"}


def test_data_in_several_files_trains_the_same_model(
    runner: Runner, base: Base, trained: Path
) -> None:
    header, *rows = IRIS_TEXT.splitlines(keepends=True)
    halves = {"a": header + "".join(rows[:70]), "b": header + "".join(rows[70:])}
    base.give({"target": "Sepal.Length", "degree": "2"}, **halves)
    assert runner.run("train", base.path).code == 0
    model = Path("model", "model.rds")
    assert (base.path / model).read_bytes() == (trained / model).read_bytes()


@pytest.mark.parametrize(
    ("hyperparameters", "text", "reasons"),
    [
        pytest.param(
            {"degree": "two", "colour": "red"},
            IRIS_TEXT,
            [
                "hyperparameter 'target': found nothing",
                "hyperparameter 'degree': found 'two', allowed: a whole number from 1",
                "hyperparameter 'colour' is unknown, allowed: target, degree,",
            ],
            id="hyperparameters",
        ),
        pytest.param(
            {"target": "Length"},
            IRIS_TEXT,
            ["hyperparameter 'target': found 'Length', allowed: a column of the data (Sepal"],
            id="target",
        ),
        pytest.param(
            {"target": "Species"},
            IRIS_TEXT,
            ["row 1, column 'Species': found 'setosa', expected a number", "and 140 problems more"],
            id="text target",
        ),
        pytest.param(
            {"target": "y"},
            "y,a,b,c\n1,1,7,u\n2,,7,v\nx,3,7,\n",
            [
                "row 3, column 'y': found 'x', expected a number",
                "row 2, column 'a': found nothing, expected a number",
                "row 3, column 'c': found nothing, expected one of u, v",
                "column 'b' is constant: found only '7'",
            ],
            id="cells",
        ),
        pytest.param(
            {"target": "y"},
            "y,a\n1\n",
            ["data.csv: row 1: found 1 fields, expected 2"],
            id="ragged",
        ),
        pytest.param({"target": "y"}, "", ["data.csv: found no text"], id="empty"),
        pytest.param({"target": "y"}, "y,a\n", ["found no rows"], id="no rows"),
    ],
)
def test_a_job_that_fails_says_why_and_leaves_no_model(
    runner: Runner, base: Base, hyperparameters: dict[str, str], text: str, reasons: list[str]
) -> None:
    base.give(hyperparameters, data=text)
    done = runner.run("train", base.path)
    assert done.code == 1
    for reason in reasons:
        assert reason in base.failure
        assert reason in done.output
    assert not (base.path / "model").exists()


def test_a_job_without_data_says_which_channel_it_needs(runner: Runner, base: Base) -> None:
    base.give({"target": "y"}).channel("validation")
    (base.path / "input" / "data" / "train").rmdir()
    assert runner.run("train", base.path).code == 1
    assert "channel 'train' is missing (channels found: validation)" in base.failure


def test_a_validation_channel_is_measured_and_changes_no_model(
    runner: Runner, base: Base, trained: Path
) -> None:
    base.give({"target": "Sepal.Length", "degree": "2"}, iris=IRIS_TEXT)
    base.channel("validation", iris=IRIS_TEXT)
    done = runner.run("train", base.path)
    assert done.code == 0, done.output
    logged = dict(re.findall(r"^(\w+:\w+)=(\S+)$", done.output, re.MULTILINE))
    assert logged["validation:rmse"] == logged["train:rmse"]
    assert set(logged) >= {"validation:mae", "validation:r2"}
    metadata = json.loads((base.path / "model" / "metadata.json").read_text())
    assert metadata["metrics"]["validation"]["r2"] == float(logged["validation:r2"])
    model = Path("model", "model.rds")
    assert (base.path / model).read_bytes() == (trained / model).read_bytes()


def test_a_wrong_validation_channel_fails_the_job(runner: Runner, base: Base) -> None:
    base.give({"target": "Sepal.Length"}, iris=IRIS_TEXT)
    base.channel("validation", iris=IRIS_TEXT.replace("virginica", "rosa"))
    assert runner.run("train", base.path).code == 1
    assert "channel 'validation': row 101, column 'Species': found 'rosa'" in base.failure
    assert not (base.path / "model").exists()


def test_pipes_train_the_same_model_as_files(runner: Runner, base: Base, trained: Path) -> None:
    header, *rows = IRIS_TEXT.splitlines(keepends=True)
    base.give({"target": "Sepal.Length", "degree": "2"})
    base.pipes(train=[header, *rows[:70], header, *rows[70:]], validation=[IRIS_TEXT])
    done = runner.run("train", base.path)
    assert done.code == 0, done.output
    assert re.search(r"^validation:rmse=0\.3015438", done.output, re.MULTILINE)
    model = Path("model", "model.rds")
    assert (base.path / model).read_bytes() == (trained / model).read_bytes()
