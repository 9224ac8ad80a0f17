"""docs/job-requests.md is complete and true, by botocore's shapes and the schema's keys."""

import re
import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Union, get_args, get_origin

import botocore.session
import pytest
from botocore.model import ListShape, Shape, StructureShape

from environments.schema import Environment
from local.cdk_cli import ROOT
from workloads.schema import Workload
from workloads.schema.section import Section

DOCUMENT = (ROOT / "docs" / "job-requests.md").read_text()
OPERATIONS = (
    "CreateTrainingJob",
    "CreateHyperParameterTuningJob",
    "CreateProcessingJob",
    "CreateTransformJob",
)
SAGEMAKER = botocore.session.get_session().get_service_model("sagemaker")


def _rows(title: str) -> list[list[str]]:
    """The cells of each row of a section's table."""
    _, _, section = DOCUMENT.partition(f"\n## {title}\n")
    lines = section.partition("\n## ")[0].splitlines()
    table = [line for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]


def _quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def _listed(operation: str) -> list[str]:
    """The properties of a table, each by its whole path."""
    paths = []
    for first, *_ in _rows(operation):
        head, *others = _quoted(first)
        paths += [head, *(head + other if other.startswith(".") else other for other in others)]
    return paths


def _leaves(shape: Shape, path: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each property that holds a value, with the structures that it is in, outermost first."""
    for name, member in shape.members.items() if isinstance(shape, StructureShape) else ():
        inner, place = member, f"{path}{name}"
        if isinstance(member, ListShape) and isinstance(member.member, StructureShape):
            inner, place = member.member, f"{place}[]"
        if isinstance(inner, StructureShape):
            for leaf, within in _leaves(inner, f"{place}."):
                yield leaf, (inner.name, *within)
        else:
            yield place, ()


def _request(operation: str) -> dict[str, tuple[str, ...]]:
    shape = SAGEMAKER.operation_model(operation).input_shape
    assert shape is not None
    return dict(_leaves(shape))


def _covers(listed: str, leaf: str) -> bool:
    """Whether a row names the property itself or a structure that it is in."""
    return leaf == listed or leaf.startswith((f"{listed}.", f"{listed}[]"))


def _spelled_out() -> set[str]:
    """The structures whose properties are listed one by one in some table."""
    return {
        structure
        for operation in OPERATIONS
        for leaf, within in _request(operation).items()
        if leaf in _listed(operation)
        for structure in within
    }


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_property_of_a_request_is_listed(operation: str) -> None:
    listed, spelled_out = _listed(operation), _spelled_out()
    only_named = [
        path for path in listed if not any(path != it and _covers(path, it) for it in listed)
    ]
    missing = [
        leaf
        for leaf, within in _request(operation).items()
        if leaf not in listed
        and not (
            any(_covers(path, leaf) for path in only_named)
            and any(structure in spelled_out for structure in within)
        )
    ]
    assert missing == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_listed_property_is_unknown_to_botocore_or_listed_twice(operation: str) -> None:
    listed, leaves = _listed(operation), _request(operation)
    assert [path for path in listed if not any(_covers(path, leaf) for leaf in leaves)] == []
    assert sorted(listed) == sorted(set(listed))


def _keys(annotation: Any, path: str) -> Iterator[str]:
    """The keys that a settings file can have at a path; `<>` is a name of the user's own."""
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


def _named_keys() -> set[str]:
    """The keys that the document names, in any table."""
    cells = [row[1] for operation in OPERATIONS for row in _rows(operation)]
    cells += [row[0] for row in _rows("Keys that are in no request")]
    return {re.sub(r"<\w+>", "<>", key) for cell in cells for key in _quoted(cell)}


def test_every_row_says_what_sets_its_properties_or_why_they_are_not_there() -> None:
    for operation in OPERATIONS:
        for properties, set_by, note in _rows(operation):
            assert set_by in ("app", "not sent") or _quoted(set_by), properties
            assert note or _quoted(set_by), f"{properties}: no reason"


def test_every_named_key_is_one_of_the_schema() -> None:
    known = {*_keys(Workload, ""), *_keys(Environment, "")}
    assert _named_keys() - known == set()


def test_every_key_about_jobs_is_named() -> None:
    tables = ("data.", "models.", "evaluation.", "transform.")
    keys = {key for key in _keys(Workload, "") if key.startswith(tables)}
    assert keys - _named_keys() == set()
