"""What a feature of [api] may be beside its type: bounded, left out, described."""

import json

import pytest

from tests.settings.project import WORKLOAD, SettingsProject
from workloads.schema import Feature
from workloads.schema.catalog import Served, entry

WIDTH, COUNT = '{ name = "Width", type = "number" }', '{ name = "Count", type = "integer" }'
NOTE = '{ name = "Note", type = "string" }'
ROW = "3.5,2,wild,setosa"

MISTAKES = {
    "bounds of a text": (
        (NOTE, '{ name = "Note", type = "string", minimum = 1 }'),
        'features[2].minimum: found in a string; allowed: only with type = "number" or "integer"',
    ),
    "a bound of an integer that is none": (
        (COUNT, '{ name = "Count", type = "integer", maximum = 2.5 }'),
        "features[1].maximum: found 2.5; allowed: a whole number, as the feature is an integer",
    ),
    "bounds the wrong way round": (
        (WIDTH, '{ name = "Width", type = "number", minimum = 5, maximum = 4.5 }'),
        "features[0].maximum: found 4.5; allowed: 5 or more, the minimum",
    ),
    "a bound that is infinite": (
        (WIDTH, '{ name = "Width", type = "number", minimum = -inf }'),
        "features[0].minimum: found -inf; allowed: a number",
    ),
    "a bound that is a text": (
        (WIDTH, '{ name = "Width", type = "number", minimum = "0" }'),
        'features[0].minimum: found "0"; allowed: a number',
    ),
    "required in words": (
        (WIDTH, '{ name = "Width", type = "number", required = "no" }'),
        'features[0].required: found "no"; allowed: true, false',
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_reported_by_its_key(project: SettingsProject, mistake: str) -> None:
    change, expected = MISTAKES[mistake]
    assert project.workload_problems(change) == [f"api.{expected}"]


def test_the_catalog_has_what_is_not_usual(project: SettingsProject) -> None:
    more = 'minimum = 0.5, maximum = 9, required = false, description = "in cm" }'
    workload = project.load(WORKLOAD.replace(WIDTH, f"{WIDTH[:-2]}, {more}"))
    assert workload.api.features[0] == Feature(
        name="Width", type="number", minimum=0.5, maximum=9, required=False, description="in cm"
    )
    models = dict.fromkeys(workload.models, Served("Model-1", "s3://bucket/model.tar.gz"))
    width, count, *_ = json.loads(entry(workload, "iris", "", models))["features"]
    assert width == {
        "name": "Width",
        "type": "number",
        "minimum": 0.5,
        "maximum": 9,
        "required": False,
        "description": "in cm",
    }
    assert count == {"name": "Count", "type": "integer"}


@pytest.mark.parametrize(
    ("feature", "bounds", "row", "told"),
    [
        (WIDTH, "minimum = 4", ROW, '"Width": found 3.5; allowed: a value of type number, at'),
        (COUNT, "maximum = 1", ROW, '"Count": found 2; allowed: a value of type integer, at most'),
        (COUNT, "minimum = 0", "3.5,,wild,setosa", '"Count": found ""; allowed'),
    ],
)
def test_the_smoke_request_has_to_be_within_the_bounds(
    *, project: SettingsProject, feature: str, bounds: str, row: str, told: str
) -> None:
    changes = (feature, f"{feature[:-2]}, {bounds} }}"), (ROW, row)
    (found,) = project.workload_problems(*changes)
    assert found.startswith(f"smoke.body: row 1, {told}")


def test_the_smoke_request_may_leave_out_what_is_not_required(project: SettingsProject) -> None:
    optional = f"{COUNT[:-2]}, required = false, minimum = 0 }}"
    workload = WORKLOAD.replace(COUNT, optional).replace(ROW, "3.5,,wild,setosa")
    assert not project.load(workload).api.features[1].required
