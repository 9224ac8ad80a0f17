"""The [smoke] request of a workload, sent to every variant after each deploy."""

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field

from workloads.schema.api import Api, Feature, PayloadType
from workloads.schema.section import Allowed, Section, hint, shown

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


class Smoke(Section):
    """A request that every variant must answer with 2xx, or the deploy fails."""

    content_type: PayloadType
    # An update's event carries the old and the new body through Step Functions, which takes 256 KB.
    body: Annotated[
        str, Field(min_length=1, max_length=60_000), Allowed("a request of 1 to 60000 characters")
    ]


def row_count(smoke: Smoke, api: Api) -> int:
    """How many rows the body asks a prediction for; the body is one that fits the API."""
    if smoke.content_type == "text/csv":
        return len(_csv_rows(smoke.body)) - api.header
    return len(json.loads(smoke.body)["instances"])


def misfits(smoke: Smoke, api: Api) -> Iterator[str]:
    """Say where the body is not what the API would send to the container for its features."""
    if smoke.content_type == "text/csv":
        yield from _csv_misfits(smoke.body, api)
    else:
        yield from _json_misfits(smoke.body, api.features)


def _csv_misfits(body: str, api: Api) -> Iterator[str]:
    rows = _csv_rows(body)
    columns = [feature.name for feature in api.features]
    if api.header:
        header = rows.pop(0) if rows else []
        yield from _name_misfits("header", header, columns)
        columns = header
    if not rows:
        yield "found no row; allowed: at least one"
    types = {feature.name: feature.type for feature in api.features}
    for at, row in enumerate(rows, start=1):
        if len(row) != len(columns):
            yield f"row {at}: found {len(row)} cells; allowed: {len(columns)}"
            continue
        cells = zip(columns, row, strict=True)
        values = {column: _value(cell, types.get(column)) for column, cell in cells}
        yield from _value_misfits(f"row {at}", values, api.features)


def _csv_rows(body: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.rstrip("\n"), newline=None)))


def _json_misfits(body: str, features: tuple[Feature, ...]) -> Iterator[str]:
    allowed = 'allowed: {"instances": [{"<feature>": <value>, ...}, ...]}'
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        yield f"found no JSON ({error}); {allowed}"
        return
    match document:
        case {"instances": [_, *_] as instances} if len(document) == 1:
            pass
        case _:
            yield f"found other JSON; {allowed}"
            return
    for at, instance in enumerate(instances, start=1):
        where = f"instance {at}"
        if isinstance(instance, dict):
            yield from _name_misfits(where, list(instance), [feature.name for feature in features])
            yield from _value_misfits(where, instance, features)
        else:
            yield f"{where}: found {shown(instance)}; allowed: an object of features"


def _name_misfits(where: str, found: list[str], features: list[str]) -> Iterator[str]:
    for at, name in enumerate(found):
        if name not in features:
            names = ", ".join(map(shown, features))
            there = f"the names in [api] features: {names}"
            yield f"{where}: found {shown(name)}; allowed: {there}{hint(name, features)}"
        elif name in found[:at]:
            yield f"{where}: found {shown(name)} twice; allowed: each feature once"
    for name in features:
        if name not in found:
            yield f"{where}: found no {shown(name)}; allowed: every name in [api] features"


def _value_misfits(
    where: str, values: Mapping[str, object], features: tuple[Feature, ...]
) -> Iterator[str]:
    for feature in features:
        if feature.name not in values:
            continue
        value = values[feature.name]
        if not feature.required and value in ("", None):
            continue
        if not _fits(value, feature):
            choices = feature.values or ()
            allowed = ", ".join(map(shown, choices)) or f"a value of type {feature.type}"
            found = f"{where}, {shown(feature.name)}: found {shown(value)}"
            yield f"{found}; allowed: {allowed}{_bounds(feature)}{hint(value, choices)}"


def _value(cell: str, type_: str | None) -> object:
    """Read a cell of CSV as JSON would have it, given its feature's type."""
    if type_ in {"number", "integer"} and _INTEGER.fullmatch(cell):
        return int(cell)
    if type_ in {"number", "integer"} and _NUMBER.fullmatch(cell):
        return float(cell)
    return cell


def _bounds(feature: Feature) -> str:
    least = f", at least {feature.minimum}" if feature.minimum is not None else ""
    return least + (f", at most {feature.maximum}" if feature.maximum is not None else "")


def _fits(value: object, feature: Feature) -> bool:
    match feature.type:
        case "number" | "integer":
            if not isinstance(value, int | float) or isinstance(value, bool):
                return False
            if feature.type == "integer" and not isinstance(value, int):
                return False
            low = -math.inf if feature.minimum is None else feature.minimum
            high = math.inf if feature.maximum is None else feature.maximum
            finite = isinstance(value, int) or math.isfinite(value)
            return finite and low <= value <= high
        case "string":
            return isinstance(value, str)
        case "category":
            return value in (feature.values or ())
