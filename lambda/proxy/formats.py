"""Bodies: CSV and JSON in, checked against the schema, and what the container takes out.

A body passes in batches of rows, column by column: that keeps a million cells within a second and
within little memory. Rows count from 1, without the header.
"""

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, count, islice
from typing import Any, NamedTuple, NoReturn

from proxy.errors import BodyTooLargeError, InvalidBodyError
from proxy.media import CSV
from proxy.problems import MAX_TOLD, Problems, shown
from proxy.schema import Feature, Schema

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
_MAX_CONVERTED_BYTES = 6_291_456

_BATCH_ROWS = 1_000  # measured: a fourth of the time that all rows at once take

Columns = list[Sequence[Any]]


class _Lines(list[str]):
    """Take the rows of a csv.writer.

    Before Python 3.13 it quotes a carriage return only where that is in its line terminator; so it
    gets one with it, which is taken off again.
    """

    write = list[str].append


class _Batch(NamedTuple):
    first_row: int
    columns: Columns  # in the schema's order; none if the rows do not have them


def convert(body: bytes, content_type: str, schema: Schema, *, target: str, header: bool) -> bytes:
    """Check a body and give it the format that the container takes (`header` is for CSV).

    Raises InvalidBodyError, and BodyTooLargeError for what becomes more than InvokeEndpoint takes.
    """
    problems = Problems(schema.expected)
    text = _text(body, problems)
    if content_type == CSV:
        batches = _csv_batches(text, schema, problems)
        checked = _checked(batches, schema, problems, Feature.are_plain_texts, Feature.text)
    else:
        batches = _json_batches(text, schema, problems)
        checked = _checked(batches, schema, problems, Feature.are_plain_values, Feature.value)
    written = _csv(checked, schema, header) if target == CSV else _json(checked, schema)
    try:
        converted = written.encode()
    except UnicodeEncodeError as error:  # JSON can spell one half of a surrogate pair
        raise InvalidBodyError("the body has text that is not Unicode", schema.expected) from error
    if len(converted) > _MAX_CONVERTED_BYTES:
        raise BodyTooLargeError(
            f"the body has {len(converted)} bytes as {target}: send fewer rows",
            f"at most {_MAX_CONVERTED_BYTES} bytes as {target}",
        )
    return converted


def _text(body: bytes, problems: Problems) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidBodyError(f"the body is not UTF-8: {error.reason}") from error
    if not text.strip():
        problems.add("the body is empty")
        problems.check()
    return text


def _csv_batches(text: str, schema: Schema, problems: Problems) -> Iterator[_Batch]:
    """Read a CSV whose header line names the columns, in any order."""
    # Blank lines at the end are none; anywhere else one is a row that lacks its cells.
    reader = csv.reader(io.StringIO(text.rstrip("\r\n"), newline=""), strict=True)
    try:
        header = next(reader)
        for problem in _name_problems(header, schema):
            problems.add(f"the header {problem}")
        if problems.any:
            return
        order = [header.index(name) for name in schema.names]
        for first_row in count(1, _BATCH_ROWS):
            rows = list(islice(reader, _BATCH_ROWS))
            if not rows:
                if first_row == 1:
                    problems.add("the body has a header line but no rows")
                return
            numbered = enumerate(rows, first_row)
            ragged = {number: len(row) for number, row in numbered if len(row) != len(header)}
            for number, cells in ragged.items():
                problems.add(f"row {number} has {cells} cells, expected {len(header)}", number)
            columns = [] if ragged else list(zip(*rows, strict=True))
            yield _Batch(first_row, [columns[position] for position in order if columns])
    except csv.Error as error:
        problems.add(f"line {reader.line_num}: {error}")


def _json_batches(text: str, schema: Schema, problems: Problems) -> Iterator[_Batch]:
    """Read {"instances": [{column: value, …}, …]}."""
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_reject_constant)
    except (ValueError, RecursionError) as error:
        problems.add(f"the body is not JSON: {error}")
        return
    if not isinstance(document, dict) or document.keys() != {"instances"}:
        problems.add('the body is not {"instances": [{column: value, …}, …]}')
        return
    instances = document["instances"]
    if not isinstance(instances, list) or not instances:
        problems.add(f"instances is {shown(instances)}, expected a list of objects")
        return
    names = set(schema.names)
    for start in range(0, len(instances), _BATCH_ROWS):
        rows = instances[start : start + _BATCH_ROWS]
        numbered = enumerate(rows, start + 1)
        strange = {
            n: row for n, row in numbered if not isinstance(row, dict) or row.keys() != names
        }
        for number, row in strange.items():
            for problem in _row_problems(row, schema):
                problems.add(f"row {number} {problem}", number)
        order = [] if strange else schema.names
        yield _Batch(start + 1, [[row[name] for row in rows] for name in order])


def _checked(
    batches: Iterable[_Batch],
    schema: Schema,
    problems: Problems,
    are_plain: Callable[[Feature, Sequence[Any]], bool],
    read: Callable[[Feature, Any], object],
) -> Iterator[Columns]:
    """Pass the columns on as they are read; raise InvalidBodyError after the last ones."""
    for first_row, columns in batches:
        checked: Columns = []
        for position, (feature, column) in enumerate(zip(schema.features, columns, strict=False)):
            if are_plain(feature, column):
                checked.append(column)
                continue
            cells = []
            for row, cell in enumerate(column, first_row):
                try:
                    cells.append(read(feature, cell))
                except ValueError:
                    found = f"row {row}, column {shown(feature.name)}: {shown(cell)}"
                    problems.add(f"{found}, expected {feature.phrase()}", row, position)
            checked.append(cells)
        yield checked
        if problems.enough:
            break
    problems.check()


def _csv(batches: Iterable[Columns], schema: Schema, header: bool) -> str:
    """Write the columns as CSV; texts that came as CSV stay as they were spelled."""
    text = io.StringIO()
    head = [[schema.names]] if header else []
    for rows in chain(head, (zip(*columns, strict=False) for columns in batches)):
        lines = _Lines()
        csv.writer(lines, lineterminator="\r\n").writerows(rows)
        text.writelines(f"{line[:-2]}\n" for line in lines)
    return text.getvalue()


def _json(batches: Iterable[Columns], schema: Schema) -> str:
    """Write the columns as {"instances": [{column: value, …}, …]}."""
    names = schema.names
    instances = []
    for columns in batches:
        typed = map(Feature.typed, schema.features, columns)
        instances += [dict(zip(names, row, strict=True)) for row in zip(*typed, strict=False)]
    return json.dumps({"instances": instances}, ensure_ascii=False, separators=(",", ":"))


def _row_problems(row: object, schema: Schema) -> list[str]:
    if isinstance(row, dict):
        return _name_problems(row, schema)
    return [f"is {shown(row)}, expected an object"]


def _name_problems(names: Iterable[str], schema: Schema) -> list[str]:
    found = Counter(iter(names))  # of a mapping, Counter would take the values for counts
    known = dict.fromkeys(schema.names)
    missing = (f"lacks the column {shown(name)}" for name in known if name not in found)
    extra = (f"has the unknown column {shown(name)}" for name in found if name not in known)
    twice = (f"has the column {shown(name)} twice" for name in found if found[name] > 1)
    return list(islice(chain(missing, extra, twice), MAX_TOLD + 1))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        counted = Counter(name for name, _ in pairs)
        raise ValueError(f"an object has {shown(counted.most_common(1)[0][0])} twice")
    return members


def _reject_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
