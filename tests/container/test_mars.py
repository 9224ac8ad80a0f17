"""What is MARS's own beside the contract: its numbers equal those of mda::mars, called by hand."""

from __future__ import annotations

import csv
import json
import struct
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.container.base import Base, packed
from tests.container.client import Client
from tests.container.conftest import Trained
from tests.container.kit import ROOT, Channel, Example, Job
from tests.container.runners import Runner, run

pytestmark = pytest.mark.container("mars")

IRIS = (ROOT / "workloads" / "data" / "iris.csv").read_text()
HEADER, *LINES = IRIS.splitlines(keepends=True)
SETTINGS = {"target": "Sepal.Length", "degree": "2"}
EXACT = 1e-12
"""As a part of the number: the linear algebra of another machine may sum in another order."""


def rscript(runner: Runner, code: str) -> list[float]:
    """The numbers that R prints for code with the container's packages."""
    return list(map(float, runner.tool("Rscript", "--vanilla", "-e", code).split()))


def job(text: str, settings: Mapping[str, str] = SETTINGS) -> Job:
    return Job(settings, {"train": Channel({"iris.csv": text})})


def test_its_predictions_are_those_of_mars_by_hand(
    runner: Runner, example: Example, client: Client
) -> None:
    by_hand = rscript(
        runner,
        "x <- model.matrix(~ ., iris[-1])[, -1];"
        "cat(sprintf('%.15g', predict(mda::mars(x, iris[[1]], degree = 2), x)))",
    )
    features = example.table.of(example.names)
    assert (len(by_hand), len(features.rows)) == (150, 150)
    assert client.post(features.text).predictions == pytest.approx(by_hand, rel=EXACT)


def test_its_metrics_are_those_of_mars(trained: Trained) -> None:
    assert trained.metrics == pytest.approx(
        {"rmse": 0.301543884161119, "gcv": 0.105889760710467}, rel=1e-9
    )
    metadata = json.loads((trained.model / "metadata.json").read_text())
    assert (metadata["target"], metadata["rows"], metadata["terms"]) == ("Sepal.Length", 150, 5)
    assert set(metadata["versions"]) == {"R", "mda"}


@pytest.mark.parametrize(
    ("settings", "text", "reasons"),
    [
        pytest.param(
            {"degree": "two"},
            IRIS,
            [
                "hyperparameter 'target': found nothing",
                "hyperparameter 'degree': found 'two', allowed: a whole number from 1",
            ],
            id="hyperparameters",
        ),
        pytest.param(
            {"target": "Species"},
            IRIS,
            ["row 1, column 'Species': found 'setosa', expected a number", "and 140 problems more"],
            id="a text as target",
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
    ],
)
def test_every_problem_is_told_at_once(
    runner: Runner, base: Base, settings: dict[str, str], text: str, reasons: list[str]
) -> None:
    base.training(job(text, settings))
    assert run(runner, "train", base.path).code == 1
    for each in reasons:
        assert each in base.failure


@pytest.fixture(scope="module")
def held_out_model(runner: Runner, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model of two thirds of the irises."""
    base = Base(tmp_path_factory.mktemp("held-out") / "ml")
    base.training(job(HEADER + "".join(line for at, line in enumerate(LINES, 1) if at % 3)))
    done = run(runner, "train", base.path)
    assert done.code == 0, done.output
    return base.path / "model"


HELD_OUT = {"test": Channel({"iris.csv": HEADER + "".join(LINES[2::3])})}


def test_its_evaluation_is_that_of_mars_by_hand(
    runner: Runner, base: Base, held_out_model: Path
) -> None:
    base.evaluation(packed(held_out_model), HELD_OUT)
    done = run(runner, "evaluate", base.path)
    assert done.code == 0, done.output
    code = """
        x <- model.matrix(~ ., iris[-1])[, -1]; y <- iris[[1]]; out <- seq(3, 150, 3)
        e <- y[out] - predict(mda::mars(x[-out, ], y[-out], degree = 2), x[out, ])
        r2 <- 1 - sum(e^2) / sum((y[out] - mean(y[out]))^2)
        cat(sprintf('%.15g', c(sqrt(mean(e^2)), mean(abs(e)), r2, max(abs(e)))))
    """
    names = ["rmse", "mae", "r2", "max_error"]
    by_hand = dict(zip(names, rscript(runner, code), strict=True))
    evaluation = json.loads((base.evaluation_folder / "evaluation.json").read_text())
    assert evaluation["metrics"] == pytest.approx(by_hand, rel=EXACT)
    assert (evaluation["rows"], evaluation["target"]) == (50, "Sepal.Length")


def test_its_predictions_of_held_out_rows_are_beside_them(
    runner: Runner, base: Base, held_out_model: Path
) -> None:
    base.evaluation(packed(held_out_model), HELD_OUT)
    assert run(runner, "evaluate", base.path).code == 0
    with (base.evaluation_folder / "predictions.csv").open(newline="") as file:
        header, *rows = csv.reader(file)
    assert header == [*HEADER.strip().split(","), "prediction", "error"]
    assert [row[:5] for row in rows] == [line.strip().split(",") for line in LINES[2::3]]
    errors = [float(row[-1]) for row in rows]
    assert errors == pytest.approx([float(row[-2]) - float(row[0]) for row in rows])


def test_its_report_is_1600_by_800_and_shows_the_targets_unit(
    runner: Runner, base: Base, held_out_model: Path
) -> None:
    reports = []
    for unit in ("", "cm"):
        each = Base(base.path / f"in-{unit}").evaluation(packed(held_out_model), HELD_OUT)
        assert run(runner, "evaluate", each.path, TARGET_UNIT=unit).code == 0
        reports.append((each.evaluation_folder / "report.png").read_bytes())
    assert [struct.unpack(">II", png[16:24]) for png in reports] == [(1600, 800)] * 2
    assert reports[0] != reports[1]


def test_the_reports_font_is_there(runner: Runner) -> None:
    code = """
        png(tempfile(), type = "cairo", family = "DejaVu Sans"); plot.new()
        cat(strwidth("iiii") < strwidth("oooo")) # without fonts each letter is the same box
    """
    assert runner.tool("Rscript", "--vanilla", "-e", code) == "TRUE"
