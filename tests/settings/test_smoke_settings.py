"""The smoke request is one that the API could send: it has the features, with their types."""

import json

import pytest

from tests.settings.project import WORKLOAD, SettingsProject
from workloads.schema.smoke import row_count

HEADER = "Width,Count,Note,Species"
NAMES = 'the names in [api] features: "Width", "Count", "Note", "Species"'
FORM = 'allowed: {"instances": [{"<feature>": <value>, ...}, ...]}'
INSTANCE = {"Width": 3.5, "Count": 2, "Note": "wild", "Species": "setosa"}

CSV_MISFITS = {
    "a header only": (HEADER, ["found no row; allowed: at least one"]),
    "a misspelt column": (
        "Widht,Count,Note,Species\n3.5,2,wild,setosa",
        [
            f'header: found "Widht"; allowed: {NAMES}; did you mean "Width"?',
            'header: found no "Width"; allowed: every name in [api] features',
        ],
    ),
    "a column twice": (
        f"{HEADER},Width\n3.5,2,wild,setosa,3.5",
        ['header: found "Width" twice; allowed: each feature once'],
    ),
    "a row that is short": (
        f"{HEADER}\n3.5,2,wild,setosa\n3.5,2",
        ["row 2: found 2 cells; allowed: 4"],
    ),
    "cells of other types": (
        f"{HEADER}\nwide,2.5,wild,setsoa",
        [
            'row 1, "Width": found "wide"; allowed: a value of type number',
            'row 1, "Count": found 2.5; allowed: a value of type integer',
            'row 1, "Species": found "setsoa"; allowed: "setosa", "virginica"; '
            'did you mean "setosa"?',
        ],
    ),
    "a number that is infinite": (
        f"{HEADER}\n1e999,2,wild,setosa",
        ['row 1, "Width": found inf; allowed: a value of type number'],
    ),
    "a number that only Python reads": (
        f"{HEADER}\n1_000,2,wild,setosa",
        ['row 1, "Width": found "1_000"; allowed: a value of type number'],
    ),
}
JSON_MISFITS = {
    "JSON of another form": ('{"instance": []}', [f"found other JSON; {FORM}"]),
    "no instance": ('{"instances": []}', [f"found other JSON; {FORM}"]),
    "an instance that is a list": (
        '{"instances": [[1]]}',
        ["instance 1: found a list of 1; allowed: an object of features"],
    ),
    "a feature that is missing": (
        json.dumps({"instances": [{k: v for k, v in INSTANCE.items() if k != "Note"}]}),
        ['instance 1: found no "Note"; allowed: every name in [api] features'],
    ),
    "a feature too many": (
        json.dumps({"instances": [INSTANCE, {**INSTANCE, "Height": 1}]}),
        [f'instance 2: found "Height"; allowed: {NAMES}'],
    ),
    "values of other types": (
        json.dumps({"instances": [{"Width": "3.5", "Count": True, "Note": 1, "Species": "rose"}]}),
        [
            'instance 1, "Width": found "3.5"; allowed: a value of type number',
            'instance 1, "Count": found true; allowed: a value of type integer',
            'instance 1, "Note": found 1; allowed: a value of type string',
            'instance 1, "Species": found "rose"; allowed: "setosa", "virginica"',
        ],
    ),
}


def smoke(content_type: str, body: str) -> str:
    head, _ = WORKLOAD.split("[smoke]")
    return f'{head}[smoke]\ncontent_type = "{content_type}"\nbody = {json.dumps(body)}\n'


def misfits(project: SettingsProject, text: str) -> list[str]:
    project.write("workloads/iris.toml", text)
    return [line.removeprefix("workloads/iris.toml: smoke.body: ") for line in project.problems()]


@pytest.mark.parametrize("case", CSV_MISFITS)
def test_csv_that_does_not_fit_the_features_is_reported(
    project: SettingsProject, case: str
) -> None:
    body, expected = CSV_MISFITS[case]
    assert misfits(project, smoke("text/csv", body)) == expected


@pytest.mark.parametrize("case", JSON_MISFITS)
def test_json_that_does_not_fit_the_features_is_reported(
    project: SettingsProject, case: str
) -> None:
    body, expected = JSON_MISFITS[case]
    assert misfits(project, smoke("application/json", body)) == expected


def test_what_is_no_json_is_reported_with_its_place(project: SettingsProject) -> None:
    (line,) = misfits(project, smoke("application/json", '{"instances": [}'))
    assert line == f"found no JSON (Expecting value: line 1 column 16 (char 15)); {FORM}"


def test_json_of_too_many_levels_is_reported(project: SettingsProject) -> None:
    (line,) = misfits(project, smoke("application/json", "[" * 60_000))
    assert line.startswith("found no JSON (maximum recursion depth exceeded")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/csv", "Species,Note,Count,Width\nvirginica,,-2,+.5e3\n"),
        ("text/csv", f'{HEADER}\n3.5,2,"tall, wild",setosa\r\n3,2,wild,setosa\r\n'),
        ("application/json", json.dumps({"instances": [INSTANCE, {**INSTANCE, "Width": 3}]})),
    ],
)
def test_a_body_of_the_features_is_valid(
    project: SettingsProject, content_type: str, body: str
) -> None:
    assert project.load(smoke(content_type, body)).smoke.body == body


def test_csv_without_a_header_is_in_the_features_order(project: SettingsProject) -> None:
    without = smoke("text/csv", "3.5,2,wild,setosa\n").replace("header = true", "header = false")
    assert misfits(project, without) == []
    swapped = without.replace("3.5,2,wild,setosa", "2,3.5,wild,setosa")
    assert misfits(project, swapped) == [
        'row 1, "Count": found 3.5; allowed: a value of type integer'
    ]


@pytest.mark.parametrize(
    ("body", "header", "rows"),
    [
        (f"{HEADER}\n3.5,2,wild,setosa\n3,2,wild,setosa\n", True, 2),
        (f'{HEADER}\n3.5,2,"tall\nwild",setosa', True, 1),
        ("3.5,2,wild,setosa\r\n3,2,wild,setosa\r\n3,2,,setosa\r\n", False, 3),
    ],
)
def test_the_rows_of_csv_are_counted(
    project: SettingsProject, body: str, header: bool, rows: int
) -> None:
    text = smoke("text/csv", body).replace("header = true", f"header = {str(header).lower()}")
    workload = project.load(text)
    assert row_count(workload.smoke, workload.api) == rows


def test_the_rows_of_json_are_counted(project: SettingsProject) -> None:
    workload = project.load(smoke("application/json", json.dumps({"instances": [INSTANCE] * 3})))
    assert row_count(workload.smoke, workload.api) == 3
