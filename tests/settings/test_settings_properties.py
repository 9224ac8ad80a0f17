"""What holds for every settings file, not only for the examples."""

import string
import tomllib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.settings.project import JOBS, WORKLOAD, SettingsProject, toml
from workloads.schema.hyperparameters import as_hyperparameter

quick = settings(max_examples=25)
names = st.from_regex(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,9}", fullmatch=True)
scalars = st.one_of(
    st.booleans(),
    st.integers(min_value=-(2**63), max_value=2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
)
features: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(dict, type=st.sampled_from(["number", "integer", "string"])),
    st.builds(
        dict, type=st.just("category"), values=st.lists(names, min_size=1, max_size=3, unique=True)
    ),
)


@st.composite
def workloads(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a valid workload of any models, variants and features."""
    models = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    variants = draw(st.lists(names, min_size=len(models), max_size=5, unique=True))
    columns = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    api = [{"name": name, **draw(features)} for name in columns]
    cells = {"number": "1.5", "integer": "2", "string": "x"}
    row = [cells.get(feature["type"]) or feature["values"][0] for feature in api]
    return {
        "name": "iris",
        "description": draw(st.text(string.printable[:95], min_size=1, max_size=50)),
        "data": {"train": {"path": "data/iris.csv"}},
        "models": {
            model: {
                "image": {"container": "mars"},
                "hyperparameters": draw(
                    st.dictionaries(st.text(min_size=1, max_size=9), scalars, max_size=3)
                ),
                "channels": ["train"],
                "training": {"max_runtime": draw(st.integers(1, 86400))},
            }
            for model in models
        },
        "variants": [
            {"name": name, "model": models[at % len(models)], "weight": draw(st.floats(0.01, 9))}
            for at, name in enumerate(variants)
        ],
        "api": {"content_type": "text/csv", "header": True, "features": api},
        "smoke": {
            "content_type": "text/csv",
            "body": f"{','.join(columns)}\n{','.join(row)}\n",
        },
    }


@quick
@given(workloads())
def test_every_valid_workload_loads_as_it_was_written(document: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        workload = SettingsProject(Path(folder)).load(toml(document))
    loaded = workload.model_dump(mode="json", exclude_unset=True)
    loaded["data"]["train"]["path"] = "data/iris.csv"
    for model in document["models"].values():
        parameters = model["hyperparameters"]
        model["hyperparameters"] = {key: as_hyperparameter(parameters[key]) for key in parameters}
    assert loaded == document


NAMES = (
    *("data", "models", "models.mars.hyperparameters", "models.mars.tuning.ranges"),
    "evaluation.gate",
)
"""The tables whose keys are the user's."""


def tables(value: Any, key: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every table whose keys are the schema's, with the key under which it is."""
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield from tables(item, f"{key}[{at}]")
    elif isinstance(value, dict):
        if key not in NAMES:
            yield key, value
        for name, item in value.items():
            yield from tables(item, f"{key}.{name}" if key else name)


TABLES = [(text, key) for text in (WORKLOAD, JOBS) for key, _ in tables(tomllib.loads(text))]


@quick
@given(st.sampled_from(TABLES), st.data())
def test_every_misspelt_key_is_reported_by_its_file_and_place(
    place: tuple[str, str], data: st.DataObject
) -> None:
    text, key = place
    document = tomllib.loads(text)
    table = dict(tables(document))[key]
    old = data.draw(st.sampled_from(sorted(table)))
    new = data.draw(st.text(string.ascii_lowercase, min_size=1)) + "_"
    table[new] = table.pop(old)
    misspelt = f"{key}.{new}" if key else new
    with TemporaryDirectory() as folder:
        project = SettingsProject(Path(folder))
        project.write("workloads/iris.toml", toml(document))
        problems = project.problems()
    assert any(
        line.startswith(f"workloads/iris.toml: {misspelt}: unknown key; allowed: ")
        for line in problems
    )


@given(scalars)
def test_a_hyperparameter_keeps_its_value_as_a_string(value: bool | int | float | str) -> None:
    text = as_hyperparameter(value)
    assert isinstance(text, str)
    if isinstance(value, bool):
        assert text == ("true" if value else "false")
    else:
        assert type(value)(text) == value


@quick
@given(
    st.recursive(
        st.one_of(scalars, st.just(float("nan")), st.integers()),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=4,
    ),
    st.sampled_from(
        [
            (text, key, name)
            for text in (WORKLOAD, JOBS)
            for key, table in tables(tomllib.loads(text))
            for name in table
        ]
    ),
)
def test_no_value_whatever_ends_in_another_error(value: Any, place: tuple[str, str, str]) -> None:
    text, key, name = place
    document = tomllib.loads(text)
    dict(tables(document))[key][name] = value
    with TemporaryDirectory() as folder:
        project = SettingsProject(Path(folder))
        project.write("workloads/iris.toml", toml(document))
        problems = project.problems()
    for line in problems:
        assert line.startswith("workloads/iris.toml: ")
        assert "; allowed: " in line
        assert "\n" not in line
