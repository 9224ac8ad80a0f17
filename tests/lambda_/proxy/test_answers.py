"""Two variants of a workload answer in one form, whatever their containers write."""

import json
from typing import Any

import pytest
from botocore.stub import Stubber

from proxy.answers import as_asked
from proxy.api import Api

from .calls import answer, call
from .conftest import IRIS, Parameters

CSV, JSON = "text/csv", "application/json"
TWO = "Species,Sepal.Width\nsetosa,3.5\nsetosa,2.5\n"


@pytest.mark.parametrize(
    ("body", "rows", "predictions"),
    [
        ("1.5,2.5,3", 3, [1.5, 2.5, 3]),
        ("1.5\n2.5\n", 2, [1.5, 2.5]),
        ("12.345678329467773", 1, [12.345678329467773]),
        ("[0.25, 0.75],[0.5, 0.5]", 2, [[0.25, 0.75], [0.5, 0.5]]),
        ("[0.25, 0.75]", 1, [[0.25, 0.75]]),
        ("1,2,3\n4,5,6\n", 2, [[1, 2, 3], [4, 5, 6]]),
        ("1,2,3", 1, [[1, 2, 3]]),
    ],
)
def test_csv_is_json_for_who_asks_for_it(body: str, rows: int, predictions: list[Any]) -> None:
    content, content_type = as_asked(body.encode(), f"{CSV}; charset=utf-8", JSON, rows)
    assert json.loads(content) == {"predictions": predictions}
    assert content_type == JSON


@pytest.mark.parametrize("asked", [CSV, None, "*/*"])
@pytest.mark.parametrize(
    ("body", "rows", "lines"),
    [
        ("1.5,2.5,3", 3, "1.5\n2.5\n3\n"),
        ("[0.25, 0.75],[0.5, 0.5]", 2, "0.25,0.75\n0.5,0.5\n"),
        ("1.5\n2.5\n", 2, "1.5\n2.5\n"),
        ("1.5", 1, "1.5\n"),
        ("1.50\n", 1, "1.50\n"),
        ("1,2,3", 1, "1,2,3\n"),
        ("[0.1, 0.2, 0.7]", 1, "0.1,0.2,0.7\n"),
    ],
)
def test_csv_has_a_line_for_each_row(body: str, rows: int, lines: str, asked: str | None) -> None:
    assert as_asked(body.encode(), CSV, asked, rows) == (lines.encode(), CSV)


@pytest.mark.parametrize("asked", [CSV, JSON, None])
@pytest.mark.parametrize(
    ("body", "content_type", "rows"),
    [
        (b"setosa\nvirginica\n", CSV, 2),
        (b"1.5,nan", CSV, 2),
        (b"1.5,NaN", CSV, 2),
        (b"1,2,3", CSV, 2),
        (b"", CSV, 2),
        (b"\xff,\xff", CSV, 2),
        (b'{"predictions":[1.5]}', JSON, 1),
        (b"1.5,2.5", "text/plain", 2),
    ],
)
def test_what_is_no_list_of_numbers_stays_as_it_is(
    body: bytes, content_type: str, rows: int, asked: str | None
) -> None:
    assert as_asked(body, content_type, asked, rows) == (body, content_type)


@pytest.mark.parametrize(("header", "head"), [(True, "Sepal.Width,Species\n"), (False, "")])
def test_the_rows_of_a_request_are_counted_without_its_header(
    api: Api, parameters: Parameters, runtime: Stubber, header: bool, head: str
) -> None:
    parameters.hold([{**IRIS, "header": header}])
    sent = f"{head}3.5,setosa\n2.5,setosa\n".encode()
    changes: dict[str, Any] = {"Body": sent, "Accept": JSON, "answered": CSV}
    answer(runtime, b"5.01,4.75", **changes)
    response = call(api, body=TWO, Accept=JSON)
    assert response["headers"]["Content-Type"] == JSON
    assert response["body"] == '{"predictions":[5.01,4.75]}'
