from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.artifact import Model
from toolkit.csv_tables import format_csv, parse_csv
from toolkit.formats import choose_type, media_type, request_format
from toolkit.invocations import Answer, invoke
from toolkit.tests.examples import IRIS, fitted

ABSENT, PRESENT, JSON = "text/csv; header=absent", "text/csv; header=present", "application/json"
ROW = "Sepal.Width,Petal.Length,Petal.Width,Species\n3.5,1.4,0.2,setosa\n"
FLOWERS = parse_csv(IRIS)


def content(answer: Answer) -> dict[str, Any]:
    assert (answer.status, answer.content_type) == (200, JSON), answer.body
    document: dict[str, Any] = json.loads(answer.body)
    return document


def refusal(answer: Answer) -> tuple[int, str, str]:
    assert answer.content_type == JSON
    error = json.loads(answer.body)["error"]
    return answer.status, error["code"], error["message"]


def test_every_format_has_the_same_answer(lengths: Model) -> None:
    rows = FLOWERS.select(lengths.names)
    body = format_csv(rows.names, rows.columns)  # type: ignore[arg-type]
    instances = [dict(zip(rows.names, row, strict=True)) for row in zip(*rows.columns, strict=True)]
    predictions = content(invoke(lengths, body.encode(), "text/csv"))["predictions"]
    assert len(predictions) == 150
    assert content(invoke(lengths, json.dumps({"instances": instances}).encode(), JSON)) == {
        "predictions": predictions
    }
    lines = invoke(lengths, body.partition("\n")[2].encode(), ABSENT)
    assert lines.content_type == "text/csv"
    assert list(map(float, lines.body.split())) == predictions


def test_classes_are_answered_with_their_probabilities(species: Model) -> None:
    rows = FLOWERS.select(species.names)
    body = format_csv(rows.names, rows.columns).encode()  # type: ignore[arg-type]
    answer = content(invoke(species, body, "text/csv"))
    assert answer["classes"] == ["setosa", "versicolor", "virginica"]
    probabilities = np.array(answer["probabilities"])
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(150))
    likely = [answer["classes"][code] for code in probabilities.argmax(axis=1)]
    assert answer["predictions"] == likely
    assert invoke(species, body, "text/csv", "text/csv").body.decode().splitlines() == likely


def test_probabilities_are_answered_only_where_they_were_asked_for() -> None:
    model = fitted(target="Species")
    body = b"Sepal.Length,Sepal.Width,Petal.Length,Petal.Width\n5,3,1,0\n"
    assert content(invoke(model, body, "text/csv")) == {"predictions": ["setosa"]}


def test_names_of_classes_are_spelled_as_the_format_asks() -> None:
    model = fitted('y,a\n"a ""b"", ä",0\n"a ""b"", ä",1\nz,8\nz,9\n', target="y")
    body = b"a\n0\n9\n"
    assert content(invoke(model, body, "text/csv"))["predictions"] == ['a "b", ä', "z"]
    lines = invoke(model, body, "text/csv", "text/csv").body.decode()
    assert lines == '"a ""b"", ä"\nz\n'


def test_plain_csv_is_as_the_training_data_were() -> None:
    numbers = "1,2,3\n2,3,5\n4,4,9\n"
    absent = fitted("1,2,3\n" + numbers, header=False)
    assert absent.header is False
    with_header = "2,3\n2,3\n3,5\n"
    for body, kind in (("2,3\n3,5\n", "text/csv"), ("2,3\n3,5\n", ABSENT), (with_header, PRESENT)):
        assert len(content(invoke(absent, body.encode(), kind, JSON))["predictions"]) == 2
    assert len(content(invoke(absent, with_header.encode(), "text/csv", JSON))["predictions"]) == 3
    # lines to lines
    assert invoke(absent, b"2,3\n", "text/csv").content_type == "text/csv"


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (ROW.replace("setosa", "rosa"), "text/csv", "row 1, column 'Species': found 'rosa', expec"),
        (ROW.replace("1.4", ""), "text/csv", "row 1, column 'Petal.Length': found nothing, expe"),
        (ROW.replace("Species", "Kind"), "text/csv", "column 'Species' is missing, found: Sepal.W"),
        (
            "3,1,0\n",
            ABSENT,
            "by position, the columns are Sepal.Width, Petal.Length, Petal.Width, ",
        ),
        ("{", JSON, "the body is not JSON: "),
        (b"\xff", "text/csv", "the body is not UTF-8 text"),
        (ROW.replace("3.5", "1e308").replace("1.4", "1e308"), "text/csv", "row 1: the prediction"),
    ],
)
def test_what_a_client_can_mend_is_400(
    lengths: Model, body: str | bytes, content_type: str, message: str
) -> None:
    if "1e308" in str(body):
        steep = lengths.estimator.__class__()
        steep.coef_, steep.intercept_ = np.full(6, 100.0), 0.0
        lengths = replace(lengths, estimator=steep)
    sent = body.encode() if isinstance(body, str) else body
    status, code, said = refusal(invoke(lengths, sent, content_type))
    assert (status, code) == (400, "InvalidInput")
    assert said.startswith(message)


def test_an_empty_body_is_400(lengths: Model) -> None:
    assert refusal(invoke(lengths, b"", "text/csv"))[:2] == (400, "EmptyBody")


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "text/csv; header=maybe"])
def test_another_media_type_is_415(lengths: Model, content_type: str | None) -> None:
    status, code, message = refusal(invoke(lengths, ROW.encode(), content_type))
    assert (status, code) == (415, "UnsupportedMediaType")
    shown = f"'{content_type}'" if content_type else "nothing"
    assert message == (
        f"Content-Type: found {shown}, "
        "expected one of text/csv, text/csv; header=absent, application/json"
    )


def test_an_answer_that_cannot_be_is_406(lengths: Model) -> None:
    assert refusal(invoke(lengths, ROW.encode(), "text/csv", "image/png")) == (
        406,
        "NotAcceptable",
        "Accept: found 'image/png', possible are application/json, text/csv",
    )


@pytest.mark.parametrize("value", ['"\\ud800"', "1" * 401, '{"a": "\\ud800"}'])
@pytest.mark.parametrize("column", ["Sepal.Width", "Species"])
def test_json_that_no_csv_could_have_is_400(lengths: Model, column: str, value: str) -> None:
    instance = {"Sepal.Width": 3.5, "Petal.Length": 1.4, "Petal.Width": 0.2, "Species": "setosa"}
    body = json.dumps({"instances": [{**instance, column: "it"}]}).replace('"it"', value)
    status, code, message = refusal(invoke(lengths, body.encode(), JSON))
    assert (status, code) == (400, "InvalidInput")
    assert message.startswith(f"row 1, column '{column}': found '")


def test_half_a_surrogate_as_a_columns_name_is_400(lengths: Model) -> None:
    status, _, message = refusal(invoke(lengths, b'{"instances": [{"\\ud800": 1}]}', JSON))
    assert status == 400
    assert "column '?' is unknown" in message


def test_a_probability_that_is_no_number_is_400(species: Model) -> None:
    class Certain:
        def predict(self, rows: Any) -> Any:
            return np.zeros(len(rows))

        def predict_proba(self, rows: Any) -> Any:
            return np.array([[1.0, 0.0, 0.0]] + [[np.nan] * 3] * (len(rows) - 1))

    rows = format_csv(species.names, [["5", "5"]] * 4).encode()
    answer = invoke(replace(species, estimator=Certain()), rows, "text/csv; header=present")
    assert refusal(answer) == (400, "InvalidInput", "row 2: a probability is not a finite number")


def test_our_own_error_is_500_and_is_told_to_the_log_alone(
    lengths: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken:
        def predict(self, _: object) -> object:
            raise ValueError("secret")

    answer = invoke(replace(lengths, estimator=Broken()), ROW.encode(), "text/csv")
    assert refusal(answer) == (500, "InternalError", "the model could not score this request")
    assert "ValueError: secret" in capsys.readouterr().err


@given(body=st.binary(max_size=60), content_type=st.sampled_from(["text/csv", ABSENT, JSON]))
def test_no_bytes_are_an_error_of_ours(lengths: Model, body: bytes, content_type: str) -> None:
    assert invoke(lengths, body, content_type).status in {200, 400}


@pytest.mark.parametrize(
    ("header", "form"),
    [
        ("text/csv", "text/csv"),
        ("Text/CSV", "text/csv"),
        ("text/csv; charset=utf-8", "text/csv"),
        ('text/csv ;charset=utf-8; Header="Absent"', ABSENT),
        ("text/csv;header=present", PRESENT),
        ("text/csv; header=maybe", "text/csv; header=maybe"),
        ("application/json; charset=utf-8; header=absent", JSON),
        ("", ""),
    ],
)
def test_a_format_is_the_media_type_and_whether_csv_has_a_header(header: str, form: str) -> None:
    assert request_format(header) == form


def test_a_media_type_is_without_its_parameters() -> None:
    assert media_type(" Application/JSON ; charset=utf-8") == JSON


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", "text/csv"),
        ("text/*", "text/csv"),
        ("image/png, text/csv;q=0.1", "text/csv"),
        ("text/csv;q=0.5, application/json;q=0.4", "text/csv"),
        ("text/csv;q=0.4, application/json", JSON),
        ("text/csv;q=0", None),
        ("text/csv;q=0, */*;q=0.1", JSON),
        ("image/png", None),
        ("text/csv;q=0.5.5", None),
    ],
)
def test_accept_chooses_the_answer(accept: str | None, chosen: str | None) -> None:
    assert choose_type(accept, JSON) == chosen
