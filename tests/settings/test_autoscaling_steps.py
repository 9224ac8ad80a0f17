"""Steps of [variants.autoscaling] that fit each other."""

from typing import Any

import pytest
from pydantic import ValidationError

from workloads.schema.autoscaling import Autoscaling


def steps(*pairs: tuple[float, int]) -> dict[str, Any]:
    return {"max_capacity": 4, "steps": [{"above": above, "add": add} for above, add in pairs]}


@pytest.mark.parametrize(
    "pairs",
    [
        [(100, 1)],
        [(0, -1), (50, 0), (100, 1), (500, 3)],
        [(100, 1), (0, -1), (50, 0)],  # in any order
        [(0, -2), (20, -1), (100, 1)],
    ],
)
def test_steps_rise_with_the_load(pairs: list[tuple[float, int]]) -> None:
    assert Autoscaling.model_validate(steps(*pairs)).policy == "steps"


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([(0, 1), (100, -1)], "found add 1, -1; allowed: add that rises with above"),
        ([(50, -1), (100, 1)], "found add 0, -1, 1; allowed: add that rises with above"),
        ([(0, -1), (50, 0)], "found no add above 0; allowed: at least one"),
    ],
)
def test_steps_that_scale_in_under_load_or_never_out_are_refused(
    pairs: list[tuple[float, int]], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        Autoscaling.model_validate(steps(*pairs))
