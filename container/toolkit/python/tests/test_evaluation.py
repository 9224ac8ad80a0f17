from __future__ import annotations

import csv
import io
import json
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

from toolkit.artifact import Model
from toolkit.csv_tables import parse_csv
from toolkit.drawing import readable
from toolkit.evaluation import evaluate_model, run_evaluation, unique
from toolkit.fitting import fit_model
from toolkit.paths import Paths
from toolkit.problems import UserError
from toolkit.tests.examples import IRIS, evaluated, fitted

HEADER, *LINES = IRIS.splitlines(keepends=True)
HELD_OUT = HEADER + "".join(LINES[::5])


def picture(paths: Paths) -> tuple[int, int]:
    """The width and height of the report, a PNG."""
    content = (paths.evaluation / "report.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def rows(paths: Paths) -> tuple[list[str], list[list[str]]]:
    text = (paths.evaluation / "predictions.csv").read_text()
    names, *cells = csv.reader(io.StringIO(text, newline=""))
    return names, cells


def test_predicted_numbers_are_beside_the_rows_they_are_for(paths: Paths, lengths: Model) -> None:
    evaluate_model(evaluated(paths, lengths, test=HELD_OUT), "cm")
    names, cells = rows(paths)
    assert names == [*HEADER.strip().split(","), "prediction", "error"]
    assert [row[:5] for row in cells] == [line.strip().split(",") for line in LINES[::5]]
    errors = [float(row[6]) for row in cells]
    assert errors == pytest.approx([float(row[5]) - float(row[0]) for row in cells])
    evaluation = json.loads((paths.evaluation / "evaluation.json").read_text())
    assert evaluation["metrics"]["rmse"] == pytest.approx(
        float(np.sqrt(np.mean(np.square(errors))))
    )
    assert (evaluation["rows"], evaluation["target"]) == (30, "Sepal.Length")
    assert picture(paths) == (1600, 800)


def test_predicted_classes_are_beside_their_probabilities(paths: Paths, species: Model) -> None:
    evaluate_model(evaluated(paths, species, test=HELD_OUT), "")
    names, cells = rows(paths)
    classes = ["setosa", "versicolor", "virginica"]
    assert names[5:] == ["prediction", *(f"probability of {name}" for name in classes)]
    for row in cells:
        probabilities = list(map(float, row[6:]))
        assert sum(probabilities) == pytest.approx(1)
        assert row[5] == classes[probabilities.index(max(probabilities))]
    accuracy = np.mean([row[4] == row[5] for row in cells])
    evaluation = json.loads((paths.evaluation / "evaluation.json").read_text())
    assert evaluation["metrics"]["accuracy"] == pytest.approx(accuracy)
    assert set(evaluation["metrics"]) == {"accuracy", "f1_macro", "log_loss"}
    assert picture(paths) == (1600, 800)


def test_a_model_without_a_header_is_evaluated_without_one(paths: Paths) -> None:
    text = "1,2\n1,2\n2,4\n4,8.1\n"
    evaluate_model(evaluated(paths, fitted("1,2\n" + text, header=False), test=text), "")
    names, cells = rows(paths)
    assert (names, len(cells)) == (["1", "2", "prediction", "error"], 4)


MANY = "y,a\n" + "".join(f"class {i % 30:02},{i % 30}\n" for i in range(600))


@pytest.mark.parametrize(
    ("text", "target", "held_out"),
    [
        pytest.param(IRIS, "Sepal.Length", HEADER + LINES[0], id="one row"),
        pytest.param("y,a\n1,1\n2,2\n", "y", "y,a\n5,5\n5,5\n", id="no error at all"),
        pytest.param("y,a\n1e12,1\n3e12,2\n2e12,5\n", "y", "y,a\n1e12,4\n-1e-9,3\n", id="wide"),
        pytest.param(
            "y,a\n" + "".join(f"{i},{i}\n" for i in range(2000)), "y", None, id="many rows"
        ),
        pytest.param(MANY, "y", None, id="many classes"),
        pytest.param("y,a\nx,1\nz,2\n", "y", "y,a\nx,1\n", id="one class held out"),
        pytest.param(f"y,a\n{'x' * 99},1\n{'z' * 99},2\n", "y", None, id="long names"),
        pytest.param(
            "$\\frac$,a\n$x_,1\nü\\,2\n", "$\\frac$", None, id="names that look like formulas"
        ),
    ],
)
def test_any_result_can_be_drawn(
    paths: Paths, text: str, target: str, held_out: str | None
) -> None:
    evaluate_model(evaluated(paths, fitted(text, target=target), test=held_out or text), "")
    assert picture(paths) == (1600, 800)


def test_classes_without_probabilities_can_be_drawn(paths: Paths) -> None:
    settings = {"target": "Species", "probabilities": False}
    model = fit_model(parse_csv(IRIS), settings, lambda *_: RidgeClassifier(), header=True)
    evaluate_model(evaluated(paths, model, test=HELD_OUT), "")
    assert rows(paths)[0][5:] == ["prediction"]
    assert picture(paths) == (1600, 800)


def test_the_same_result_is_the_same_picture(tmp_path: Path, species: Model) -> None:
    both = [evaluated(Paths(tmp_path / name), species, test=HELD_OUT) for name in ("a", "b")]
    for paths in both:
        evaluate_model(paths, "")
    one, other = ((paths.evaluation / "report.png").read_bytes() for paths in both)
    assert one == other


def test_the_targets_unit_is_in_the_picture(tmp_path: Path, lengths: Model) -> None:
    both = [evaluated(Paths(tmp_path / unit), lengths, test=HELD_OUT) for unit in ("cm", "in")]
    for paths, unit in zip(both, ("cm", "in"), strict=True):
        evaluate_model(paths, unit)
    one, other = ((paths.evaluation / "report.png").read_bytes() for paths in both)
    assert one != other


@pytest.mark.parametrize(
    ("channels", "reason"),
    [
        ({}, "expected one channel of held-out data in "),
        ({"a": HELD_OUT, "b": HELD_OUT}, ", found: 'a, b'"),
        ({"test": HEADER}, "channel 'test': found no row, expected at least one"),
        (
            {"test": HELD_OUT.replace("setosa", "rosa")},
            "channel 'test': rows.csv, row 1, column 'Species': found 'rosa', expected one of",
        ),
        ({"test": ""}, "rows.csv: found no text, expected CSV with a header line"),
    ],
)
def test_an_evaluation_that_fails_says_why_and_leaves_no_result(
    paths: Paths, species: Model, channels: dict[str, str], reason: str
) -> None:
    assert run_evaluation(evaluated(paths, species, **channels), "") == 1
    assert reason in paths.message.read_text()
    assert not paths.evaluation.exists()


def test_only_files_at_the_top_of_an_archive_are_unpacked(paths: Paths, species: Model) -> None:
    evaluated(paths, species, test=HELD_OUT)
    with tarfile.open(paths.artifact, "w:gz") as archive:
        archive.add(paths.model, arcname="deep")
        archive.add(paths.model / "metadata.json", arcname="../metadata.json")
    with pytest.raises(UserError) as error:
        evaluate_model(paths, "")
    assert str(error.value).startswith("model.tar.gz: no model in ")
    assert str(error.value).endswith("expected model.pickle and metadata.json, found: nothing")


def test_what_is_no_archive_is_told(paths: Paths, species: Model) -> None:
    evaluated(paths, species, test=HELD_OUT)
    whole = paths.artifact.read_bytes()
    for content in (b"", b"nothing of it", whole[: len(whole) // 2]):
        paths.artifact.write_bytes(content)
        with pytest.raises(UserError, match=r"^model\.tar\.gz: not an archive of a model: "):
            evaluate_model(paths, "")


def test_names_of_columns_are_told_apart() -> None:
    assert unique(["prediction", "error", "prediction", "prediction"]) == [
        "prediction",
        "error",
        "prediction.1",
        "prediction.2",
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.03021, "0.0302"),
        (24321.5, "24,300"),
        (-1.5, "\N{MINUS SIGN}1.5"),
        (1e-9, "1e\N{MINUS SIGN}09"),
        (1.234e12, "1.23e+12"),
    ],
)
def test_numbers_are_written_as_people_do(value: float, text: str) -> None:
    assert readable(value) == text
