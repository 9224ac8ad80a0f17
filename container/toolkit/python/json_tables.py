"""Rows as JSON."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from toolkit.csv_tables import Cell, Table
from toolkit.problems import UserError, report


def parse_instances(text: str) -> Table:
    """Read {"instances": [{column: value, ...}, ...]}; what an instance leaves out is missing."""
    try:
        body = json.loads(text, object_pairs_hook=_members, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UserError(f"the body is not JSON: {error}") from error
    instances = body.get("instances") if isinstance(body, dict) else None
    if not isinstance(instances, list) or not instances:
        raise UserError(
            'expected {"instances": [{column: value, ...}, ...]} with at least one instance'
        )
    numbered = list(enumerate(instances, 1))
    report(
        [
            f"row {number}: expected an object {{column: value, ...}}"
            for number, row in numbered
            if not (isinstance(row, dict) and row)
        ]
    )
    report(
        [
            f"row {number}: a column is given twice"
            for number, row in numbered
            if isinstance(row, _Repeated)
        ]
    )
    names = list(instances[0])
    known = set(names)
    for row in instances:
        if row.keys() != known:
            new = [name for name in row if name not in known]
            names += new
            known.update(new)
    return Table(names, [[as_cell(row.get(name)) for row in instances] for name in names])


def as_cell(value: object) -> Cell:
    """Make a JSON value a cell: a number stays one, all else becomes the text a CSV would have."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    # true is an int to Python
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return json.dumps(value)
    except RecursionError as error:
        raise UserError("JSON of too many levels") from error


class _Repeated(dict[str, Any]):
    """An object that gives a name more than once."""


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _Repeated(members)


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
