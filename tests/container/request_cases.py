"""What can be wrong with a request, derived from a container's example."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.container.job_cases import TEXT
from tests.container.kit import Example
from workloads.schema.api import Feature


@dataclass(frozen=True)
class Refusal:
    """A request that has to be refused, and words that its message must have."""

    id: str
    body: str | bytes
    words: tuple[str, ...] = ()
    content_type: str = "text/csv; header=present"
    status: int = 400


def refusals(example: Example) -> Iterator[Refusal]:
    """Yield requests whose columns, cells or format are wrong."""
    yield from wrong_columns(example)
    for cell in wrong_cells(example):
        rows = [example.rows[0], {**example.rows[0], cell.feature.name: cell.text}]
        words = ("row 2", cell.feature.name, *cell.words)
        yield Refusal(f"CSV: {cell.id}", example.csv(rows), words)
        absent = example.csv(rows, header=False)
        yield Refusal(f"CSV by position: {cell.id}", absent, words, "text/csv; header=absent")
    for feature, value in wrong_values(example):
        good = example.instance(example.rows[0])
        body = json.dumps({"instances": [good, {**good, feature.name: value}]})
        words = ("row 2", feature.name, "expected")
        shown = json.dumps(value)
        yield Refusal(f"JSON: {shown} as {feature.type}", body, words, "application/json")
    yield from wrong_text(example)
    yield from wrong_json(example)


def wrong_columns(example: Example) -> Iterator[Refusal]:
    row, names = example.rows[0], example.names
    first, *rest = names
    good = example.instance(row)
    instances = {
        "a missing column": ({name: good[name] for name in rest}, (first,)),
        "an unknown column": ({**good, TEXT: 1}, (TEXT, first)),
        "a misspelt column": ({TEXT: 1, **{name: good[name] for name in rest}}, (first, TEXT)),
    }
    for what, (instance, words) in instances.items():
        body = json.dumps({"instances": [instance]})
        yield Refusal(f"JSON: {what}", body, words, "application/json")
    twice = json.dumps({"instances": [good]}).replace("[{", f"[{{{json.dumps(first)}: 1, ")
    yield Refusal("JSON: a column twice", twice, ("twice",), "application/json")

    spoilt = {**row, TEXT: "1"}
    tables = {
        "an unknown column": ([*names, TEXT], (TEXT, first)),
        "a misspelt column": ([TEXT, *rest], (first, TEXT)),
        "a column twice": ([*names, first], (first, "twice")),
        **({"a missing column": (rest, (first,))} if rest else {}),
    }
    for what, (columns, words) in tables.items():
        yield Refusal(f"CSV: {what}", example.csv([spoilt], columns), words)
    line = example.csv([row], header=False)
    yield Refusal("CSV: no header", line, (first,))


@dataclass(frozen=True)
class WrongCell:
    id: str
    feature: Feature
    text: str
    words: tuple[str, ...]


def wrong_cells(example: Example) -> Iterator[WrongCell]:
    """Yield cells of CSV that a feature's type has no room for."""
    for feature in example.of_type("number", "integer")[:1]:
        number = "number"
        yield WrongCell(f"text as {feature.type}", feature, TEXT, (TEXT, "expected", number))
        for text in ("NA", "NaN", "1e999", "0x10z", "1 2", "1.5.2", "--1"):
            yield WrongCell(f"{text} as {feature.type}", feature, text, ("expected", number))
    for feature in example.of_type("integer")[:1]:
        yield WrongCell("a fraction as integer", feature, "1.5", ("1.5", "expected", "whole"))
    for feature in example.of_type("category"):
        known = min(feature.values or ())  # of many only the first are listed, in order
        yield WrongCell(f"unseen {feature.name}", feature, TEXT, (TEXT, "expected", known))
    for feature in [f for f in example.features if f.type != "string"]:
        yield WrongCell(f"no {feature.name}", feature, "", ("nothing", "expected"))


def wrong_values(example: Example) -> Iterator[tuple[Feature, object]]:
    """Yield values of JSON that a feature's type has no room for."""
    for type_ in ("number", "integer", "category"):
        for feature in example.of_type(type_)[:1]:
            for value in (None, {"a": 1}, [1, 2], True, TEXT):
                yield feature, value


def wrong_text(example: Example) -> Iterator[Refusal]:
    row = example.rows[0]
    absent = "text/csv; header=absent"
    good = example.csv([row, row], header=False)
    count = str(len(example.names))
    yield Refusal("CSV: a header alone", example.csv([]), ("row",))
    yield Refusal("CSV: only blank lines", "\n\n\n")
    long = good.replace("\n", f",{TEXT}\n")
    yield Refusal("CSV by position: a long row", long, ("row 1", count), absent)
    if len(example.names) > 1:
        short = good.rstrip("\n").rpartition(",")[0]
        yield Refusal("CSV by position: a short row", short, ("row 2", count), absent)
        in_csv = example.csv([row, row]).rstrip("\n").rpartition(",")[0]
        yield Refusal("CSV: a short row", in_csv, ("row 2", count))
    for media_type in ("text/csv", absent, "application/json"):
        for what, body in {"not UTF-8": b"\xff\xfe\xfd", "NUL": b"\0\0\0\0"}.items():
            yield Refusal(f"{what} as {media_type}", body, ("UTF-8",), media_type)


def wrong_json(example: Example) -> Iterator[Refusal]:
    good = example.instance(example.rows[0])
    bodies: Sequence[tuple[str, object]] = [
        ("a list", [good]),
        ("an object without instances", {"rows": [good]}),
        ("no instance", {"instances": []}),
        ("one instance that is no list", {"instances": good}),
        ("text", "instances"),
        ("a number", 1),
        ("null", None),
        ("instances of null", {"instances": None}),
    ]
    for what, body in bodies:
        yield Refusal(f"JSON: {what}", json.dumps(body), ("instances",), "application/json")
    for what, instance in {"a list": [1], "a number": 1, "text": "a", "null": None}.items():
        body = json.dumps({"instances": [good, instance]})
        yield Refusal(f"JSON: {what} as an instance", body, ("row 2",), "application/json")
    for what, text in {
        "no JSON": "{",
        "format directives": "%s%s%s%s%n",
        "half of it": '{"instances": [',
        "CSV": "a,b\n1,2\n",
    }.items():
        yield Refusal(f"JSON: {what}", text, ("JSON",), "application/json")
    # a parser that calls itself for each of them ends by more than an exception
    deep = "[" * 100_000 + "]" * 100_000
    yield Refusal("JSON: too many levels", deep, (), "application/json")
    value = json.dumps({"instances": [{example.names[0]: "deep"}]}).replace('"deep"', deep)
    yield Refusal("JSON: too many levels in a value", value, (), "application/json")
