"""Lines of CSV and libsvm as numbers; rows and columns are counted from 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix


def numbers(lines: Sequence[str], delimiter: str) -> Any:
    """Return rows and columns of float32, NaN for an empty cell.

    Raises ValueError naming the row and column of what is no number, or of another length.
    """
    rows = [line.split(delimiter) for line in lines]
    for at, row in enumerate(rows, start=1):
        if len(row) != len(rows[0]):
            raise ValueError(f"row {at}: found {len(row)} columns, expected {len(rows[0])}")
    cells = [[cell if cell.strip() else "nan" for cell in row] for row in rows]
    try:
        return np.array(cells).astype(np.float32)
    except ValueError:
        raise ValueError(_not_a_number(cells)) from None


def _not_a_number(rows: Sequence[Sequence[str]]) -> str:
    for at, row in enumerate(rows, start=1):
        for column, cell in enumerate(row, start=1):
            try:
                float(cell)
            except ValueError as error:
                return f"row {at}, column {column}: {error}, expected a number"
    return "found what is no number"


def sparse(lines: Sequence[str], *, labelled: bool) -> tuple[Any, Any, Any]:
    """Return labels, weights (None without any) and sparse features, whose indices are from 0.

    A line is `label index:value …`, or with a weight `label:weight index:value …`. Where it is not
    sure to be `labelled`, its label may be left out, and has no weight. Raises ValueError naming
    the line.
    """
    labels, weights, columns, values, ends = [], [], [], [], [0]
    for at, line in enumerate(lines, start=1):
        cells = line.split()
        try:
            if cells and (labelled or ":" not in cells[0]):
                label, _, weight = cells.pop(0).partition(":")
                labels.append(float(label))
                weights.append(float(weight or "nan"))
            for cell in cells:
                index, _, value = cell.partition(":")
                columns.append(int(index))
                values.append(float(value))
        except ValueError as error:
            raise ValueError(
                f"line {at}: {error}, expected <label> <index>:<value> <index>:<value> ..."
            ) from error
        ends.append(len(columns))
    weighted = None if np.isnan(weights).all() else np.array(weights)
    return np.array(labels), weighted, csr_matrix((values, columns, ends), dtype=np.float32)
