"""Whether what came back for the smoke payload is an answer of the API's: a 200 may hold anything.

The API's schema of an answer (lambda/proxy/openapi_schemas.py) is a list, `predictions`, with one
for each row, which lambda/proxy/answers.py makes of what the containers write.
"""

import csv
import io
import json
from collections.abc import Callable
from typing import NoReturn

_QUOTED = 300  # characters of an answer, in a reason that has room for 2,800 bytes


def problem_of(content_type: str, body: bytes, rows: int | None) -> str | None:
    """Say what is wrong with an answer, in words that follow "it"; None when it is right.

    JSON has to parse, with at least one prediction for each of the `rows` of the payload (some
    models answer a row with several): those of its `predictions`, or itself. CSV has a line for
    each, or all of them in one line, as SageMaker's own XGBoost does. None for `rows` that are not
    known. Anything else has to be text, as the API passes on nothing else.
    """
    if not body.strip():
        return f"answered with an empty body of {content_type or 'no type'}"
    check = _CHECKS.get(content_type.partition(";")[0].strip().lower(), _text_problem)
    wrong = check(body, rows)
    return f"{wrong}: {_quote(body)}" if wrong else None


def _json_problem(body: bytes, rows: int | None) -> str | None:
    try:
        found = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        return f"answered application/json that is none ({error})"
    if isinstance(found, dict) and isinstance(found.get("predictions"), list):
        found = found["predictions"]
    predictions = len(found) if isinstance(found, list) else 1
    if rows is None or predictions >= rows:
        return None
    return f"answered {rows} rows with {predictions} predictions"


def _refuse(constant: str) -> NoReturn:
    # Python reads NaN and Infinity, which no other JSON parser takes
    raise ValueError(f"{constant} is not JSON")


def _csv_problem(body: bytes, rows: int | None) -> str | None:
    try:
        lines = [line for line in csv.reader(io.StringIO(body.decode(), newline="")) if line]
    except (UnicodeDecodeError, csv.Error) as error:
        return f"answered text/csv that is none ({error})"
    if rows is None or len(lines) >= rows or (len(lines) == 1 and len(lines[0]) == rows):
        return None
    return f"answered {rows} rows with {len(lines)} lines of CSV"


def _text_problem(body: bytes, rows: int | None) -> str | None:  # noqa: ARG001 - as the others
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return f"answered what is neither text nor JSON ({error})"
    return None


_CHECKS: dict[str, Callable[[bytes, int | None], str | None]] = {
    "application/json": _json_problem,
    "text/csv": _csv_problem,
}


def _quote(body: bytes) -> str:
    text = body.decode(errors="replace").strip()
    return text if len(text) <= _QUOTED else text[: _QUOTED - 1] + "…"
