"""POST /invocations: a request's bytes in, an answer out. HAProxy has checked path and method."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from toolkit.artifact import Model
from toolkit.csv_tables import Table, as_field, parse_csv, parse_csv_rows
from toolkit.fitting import Predicted, predict_rows
from toolkit.formats import (
    CSV,
    CSV_ABSENT,
    CSV_PRESENT,
    JSON,
    READABLE,
    WRITABLE,
    choose_type,
    decimals,
    request_format,
    usual_type,
)
from toolkit.json_tables import parse_instances
from toolkit.paths import as_text
from toolkit.problems import UserError, quoted


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    content_type: str
    body: bytes


def problem(status: int, code: str, message: str) -> Answer:
    """Answer with what is wrong."""
    error = {"error": {"code": code, "message": message}}
    # half of a surrogate pair, which JSON can name, has no UTF-8
    return Answer(status, JSON, json.dumps(error, ensure_ascii=False).encode(errors="replace"))


_READERS: dict[str, Callable[[str, list[str]], Table]] = {
    CSV_PRESENT: lambda text, _names: parse_csv(text),
    CSV_ABSENT: parse_csv_rows,
    JSON: lambda text, _names: parse_instances(text),
}


def invoke(
    model: Model, body: bytes, content_type: str | None = None, accept: str | None = None
) -> Answer:
    """Answer one request."""
    if not body:
        return problem(400, "EmptyBody", "the body is empty, expected at least one row")
    form = request_format(content_type or "")
    if form == CSV:  # it says nothing of a header: the rows are as those of the training data
        form = CSV_PRESENT if model.header else CSV_ABSENT
    reader = _READERS.get(form)
    if reader is None:
        found, possible = quoted(content_type), ", ".join(READABLE)
        message = f"Content-Type: found {found}, expected one of {possible}"
        return problem(415, "UnsupportedMediaType", message)
    kind = choose_type(accept, usual_type(form))
    if kind is None:
        message = f"Accept: found {quoted(accept)}, possible are {', '.join(WRITABLE)}"
        return problem(406, "NotAcceptable", message)
    try:
        table = reader(as_text(body, "the body"), model.names)
        predicted = predict_rows(model, table)
        write = write_json if kind == JSON else write_csv
        return Answer(200, kind, write(model, predicted).encode())
    except UserError as error:
        return problem(400, "InvalidInput", str(error))
    except Exception:
        print("internal error:", file=sys.stderr)
        traceback.print_exc()
        return problem(500, "InternalError", "the model could not score this request")


def write_json(model: Model, predicted: Predicted) -> str:
    """Write {"predictions": […]}, an item per row.

    Of a classifier these are classes; with the hyperparameter `probabilities` there is a list of
    those for each row as well, in the order of "classes".
    """
    if model.classes is None:
        return f'{{"predictions":[{",".join(_numbers(predicted))}]}}'
    labels = model.json_classes
    predictions = ",".join([labels[position] for position in predicted.values.tolist()])
    if predicted.probabilities is None:
        return f'{{"predictions":[{predictions}]}}'
    _report_first(np.isfinite(predicted.probabilities.sum(axis=1)), "a probability")
    rows = [",".join(decimals(row)) for row in predicted.probabilities.tolist()]
    probabilities = "],[".join(rows)
    return (
        f'{{"predictions":[{predictions}],"classes":[{",".join(labels)}],'
        f'"probabilities":[[{probabilities}]]}}'
    )


def write_csv(model: Model, predicted: Predicted) -> str:
    """Write a line per row: its prediction."""
    if model.classes is None:
        cells = _numbers(predicted)
    else:
        labels = [as_field(name) for name in model.classes]
        cells = [labels[position] for position in predicted.values.tolist()]
    return "\n".join(cells) + "\n"


def _numbers(predicted: Predicted) -> list[str]:
    _report_first(np.isfinite(predicted.values), "the prediction")
    return decimals(predicted.values.tolist())


def _report_first(finite: npt.NDArray[np.bool_], what: str) -> None:
    if not finite.all():
        raise UserError(f"row {finite.argmin() + 1}: {what} is not a finite number")
