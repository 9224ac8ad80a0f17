"""Answers: one form for the client, whichever variant of a workload has answered."""

import json
from typing import Any, NoReturn

from proxy.media import CSV, JSON, MediaType


def as_asked(body: bytes, content_type: str, asked: str | None, rows: int) -> tuple[bytes, str]:
    """Return an answer to so many rows, and its type, as the client asked for them.

    SageMaker's XGBoost answers CSV whatever is asked, with commas between the predictions of
    several rows: `1.5,2.5`, and `[0.25, 0.75]` for one of several numbers. Beside a container that
    writes JSON or a line for each row, a client would have to know which of the two has answered.
    What is not numbers stays as it is.
    """
    if MediaType.parse(content_type).name != CSV:
        return body, content_type
    try:
        predictions = _predictions(body.decode(), rows)
    except ValueError:  # text, or no UTF-8, or not as many
        return body, content_type
    if asked == JSON:
        return json.dumps({"predictions": predictions}, separators=(",", ":")).encode(), JSON
    text = body.rstrip(b"\n")
    if b"\n" in text:  # one for each row already
        return body, content_type
    if rows == 1 and b"[" not in text:  # with its digits as they were written
        return text + b"\n", content_type
    lines = (json.dumps(each).strip("[]").replace(", ", ",") for each in predictions)
    return "".join(f"{line}\n" for line in lines).encode(), content_type


def _predictions(text: str, rows: int) -> list[Any]:
    """Read a prediction for each row, or a list of its numbers; raise ValueError for other text."""
    lines = [
        json.loads(f"[{line}]", parse_constant=_reject) for line in text.rstrip("\n").split("\n")
    ]
    if len(lines) == 1 and len(lines[0]) == rows:
        return list(lines[0])
    if len(lines) == rows:
        return [cells[0] if len(cells) == 1 else cells for cells in lines]
    raise ValueError


def _reject(_constant: str) -> NoReturn:
    raise ValueError  # NaN is no JSON
