"""A schema with a column of each type, and bodies of it as the container gets them."""

import json
from typing import Any

import pytest

from proxy.errors import InvalidBodyError
from proxy.formats import convert
from proxy.media import CSV, JSON, LINES
from proxy.schema import Feature, Schema

SPECIES = ("setosa", "versicolor", "virginica")
IRIS = Schema(
    (
        Feature("Sepal.Width", "number"),
        Feature("Petals", "integer"),
        Feature("Species", "category", SPECIES),
        Feature("Note", "string"),
    )
)
HEADER = "Sepal.Width,Petals,Species,Note\n"


def converted(body: bytes, content_type: str, schema: Schema, target: str, header: bool) -> str:
    (part,) = convert(body, content_type, schema, target=target, header=header)
    return part.content.decode()


def from_csv(
    text: str | bytes, target: str = CSV, *, header: bool = True, schema: Schema = IRIS
) -> str:
    body = text.encode() if isinstance(text, str) else text
    return converted(body, CSV, schema, target, header)


def from_json(document: object, target: str = CSV, *, header: bool = True) -> str:
    body = document if isinstance(document, str) else json.dumps(document)
    return converted(body.encode(), JSON, IRIS, target, header)


def from_lines(text: str, target: str = CSV) -> str:
    return converted(text.encode(), LINES, IRIS, target, True)


def instance(**changes: object) -> dict[str, object]:
    return {"Sepal.Width": 3.5, "Petals": 5, "Species": "setosa", "Note": "x"} | changes


def problem(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(InvalidBodyError) as caught:
        call(*arguments, **options)
    return str(caught.value)
