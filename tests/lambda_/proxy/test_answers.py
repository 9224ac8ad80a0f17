"""All variants of a workload answer in one form, whatever their containers write."""

import json
from typing import Any

import pytest
from botocore.stub import Stubber
from hypothesis import given
from hypothesis import strategies as st

from proxy.answers import Answer, rendered
from proxy.api import Api
from proxy.errors import UnsupportedAnswerError

from .calls import answer, call
from .conftest import IRIS, Parameters

CSV, JSON = "text/csv", "application/json"
TOLD = {"variant": "mars", "model_version": "Model-1", "request_id": "request-1"}


def as_json(*answers: Answer) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(rendered(JSON, answers, TOLD))
    assert TOLD.items() <= found.items()
    return {name: value for name, value in found.items() if name not in TOLD}


def as_csv(*answers: Answer) -> str:
    return rendered(CSV, answers, TOLD).decode()


@pytest.mark.parametrize(
    ("body", "rows", "predictions"),
    [
        ("1.5,2.5,3", 3, [1.5, 2.5, 3]),
        ("1.5\n2.5\n", 2, [1.5, 2.5]),
        ("1.5\r\n2.5\r\n", 2, [1.5, 2.5]),
        ("12.345678329467773", 1, [12.345678329467773]),
        ("[0.25, 0.75],[0.5, 0.5]", 2, [[0.25, 0.75], [0.5, 0.5]]),
        ("[0.25, 0.75]", 1, [[0.25, 0.75]]),
        ("1,2,3\n4,5,6\n", 2, [[1, 2, 3], [4, 5, 6]]),
        ("1,2,3", 1, [[1, 2, 3]]),
        ("setosa\nvirginica\n", 2, ["setosa", "virginica"]),
        ('"a ""b"", c",1.5\nd,2\n', 2, [['a "b", c', 1.5], ["d", 2]]),
        ("1.5,nan", 2, [1.5, "nan"]),
        ("1,2,3", 2, [[1, 2, 3]]),
        (
            "month,mean\n2020-01,1.5\n2020-02,2.5\n",
            1,
            [["month", "mean"], ["2020-01", 1.5], ["2020-02", 2.5]],
        ),
    ],
)
def test_csv_is_json_for_who_asks_for_it(body: str, rows: int, predictions: list[Any]) -> None:
    for content_type in (f"{CSV}; charset=utf-8", "text/plain"):
        found = as_json(Answer(body.encode(), content_type, rows))
        assert found == {"predictions": predictions}


@pytest.mark.parametrize(
    ("body", "rows", "lines"),
    [
        ("1.5,2.5,3", 3, "1.5\n2.5\n3\n"),
        ("[0.25, 0.75],[0.5, 0.5]", 2, "0.25,0.75\n0.5,0.5\n"),
        ("1.5\n2.5\n", 2, "1.5\n2.5\n"),
        ("1.5", 1, "1.5\n"),
        ("1.50\n", 1, "1.50\n"),
        ("1.50,2.500", 2, "1.50\n2.500\n"),
        ("1,2,3", 1, "1,2,3\n"),
        ("[0.1, 0.2, 0.7]", 1, "0.1,0.2,0.7\n"),
        ("1,2,3", 2, "1,2,3\n"),
        ("setosa\nvirginica\n", 2, "setosa\nvirginica\n"),
    ],
)
def test_csv_has_a_line_for_each_row(body: str, rows: int, lines: str) -> None:
    assert as_csv(Answer(body.encode(), CSV, rows)) == lines


@pytest.mark.parametrize(
    ("document", "lines"),
    [
        ('{"predictions":[1.50,-2e3,null,true]}', '1.50\n-2e3\n""\ntrue\n'),
        ('{"predictions":["a, b",["c",1]]}', '"a, b"\nc,1\n'),
        ('{"predictions":[{"mean":1.50}]}', '"{""mean"":1.50}"\n'),
        ("[1.50, 2]", "1.50\n2\n"),
    ],
)
def test_json_is_csv_for_who_asks_for_it(document: str, lines: str) -> None:
    assert as_csv(Answer(document.encode(), JSON, 1)) == lines


@pytest.mark.parametrize(
    ("document", "members"),
    [
        ('{"predictions": [1], "classes": ["a"]}', {"predictions": [1], "classes": ["a"]}),
        ("[1, 2]", {"predictions": [1, 2]}),
        ('{"score": 1}', {"predictions": [{"score": 1}]}),
        ("1.5", {"predictions": [1.5]}),
        ('{"predictions": [1], "variant": "of its own"}', {"predictions": [1]}),
    ],
)
def test_what_a_model_says_in_json_is_kept(document: str, members: dict[str, Any]) -> None:
    assert as_json(Answer(document.encode(), JSON, 1)) == members


@pytest.mark.parametrize("body", ['{"predictions":[%s]}\n', "[%s]", "%s"])
def test_numbers_keep_the_digits_that_the_model_wrote(body: str) -> None:
    for number in ("0.12345678901234567890", "1.10", "1E-2", "12345678901234567890123"):
        for kind in (JSON, CSV) if body == "%s" else (JSON,):
            found = Answer((body % number).encode(), kind, 1)
            assert f"[{number}]" in rendered(JSON, [found], TOLD).decode()
            assert as_csv(found) == f"{number}\n"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"", CSV), (b" \n", JSON), (b"\xff", CSV), (b"\xff", JSON), (b"{", JSON), (b"[NaN]", JSON)],
)
def test_what_is_neither_text_nor_json_is_no_answer(body: bytes, content_type: str) -> None:
    for asked in (JSON, CSV):
        with pytest.raises(UnsupportedAnswerError):
            rendered(asked, [Answer(body, content_type, 1)], TOLD)


def test_parts_are_joined_row_by_row_and_the_rest_is_told_once() -> None:
    first = b'{"predictions":["a","b"],"classes":["a","b","c"],"probabilities":[[1,0,0],[0,1,0]]}'
    second = b'{"predictions":["c"],"classes":["a","b","c"],"probabilities":[[0,0,1.0]]}'
    assert as_json(Answer(first, JSON, 2), Answer(second, JSON, 1)) == {
        "predictions": ["a", "b", "c"],
        "classes": ["a", "b", "c"],
        "probabilities": [[1, 0, 0], [0, 1, 0], [0, 0, 1.0]],
    }
    other = Answer(b'{"predictions":["c"],"classes":["c"]}', JSON, 1)
    with pytest.raises(UnsupportedAnswerError, match='differ in "classes"'):
        rendered(JSON, [Answer(first, JSON, 2), other], TOLD)


def test_lines_of_parts_are_joined_and_names_are_told_once() -> None:
    assert as_csv(Answer(b"1.5,2.5", CSV, 2), Answer(b"3\n", CSV, 1)) == "1.5\n2.5\n3\n"
    same = Answer(b"1\n", CSV, 1)
    assert as_csv(same, same, same) == "1\n1\n1\n"
    named = [Answer(f"month,mean\nmay,{number}\n".encode(), CSV, 1) for number in (1, 2)]
    assert as_csv(*named) == "month,mean\nmay,1\nmay,2\n"


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(finite, min_size=1), st.data())
def test_any_split_of_numbers_is_joined_to_the_same_answer(
    numbers: list[float], data: st.DataObject
) -> None:
    at = data.draw(st.integers(1, len(numbers)))
    halves = [half for half in (numbers[:at], numbers[at:]) if half]
    writers = {
        JSON: lambda half: json.dumps({"predictions": half}),
        CSV: lambda half: ",".join(map(str, half)),
        "text/csv; charset=utf-8": lambda half: "".join(f"{number}\n" for number in half),
    }
    answers = []
    for half in halves:
        kind = data.draw(st.sampled_from(list(writers)))
        answers.append(Answer(writers[kind](half).encode(), kind, len(half)))
    assert as_json(*answers) == {"predictions": numbers}
    assert [float(line) for line in as_csv(*answers).splitlines()] == numbers


@pytest.mark.parametrize(("header", "head"), [(True, "Sepal.Width,Species\n"), (False, "")])
def test_the_rows_of_a_request_are_counted_without_its_header(
    api: Api, parameters: Parameters, runtime: Stubber, header: bool, head: str
) -> None:
    parameters.hold([{**IRIS, "header": header}])
    sent = f"{head}3.5,setosa\n2.5,setosa\n".encode()
    answer(runtime, b"5.01,4.75", Body=sent, answered=CSV)
    response = call(api, body="Species,Sepal.Width\nsetosa,3.5\nsetosa,2.5\n")
    assert response["headers"]["Content-Type"] == JSON
    assert json.loads(response["body"])["predictions"] == [5.01, 4.75]
