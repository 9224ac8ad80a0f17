"""A table that fits the schema reaches the container as the same rows, however it is written."""

import csv
import io
import json
from random import Random
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from proxy.formats import convert
from proxy.media import CSV, JSON, LINES
from proxy.schema import LARGEST, Feature, FeatureType, Schema

Row = dict[str, Any]
NAMES = st.text('abcdefgh é"%,.', min_size=1, max_size=8).map(str.strip).filter(bool)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)
VALUES = st.lists(TEXTS.filter(bool), min_size=1, max_size=4, unique=True)


@st.composite
def features(draw: st.DrawFn, name: str) -> Feature:
    kind = draw(st.sampled_from(get_args(FeatureType)))
    required = draw(st.booleans())
    if kind == "category":
        return Feature(name, kind, tuple(draw(VALUES)), required=required)
    if kind == "string":
        return Feature(name, kind, required=required)
    bounds = sorted(draw(st.lists(st.integers(-1000, 1000), min_size=2, max_size=2)))
    minimum, maximum = bounds if draw(st.booleans()) else (None, None)
    return Feature(name, kind, minimum=minimum, maximum=maximum, required=required)


def values(feature: Feature) -> st.SearchStrategy[Any]:
    low = -LARGEST if feature.minimum is None else feature.minimum
    high = LARGEST if feature.maximum is None else feature.maximum
    found: st.SearchStrategy[Any]
    match feature.type:
        case "number":
            found = st.floats(low, high)
        case "integer":
            found = st.integers(int(low), int(high))
        case "category":
            found = st.sampled_from(feature.values or ())
        case _:
            found = TEXTS
    return found if feature.required else found | st.none()


@st.composite
def tables(draw: st.DrawFn) -> tuple[Schema, list[Row]]:
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    schema = Schema(tuple(draw(features(name)) for name in names))
    row = st.fixed_dictionaries({feature.name: values(feature) for feature in schema.features})
    return schema, draw(st.lists(row, min_size=1, max_size=4))


def reaches(schema: Schema, body: str, content_type: str, target: str) -> bytes:
    (part,) = convert(body.encode(), content_type, schema, target=target, header=True)
    return part.content


def as_csv(rows: list[Row], order: list[str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, order)
    writer.writeheader()
    for row in rows:
        spelled = {
            name: value if value is None or isinstance(value, str) else json.dumps(value)
            for name, value in row.items()
        }
        writer.writerow(spelled)
    return text.getvalue()


@given(tables(), st.randoms(use_true_random=False), st.sampled_from([CSV, JSON]))
def test_records_columns_lines_and_csv_in_any_order_are_the_same_to_the_container(
    table: tuple[Schema, list[Row]], chance: Random, target: str
) -> None:
    schema, rows = table

    def order() -> list[str]:
        return chance.sample(schema.names, len(schema.names))

    def shuffled(row: Row) -> Row:
        kept = [name for name in order() if row[name] is not None or chance.random() < 0.5]
        return {name: row[name] for name in kept}

    columns = {name: [row[name] for row in rows] for name in order()}
    bodies = {
        reaches(schema, json.dumps({"instances": [*map(shuffled, rows)]}), JSON, target),
        reaches(schema, json.dumps({"columns": columns}), JSON, target),
        reaches(schema, "\n".join(json.dumps(shuffled(row)) for row in rows), LINES, target),
        reaches(schema, as_csv(rows, order()), CSV, target),
    }
    (body,) = bodies
    if target == JSON:
        wanted = [
            {name: None if empty(schema, name, value) else value for name, value in row.items()}
            for row in rows
        ]
        assert json.loads(body)["instances"] == wanted


def empty(schema: Schema, name: str, value: object) -> bool:
    """Whether the value is none: CSV cannot tell an empty text from no value at all."""
    (feature,) = (feature for feature in schema.features if feature.name == name)
    return value is None or (value == "" and not feature.required)


@given(tables(), st.sampled_from([CSV, JSON]))
def test_columns_without_any_value_may_be_left_out(
    table: tuple[Schema, list[Row]], target: str
) -> None:
    schema, rows = table
    kept = [
        feature.name
        for feature in schema.features
        if feature.required or any(row[feature.name] is not None for row in rows)
    ]
    if not kept:
        return
    columns = {name: [row[name] for row in rows] for name in kept}
    with_all = reaches(schema, as_csv(rows, schema.names), CSV, target)
    assert reaches(schema, json.dumps({"columns": columns}), JSON, target) == with_all
    few = [{name: row[name] for name in kept} for row in rows]
    assert reaches(schema, as_csv(few, kept), CSV, target) == with_all
