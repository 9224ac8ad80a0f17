"""docs/job-requests.md is complete and true: by botocore, the settings' keys and the templates."""

import json
import re
import tomllib
import types
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

import botocore.session
import pytest
from aws_cdk import App
from botocore.model import ListShape, Shape, StructureShape

from app import ROOT, build_app
from environments.loading import Settings
from environments.schema import Environment
from tests.stacks.api_requests import resolved
from tests.stacks.conftest import ENVIRONMENT, WORKLOADS
from workloads.schema import Project, Workload
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


def _paths(cell: str) -> list[str]:
    """The properties of a row, each by its whole path."""
    head, *others = _quoted(cell)
    return [head, *(head + other if other.startswith(".") else other for other in others)]


def _listed(operation: str) -> list[str]:
    """The properties of a table."""
    return [path for properties, *_ in _rows(operation) for path in _paths(properties)]


Within = frozenset[tuple[str, str]]
"""The structures that a property is in, each with the property's path from there on."""


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
def _request(operation: str) -> dict[str, Within]:
    shape = SAGEMAKER.operation_model(operation).input_shape
    assert shape is not None
    return dict(_leaves(shape))


def _covers(listed: str, leaf: str) -> bool:
    """Whether a row names the property itself or a structure that it is in."""
    return leaf == listed or leaf.startswith((f"{listed}.", f"{listed}[]"))


def _set_by(operation: str, leaf: str) -> str | None:
    """What is said to set a property, None if nothing is said.

    A structure that is only named here may have its properties listed at another place.
    """
    rows = {path: row[1] for row in _rows(operation) for path in _paths(row[0])}
    if leaf in rows:
        return rows[leaf]
    named = [
        path
        for path in rows
        if _covers(path, leaf) and not any(path != other and _covers(path, other) for other in rows)
    ]
    elsewhere = _spelled_out()
    said = [elsewhere[place] for place in _request(operation)[leaf] if place in elsewhere]
    if not named or not said:
        return None
    return "not sent" if rows[named[0]] == "not sent" else said[0]


@cache
def _spelled_out() -> dict[tuple[str, str], str]:
    """What sets each property of the structures whose properties are listed one by one."""
    return {
        place: row[1]
        for operation in OPERATIONS
        for row in _rows(operation)
        for path in _paths(row[0])
        for place in _request(operation).get(path, ())
    }


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_property_of_a_request_is_listed(operation: str) -> None:
    assert [leaf for leaf in _request(operation) if _set_by(operation, leaf) is None] == []


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


def _everything() -> Workload:
    """A workload with every setting that a training job has for a tuning's jobs as well."""
    document = tomllib.loads((WORKLOADS / "everything.toml").read_text())
    models, metrics = document["models"], document["models"]["tuned"]["training"]["metrics"]
    for name in ("tuned", "spot-trained"):
        models[name]["training"] = {**models["spot-trained"]["training"], "metrics": metrics}
        models[name].pop("channels", None)  # all of them
    del models["tuned"]["training"]["experiment"]  # which a tuning's jobs cannot have
    context = Project(ROOT, ROOT / "workloads" / "everything.toml")
    return Workload.model_validate(document, context=context)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The template of that workload's stack."""
    # a dev host starts no jobs, and needs what its own tests give it
    environment = {key: value for key, value in ENVIRONMENT.items() if key != "dev_host"}
    settings = Settings(Environment.model_validate(environment), (_everything(),))
    outdir = tmp_path_factory.mktemp("cdk.out")
    # the checks of a synth take half a minute, and are what tests/stacks is about
    build_app(App(outdir=str(outdir)), settings, checked=False).synth()
    loaded: dict[str, Any] = json.loads((outdir / "sagestack-everything.template.json").read_text())
    return loaded


def _sends(request: Mapping[str, Any], path: str) -> bool:
    """Whether a request has the property."""
    first, _, rest = path.partition(".")
    found = request.get(first.removesuffix("[]"), [])
    within = found if isinstance(found, list) else [found]
    return any(not rest or _sends(each, rest) for each in within)


# Known only when the job is started: its name, and the tuning from which to start warm.
AT_THE_START = ("JobName", "WarmStartConfig.")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_is_said_to_be_sent_is_sent_and_nothing_else(
    operation: str, template: dict[str, Any]
) -> None:
    requests = [
        resolved(resource["Properties"][f"{operation}Request"])
        for resource in template["Resources"].values()
        if f"{operation}Request" in resource["Properties"]
    ]
    sent = {leaf for leaf in _request(operation) if any(_sends(each, leaf) for each in requests)}
    said = {
        leaf
        for leaf in _request(operation)
        if _set_by(operation, leaf) != "not sent" and not any(part in leaf for part in AT_THE_START)
    }
    assert sent == said
