"""A 200 is an answer only if its body is what its Content-Type says."""

import pytest

from jobs.smoke_answer import problem_of

ANSWERS: dict[str, tuple[str, bytes, int | None]] = {
    "a line for each row": ("text/csv", b"5.1\n6.2\n", 2),
    "a line for each row, the last without its end": ("text/csv; charset=utf-8", b"5.1\r\n6.2", 2),
    "a line for each row below one of names": ("text/csv", b"fit\n5.1\n6.2\n", 2),
    "several lines for each row, as forecasts are": ("text/csv", b"5.1\n6.2\n7\n8\n", 2),
    "all rows in one line, as XGBoost's": ("text/csv", b"5.1,6.2", 2),
    "a cell of two lines": ("text/csv", b'"a\nb"\n', 1),
    "some line, for rows that are not known": ("text/csv", b"5.1", None),
    "an object": ("application/json", b'{"predictions": [5.1]}', 1),
    "an object without predictions": ("application/json", b'{"fit": [1, 2]}', 1),
    "a list": ("application/json", b"[5.1, [6.2, 7]]", 2),
    "more predictions than rows": ("application/json", b'{"predictions": [1, 2, 3]}', 2),
    "a number": ("Application/JSON; charset=utf-8", b"5.1", 1),
    "a number, for rows that are not known": ("application/json", b"5.1", None),
    "text of another type": ("text/plain", b"5.1\n6.2\n", 2),
    "no type": ("", b"5.1", 2),
}

NONE: dict[str, tuple[str, bytes, int | None, str]] = {
    "nothing": ("text/csv", b"\n", 1, "answered with an empty body of text/csv"),
    "nothing of no type": ("", b"", None, "answered with an empty body of no type"),
    "a page": (
        "application/json",
        b"<html>",
        1,
        "answered application/json that is none (Expecting value: line 1 column 1 (char 0)): "
        "<html>",
    ),
    "a number that JSON does not have": (
        "application/json",
        b'{"predictions": [NaN]}',
        1,
        'answered application/json that is none (NaN is not JSON): {"predictions": [NaN]}',
    ),
    "fewer predictions than rows": (
        "application/json",
        b'{"predictions": [5.1]}',
        2,
        'answered 2 rows with 1 predictions: {"predictions": [5.1]}',
    ),
    "one value for several rows": (
        "application/json",
        b"5.1",
        3,
        "answered 3 rows with 1 predictions: 5.1",
    ),
    "what the API cannot pass on": (
        "application/x-npy",
        b"\x93NUMPY",
        2,
        "answered what is neither text nor JSON ('utf-8' codec can't decode byte 0x93 in position "
        "0: invalid start byte): \ufffdNUMPY",
    ),
    "bytes that are no text": (
        "text/csv",
        b"\xff\n",
        1,
        "answered text/csv that is none ('utf-8' codec can't decode byte 0xff in position 0: "
        "invalid start byte): \ufffd",
    ),
    "fewer lines than rows": (
        "text/csv",
        b"5.1\n\n",
        2,
        "answered 2 rows with 1 lines of CSV: 5.1",
    ),
    "fewer cells than rows": (
        "text/csv",
        b"5.1,6.2",
        3,
        "answered 3 rows with 1 lines of CSV: 5.1,6.2",
    ),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_taken(answer: str) -> None:
    assert problem_of(*ANSWERS[answer]) is None


@pytest.mark.parametrize("answer", NONE)
def test_what_is_no_answer_is_quoted(answer: str) -> None:
    *given, problem = NONE[answer]
    assert problem_of(*given) == problem  # type: ignore[arg-type]


def test_a_long_answer_is_cut() -> None:
    problem = problem_of("application/json", b"x" * 10_000, 1)
    assert problem is not None
    assert problem.endswith("x…")
    assert len(problem) < 400
