"""Bodies that are read: CSV and three forms of JSON to the schema's columns, some rows at a time.

Batches of rows keep a million cells within a second and within little memory. Rows count from 1,
without the header.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, count, islice
from typing import Any, NamedTuple, NoReturn

from proxy.errors import InvalidBodyError
from proxy.problems import MAX_TOLD, Number, Problems, shown
from proxy.schema import Feature, Schema

_BATCH_ROWS = 1_000  # measured: a fourth of the time that all rows at once take
_RECORDS = '{"instances": [{column: value, …}, …]}'
_COLUMNS = '{"columns": {column: [value, …], …}}'
_OBJECT = "an object {column: value, …}"

Columns = list[Sequence[Any]]


class Batch(NamedTuple):
    """Rows that follow each other."""

    first_row: int
    columns: Columns  # in the schema's order; none if the rows do not have them


def text_of(body: bytes, problems: Problems) -> str:
    """Decode a body; raises InvalidBodyError for what is no text, or none at all."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidBodyError(f"the body is not UTF-8: {error.reason}") from error
    if not text.strip():
        problems.add("the body is empty", expected="at least one row")
        problems.check()
    return text


def csv_batches(text: str, schema: Schema, problems: Problems) -> Iterator[Batch]:
    """Read a CSV whose header line names the columns, in any order."""
    # Blank lines at the end are none; anywhere else one is a row that lacks its cells.
    reader = csv.reader(io.StringIO(text.rstrip("\r\n"), newline=""), strict=True)
    try:
        header = next(reader)
        _check_names("the header", header, schema, problems)
        if problems.any:
            return
        order = [header.index(name) if name in header else None for name in schema.names]
        for first_row in count(1, _BATCH_ROWS):
            rows = list(islice(reader, _BATCH_ROWS))
            if not rows:
                if first_row == 1:
                    told = "the body has a header line but no rows"
                    problems.add(told, expected="at least one row")
                return
            numbered = enumerate(rows, first_row)
            ragged = {number: len(row) for number, row in numbered if len(row) != len(header)}
            for number, cells in ragged.items():
                found = f"row {number} has {cells} cells, expected {len(header)}"
                problems.add(found, expected=f"{len(header)} cells", row=number)
            columns = [] if ragged else list(zip(*rows, strict=True))
            none = [""] * len(rows)
            yield Batch(
                first_row,
                [none if at is None else columns[at] for at in order] if columns else [],
            )
    except csv.Error as error:
        problems.add(f"line {reader.line_num}: {error}", expected="CSV as of RFC 4180")


def json_batches(text: str, schema: Schema, problems: Problems) -> Iterator[Batch]:
    """Read records, {"instances": [{column: value, …}, …]}, or {"columns": {column: […], …}}."""
    document = _parsed(text, "the body", problems)
    match document:
        case {"instances": instances} if len(document) == 1:
            if isinstance(instances, list) and instances:
                yield from _record_batches(instances, schema, problems)
            else:
                told = f"instances is {shown(instances)}, expected a list of objects"
                problems.add(told, expected="a list of objects", value=instances)
        case {"columns": columns} if len(document) == 1:
            if isinstance(columns, dict):
                yield from _column_batches(columns, schema, problems)
            else:
                told = f"columns is {shown(columns)}, expected an object of lists"
                problems.add(told, expected="an object of lists", value=columns)
        case _ if not problems.any:
            expected = f"{_RECORDS} or {_COLUMNS}"
            problems.add(f"the body is not {expected}", expected=expected)


def line_batches(text: str, schema: Schema, problems: Problems) -> Iterator[Batch]:
    """Read JSON lines, an object for each row."""
    # not splitlines(): a text of JSON may have what only Unicode takes for the end of a line
    lines = text.rstrip("\r\n").split("\n")
    rows = []
    for number, line in enumerate(lines, 1):
        rows.append(_parsed(line, f"row {number}", problems, row=number))
        if problems.enough:
            break
    if not problems.any:
        yield from _record_batches(rows, schema, problems)


def _record_batches(
    instances: Sequence[Any], schema: Schema, problems: Problems
) -> Iterator[Batch]:
    names = schema.names
    all_names = set(names)
    required = {feature.name for feature in schema.features if feature.required}
    for start in range(0, len(instances), _BATCH_ROWS):
        rows = instances[start : start + _BATCH_ROWS]
        strange = False
        for number, row in enumerate(rows, start + 1):
            if not isinstance(row, dict):
                strange = True
                told = f"row {number} is {shown(row)}, expected an object"
                problems.add(told, expected=_OBJECT, row=number, value=row)
            elif row.keys() != all_names and not required <= row.keys() <= all_names:
                strange = True
                _check_names(f"row {number}", row, schema, problems, row=number)
        columns: Columns = [] if strange else [[row.get(name) for row in rows] for name in names]
        yield Batch(start + 1, columns)


def _column_batches(given: dict[str, Any], schema: Schema, problems: Problems) -> Iterator[Batch]:
    _check_names("the body", given, schema, problems)
    for name, cells in given.items():
        if not isinstance(cells, list) or not cells:
            told = f"column {shown(name)} is {shown(cells)}, expected a list of values"
            problems.add(told, expected="a list of values", column=name, value=cells)
    if not given:
        problems.add("the body has no column", expected="at least one column")
    if problems.any:
        return
    first, *others = given
    rows = len(given[first])
    for name in others:
        if len(given[name]) != rows:
            told = f"column {shown(name)} has {len(given[name])} values, {shown(first)} has {rows}"
            problems.add(told, expected=f"{rows} values", column=name)
    if problems.any:
        return
    columns = [given.get(name) or [None] * rows for name in schema.names]
    for start in range(0, rows, _BATCH_ROWS):
        part: Columns = [column[start : start + _BATCH_ROWS] for column in columns]
        yield Batch(start + 1, part)


def _parsed(text: str, what: str, problems: Problems, row: int = 0) -> Any:
    """Read JSON with its numbers as they are spelled."""
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_reject_constant,
            parse_float=Number,
            parse_int=Number,
        )
    except (ValueError, RecursionError) as error:
        problems.add(f"{what} is not JSON: {error}", expected="JSON", row=row)
        return None


def _check_names(
    what: str, names: Iterable[str], schema: Schema, problems: Problems, row: int = 0
) -> None:
    """Note the columns that are missing, unknown or there twice: of many the first ones."""
    found = Counter(iter(names))  # of a mapping, Counter would take the values for counts
    known: dict[str, Feature] = {feature.name: feature for feature in schema.features}
    missing = (
        (f"lacks the column {shown(name)}", feature.phrase(), name)
        for name, feature in known.items()
        if feature.required and name not in found
    )
    extra = (
        (f"has the unknown column {shown(name)}", "a column of the workload", name)
        for name in found
        if name not in known
    )
    twice = (
        (f"has the column {shown(name)} twice", "each column once", name)
        for name in found
        if found[name] > 1
    )
    for said, expected, name in islice(chain(missing, extra, twice), MAX_TOLD + 1):
        problems.add(f"{what} {said}", expected=expected, row=row, column=name)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        counted = Counter(name for name, _ in pairs)
        raise ValueError(f"an object has {shown(counted.most_common(1)[0][0])} twice")
    return members


def _reject_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
