"""Documents that list every property of SageMaker's requests, with the key that sets it."""

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Annotated, Any, Union, get_args, get_origin

import botocore.session
from botocore.model import ListShape, Shape, StructureShape

from app import ROOT
from environments.schema import Environment
from workloads.schema import Workload
from workloads.schema.section import Section

SAGEMAKER = botocore.session.get_session().get_service_model("sagemaker")
UNSENT = "Keys that are in no request"
"""The section of a document that says what they are for."""
Within = frozenset[tuple[str, str]]
"""The structures that a property is in, each with the property's path from there on."""


@dataclass(frozen=True)
class PropertyTables:
    """A document of docs/, with a section and its table for each of SageMaker's operations."""

    name: str
    operations: tuple[str, ...]

    @cached_property
    def text(self) -> str:
        """The whole document."""
        return (ROOT / "docs" / self.name).read_text()

    def rows(self, title: str) -> list[list[str]]:
        """The cells of each row of a section's table."""
        _, _, section = self.text.partition(f"\n## {title}\n")
        lines = section.partition("\n## ")[0].splitlines()
        table = [line for line in lines if line.startswith("|")]
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]

    def unlisted(self, operation: str) -> list[str]:
        """The properties of a request of which nothing is said."""
        return [leaf for leaf in request(operation) if self.set_by(operation, leaf) is None]

    def unknown(self, operation: str) -> list[str]:
        """The listed properties that botocore does not know, or that are listed twice."""
        listed, leaves = self._listed(operation), request(operation)
        strange = [path for path in listed if not any(covers(path, leaf) for leaf in leaves)]
        return strange + [path for path in set(listed) if listed.count(path) > 1]

    def unexplained(self) -> list[str]:
        """The rows that name no key, and give no reason either."""
        return [
            properties
            for operation in self.operations
            for properties, set_by, note in self.rows(operation)
            if not quoted(set_by) and (set_by not in ("app", "not sent") or not note)
        ]

    def named_keys(self) -> set[str]:
        """The keys that the document names, in any table."""
        cells = [row[1] for operation in self.operations for row in self.rows(operation)]
        cells += [row[0] for row in self.rows(UNSENT)]
        return {re.sub(r"<\w+>", "<>", key) for cell in cells for key in quoted(cell)}

    def said_to_be_sent(self, operation: str) -> set[str]:
        """The properties of a request that a key or the app is said to set."""
        leaves = request(operation)
        return {leaf for leaf in leaves if self.set_by(operation, leaf) != "not sent"}

    def set_by(self, operation: str, leaf: str) -> str | None:
        """What is said to set a property, None if nothing is said.

        A structure that is only named here may have its properties listed at another place.
        """
        rows = {path: row[1] for row in self.rows(operation) for path in _paths(row[0])}
        if leaf in rows:
            return rows[leaf]
        named = [
            path
            for path in rows
            if covers(path, leaf)
            and not any(path != other and covers(path, other) for other in rows)
        ]
        said = [
            self._spelled_out[place]
            for place in request(operation)[leaf]
            if place in self._spelled_out
        ]
        if not named or not said:
            return None
        return "not sent" if rows[named[0]] == "not sent" else said[0]

    def _listed(self, operation: str) -> list[str]:
        return [path for properties, *_ in self.rows(operation) for path in _paths(properties)]

    @cached_property
    def _spelled_out(self) -> dict[tuple[str, str], str]:
        """What sets each property of the structures whose properties are listed one by one."""
        return {
            place: row[1]
            for operation in self.operations
            for row in self.rows(operation)
            for path in _paths(row[0])
            for place in request(operation).get(path, ())
        }


def quoted(cell: str) -> list[str]:
    """What stands in backquotes in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def _paths(cell: str) -> list[str]:
    """The properties of a row, each by its whole path."""
    head, *others = quoted(cell)
    return [head, *(head + other if other.startswith(".") else other for other in others)]


def _leaves(shape: Shape) -> Iterator[tuple[str, Within]]:
    """Each property that holds a value, by its path."""
    for name, member in shape.members.items() if isinstance(shape, StructureShape) else ():
        inner, place = member, name
        if isinstance(member, ListShape) and isinstance(member.member, StructureShape):
            inner, place = member.member, f"{name}[]"
        if isinstance(inner, StructureShape):
            for leaf, within in _leaves(inner):
                yield f"{place}.{leaf}", within | {(inner.name, leaf)}
        else:
            yield place, frozenset()


@cache
def request(operation: str) -> dict[str, Within]:
    """Each property that a request of the operation can have."""
    shape = SAGEMAKER.operation_model(operation).input_shape
    assert shape is not None
    return dict(_leaves(shape))


def covers(listed: str, leaf: str) -> bool:
    """Whether a row names the property itself or a structure that it is in."""
    return leaf == listed or leaf.startswith((f"{listed}.", f"{listed}[]"))


def sends(found: Mapping[str, Any], path: str) -> bool:
    """Whether a request has the property."""
    first, _, rest = path.partition(".")
    member = found.get(first.removesuffix("[]"), [])
    within = member if isinstance(member, list) else [member]
    return any(not rest or sends(each, rest) for each in within)


def known_keys() -> set[str]:
    """The keys that settings files can have; `<>` is a name of the user's own."""
    return {*_keys(Workload, ""), *_keys(Environment, "")}


def keys_below(*tables: str) -> set[str]:
    """The keys of some tables of a workload's file."""
    return {key for key in _keys(Workload, "") if key.startswith(tables)}


def _keys(annotation: Any, path: str) -> Iterator[str]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Section):
        for name, field in annotation.model_fields.items():
            yield from _keys(field.annotation, f"{path}.{name}" if path else name)
    elif origin is Annotated:
        yield from _keys(arguments[0], path)
    elif origin in (Union, types.UnionType):
        for argument in arguments:
            if argument is not types.NoneType:
                yield from _keys(argument, path)
    elif isinstance(origin, type) and issubclass(origin, Mapping | tuple):
        inner = arguments[1] if issubclass(origin, Mapping) else arguments[0]
        within = f"{path}.<>" if issubclass(origin, Mapping) else f"{path}[]"
        below = set(_keys(inner, within))
        yield from {path} if below == {within} else below
    else:
        yield path


JOBS = PropertyTables(
    "job-requests.md",
    (
        "CreateTrainingJob",
        "CreateHyperParameterTuningJob",
        "CreateProcessingJob",
        "CreateTransformJob",
    ),
)
ENDPOINTS = PropertyTables(
    "endpoint-properties.md",
    ("CreateModel", "CreateEndpointConfig", "CreateEndpoint", "UpdateEndpoint"),
)
