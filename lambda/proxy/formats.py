"""Bodies that are converted: checked against the schema, and what the container takes out.

What a container can be sent at once is limited, and a body may become more than that: it is then
several parts, whose answers are joined.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from json import dumps
from typing import Any, NamedTuple

from proxy.bodies import Batch, Columns, csv_batches, json_batches, line_batches, text_of
from proxy.errors import BodyTooLargeError, InvalidBodyError
from proxy.media import CSV, JSON, LINES
from proxy.problems import Problems, shown
from proxy.schema import Feature, Schema

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
MAX_BYTES = 6_291_456
# https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
MAX_SERVERLESS_BYTES = 4 * 1024 * 1024

_READERS = {CSV: csv_batches, JSON: json_batches, LINES: line_batches}
_HEAD, _FOOT = '{"instances":[', "]}"


class Part(NamedTuple):
    """A body for the container, and how many rows are in it."""

    content: bytes
    rows: int


class _Lines(list[str]):
    """Take the rows of a csv.writer.

    Before Python 3.13 it quotes a carriage return only where that is in its line terminator; so it
    gets one with it, which is taken off again.
    """

    write = list[str].append


def convert(
    body: bytes,
    content_type: str,
    schema: Schema,
    *,
    target: str,
    header: bool,
    most: int | None = MAX_BYTES,
) -> list[Part]:
    """Check a body and give it the format that the container takes (`header` is for CSV).

    Raises InvalidBodyError, and BodyTooLargeError for a row that becomes more than `most` bytes.
    """
    problems = Problems()
    text = text_of(body, problems)
    batches = _READERS[content_type](text, schema, problems)
    if content_type == CSV:
        checked = _checked(batches, schema, problems, Feature.are_plain, Feature.text)
    else:
        checked = _checked(batches, schema, problems, Feature.are_plain_values, Feature.text_of)
    if target == CSV:
        head = "".join(_csv_rows([[name] for name in schema.names])) if header else ""
        rows = [row for columns in checked for row in _csv_rows(columns)]
        between, foot = "", ""
    else:
        head, between, foot = _HEAD, ",", _FOOT
        rows = [row for columns in checked for row in _json_rows(columns, schema)]
    try:
        return list(_parts(rows, head, between, foot, most))
    except UnicodeEncodeError as error:  # JSON can spell one half of a surrogate pair
        raise InvalidBodyError("the body has text that is not Unicode") from error


def _checked(
    batches: Iterable[Batch],
    schema: Schema,
    problems: Problems,
    are_plain: Callable[[Feature, Sequence[Any]], bool],
    read: Callable[[Feature, Any], str],
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
                    phrase = feature.phrase()
                    problems.add(
                        f"{found}, expected {phrase}",
                        expected=phrase,
                        row=row,
                        position=position,
                        column=feature.name,
                        value=cell,
                    )
            checked.append(cells)
        yield checked
        if problems.enough:
            break
    problems.check()


def _csv_rows(columns: Columns) -> list[str]:
    """Write the columns as lines of CSV."""
    lines = _Lines()
    csv.writer(lines, lineterminator="\r\n").writerows(zip(*columns, strict=False))
    return [f"{line[:-2]}\n" for line in lines]


def _json_rows(columns: Columns, schema: Schema) -> list[str]:
    """Write the columns as objects."""
    spelled = map(Feature.json, schema.features, columns)
    names = _spelled(schema)
    return [names % row for row in zip(*spelled, strict=False)]


def _spelled(schema: Schema) -> str:
    """Return the format of a row: each name, and where its value goes."""
    names = (dumps(name, ensure_ascii=False).replace("%", "%%") for name in schema.names)
    return f"{{{','.join(f'{name}:%s' for name in names)}}}"


def _parts(rows: list[str], head: str, between: str, foot: str, most: int | None) -> Iterator[Part]:
    """Join the rows to as few parts as are needed, each of at most so many bytes."""
    whole = f"{head}{between.join(rows)}{foot}".encode()
    if most is None or len(whole) <= most:
        yield Part(whole, len(rows))
        return
    frame = len(f"{head}{foot}".encode())
    part: list[bytes] = []
    size = frame
    for number, row in enumerate(rows, 1):
        content = row.encode()
        if frame + len(content) > most:
            raise BodyTooLargeError(
                f"row {number} has {len(content)} bytes as the container takes it: at most "
                f"{most - frame} can be sent"
            )
        added = len(content) + (len(between) if part else 0)
        if size + added > most:
            yield Part(_joined(part, head, between, foot), len(part))
            part, size, added = [], frame, len(content)
        part.append(content)
        size += added
    yield Part(_joined(part, head, between, foot), len(part))


def _joined(part: list[bytes], head: str, between: str, foot: str) -> bytes:
    return head.encode() + between.encode().join(part) + foot.encode()
