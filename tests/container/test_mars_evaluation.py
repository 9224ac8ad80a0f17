"""`evaluate`, run as a SageMaker Processing job runs it."""

from __future__ import annotations

import csv
import json
import re
import struct
from pathlib import Path

import pytest

from tests.container.conftest import IRIS, Base
from tests.container.runners import Finished, Runner

HEADER, *ROWS = IRIS.read_text().splitlines(keepends=True)
TRAINED_ON = HEADER + "".join(row for i, row in enumerate(ROWS, 1) if i % 3)
HELD_OUT = HEADER + "".join(ROWS[2::3])
FILES = {"evaluation.json", "predictions.csv", "report.png"}


@pytest.fixture(scope="module")
def model(runner: Runner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model of two thirds of the irises, which measured the other third."""
    base = Base(tmp_path_factory.mktemp("model"))
    base.give({"target": "Sepal.Length", "degree": "2"}, iris=TRAINED_ON)
    done = runner.run("train", base.path)
    assert done.code == 0, done.output
    return base.path / "model"


@pytest.fixture(scope="module")
def evaluated(
    runner: Runner, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Finished]:
    """The folder of an evaluation of that model, and how the job ended."""
    base = Base(tmp_path_factory.mktemp("evaluated"))
    base.evaluation(model, test=HELD_OUT)
    done = runner.run("evaluate", base.path)
    assert done.code == 0, done.output
    assert not (base.path / "output").exists()
    return base.path / "processing" / "evaluation", done


def test_the_metrics_are_those_of_mars_by_hand(
    runner: Runner, evaluated: tuple[Path, Finished]
) -> None:
    folder, done = evaluated
    code = """
        x <- model.matrix(~ ., iris[-1])[, -1]; y <- iris[[1]]; out <- seq(3, 150, 3)
        e <- y[out] - predict(mda::mars(x[-out, ], y[-out], degree = 2), x[out, ])
        r2 <- 1 - sum(e^2) / sum((y[out] - mean(y[out]))^2)
        cat(sprintf('%.15g', c(sqrt(mean(e^2)), mean(abs(e)), r2, max(abs(e)))))
    """
    names = ["rmse", "mae", "r2", "max_error"]
    by_hand = dict(zip(names, map(float, runner.rscript(code).split()), strict=True))
    evaluation = json.loads((folder / "evaluation.json").read_text())
    assert evaluation["metrics"] == pytest.approx(by_hand, rel=1e-13)
    assert evaluation["rows"] == 50
    assert evaluation["target"] == "Sepal.Length"
    logged = dict(re.findall(r"^evaluation:(\w+)=(\S+)$", done.output, re.MULTILINE))
    assert {name: float(value) for name, value in logged.items()} == evaluation["metrics"]


def test_the_predictions_are_beside_the_rows_they_are_for(
    evaluated: tuple[Path, Finished],
) -> None:
    folder, _ = evaluated
    with (folder / "predictions.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == [*HEADER.strip().split(","), "prediction", "error"]
    assert [row[:5] for row in rows] == [row.strip().split(",") for row in ROWS[2::3]]
    errors = [float(row[-1]) for row in rows]
    assert errors == pytest.approx([float(row[-2]) - float(row[0]) for row in rows])
    largest = json.loads((folder / "evaluation.json").read_text())["metrics"]["max_error"]
    assert max(map(abs, errors)) == largest


def test_the_report_is_a_png_of_1600_by_800(evaluated: tuple[Path, Finished]) -> None:
    folder, _ = evaluated
    assert {file.name for file in folder.iterdir()} == FILES
    png = (folder / "report.png").read_bytes()
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", png[16:24]) == (1600, 800)


def test_the_report_shows_the_targets_unit(
    runner: Runner, base: Base, model: Path, evaluated: tuple[Path, Finished]
) -> None:
    base.evaluation(model, test=HELD_OUT)
    assert runner.run("evaluate", base.path, TARGET_UNIT="cm").code == 0
    with_unit = base.path / "processing" / "evaluation" / "report.png"
    assert with_unit.read_bytes() != (evaluated[0] / "report.png").read_bytes()


def test_the_reports_font_is_there(runner: Runner) -> None:
    code = """
        png(tempfile(), type = "cairo", family = "DejaVu Sans"); plot.new()
        cat(strwidth("iiii") < strwidth("oooo")) # without fonts each letter is the same box
    """
    assert runner.rscript(code) == "TRUE"


@pytest.mark.parametrize(
    ("channels", "reason"),
    [
        pytest.param({}, "expected one channel of held-out data", id="none"),
        pytest.param({"a": HELD_OUT, "b": HELD_OUT}, "found: 'a, b'", id="two"),
        pytest.param(
            {"test": HELD_OUT.replace("Sepal.Length", "Length")},
            "channel 'test': column 'Sepal.Length' is missing, found: Length, Sepal.Width",
            id="target",
        ),
        pytest.param(
            {"test": HELD_OUT.replace("setosa", "rosa")},
            "channel 'test': row 1, column 'Species': found 'rosa', expected one of setosa",
            id="cells",
        ),
        pytest.param({"test": HEADER}, "channel 'test': found no row", id="no rows"),
    ],
)
def test_an_evaluation_that_fails_says_why_and_leaves_no_result(
    runner: Runner, base: Base, model: Path, channels: dict[str, str], reason: str
) -> None:
    base.evaluation(model, **channels)
    done = runner.run("evaluate", base.path)
    assert done.code == 1
    assert reason in base.message
    assert reason in done.output
    assert len(base.message.encode()) <= 1024, "ExitMessage holds 1 KB"
    assert not (base.path / "processing" / "evaluation").exists()


def test_an_artifact_without_a_model_is_refused(runner: Runner, base: Base) -> None:
    (base.path / "empty").mkdir(parents=True)
    base.evaluation(base.path / "empty", test=HELD_OUT)
    assert runner.run("evaluate", base.path).code == 1
    assert base.message.startswith("model.tar.gz: no model in ")
    assert "expected model.rds and metadata.json, found: nothing" in base.message
