"""What holds for the settings of every job, not only for the examples."""

import math
from collections.abc import Callable
from typing import Any

import pytest
from botocore.session import get_session
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from workloads.schema import (
    Bound,
    Channel,
    ContinuousRange,
    IntegerRange,
    Metric,
    Objective,
    Training,
    Transform,
    Tuning,
)
from workloads.schema.sagemaker import DAY
from workloads.schema.section import Allowed

numbers = st.floats(allow_nan=False, allow_infinity=False)
ranges = st.dictionaries(
    st.sampled_from("abcdef"),
    st.lists(st.integers(), min_size=1, max_size=30, unique=True),
    min_size=1,
)


def problems(load: Callable[[], object]) -> list[str]:
    """The keys at which there are problems; none when what is loaded is valid."""
    try:
        load()
    except ValidationError as error:
        return [".".join(map(str, detail["loc"])) for detail in error.errors()]
    return []


@given(numbers, numbers, st.sampled_from(["Auto", "Linear", "Logarithmic", "ReverseLogarithmic"]))
def test_a_continuous_range_is_refused_exactly_when_it_cannot_be_searched(
    low: float, high: float, scaling: str
) -> None:
    possible = {
        "Auto": low < high,
        "Linear": low < high,
        "Logarithmic": 0 < low < high,
        "ReverseLogarithmic": 0 <= low < high < 1,
    }
    found = problems(lambda: ContinuousRange(type="continuous", min=low, max=high, scaling=scaling))
    assert (not found) == possible[scaling]
    assert set(found) <= {"min", "max"}


@given(st.integers(-(2**63), 2**63 - 1), st.integers(-(2**63), 2**63 - 1), st.booleans())
def test_an_integer_range_is_refused_exactly_when_it_cannot_be_searched(
    low: int, high: int, logarithmic: bool
) -> None:
    scaling = "Logarithmic" if logarithmic else "Linear"
    found = problems(lambda: IntegerRange(type="integer", min=low, max=high, scaling=scaling))
    assert (not found) == (low < high and (low > 0 or not logarithmic))


@given(ranges)
def test_a_grid_is_refused_exactly_when_it_has_more_combinations_than_aws_allows(
    values: dict[str, list[int]],
) -> None:
    grid = {
        "strategy": "Grid",
        "objective": {"metric": "m", "goal": "Minimize"},
        "ranges": {key: {"type": "categorical", "values": values[key]} for key in values},
    }
    found = problems(lambda: Tuning.model_validate(grid))
    assert found == (["ranges"] if math.prod(map(len, values.values())) > 750 else [])


@given(st.integers(1, DAY), st.integers(1, DAY))
def test_a_spot_wait_is_refused_exactly_when_it_is_shorter_than_the_training(
    runtime: int, wait: int
) -> None:
    found = problems(lambda: Training(spot=True, max_runtime=runtime, max_wait=wait))
    assert found == (["max_wait"] if wait < runtime else [])


@given(st.integers(0, 100), st.integers(1, 100))
def test_payloads_are_refused_exactly_when_they_are_over_100_mb_together(
    payload: int, concurrent: int
) -> None:
    found = problems(
        lambda: Transform(split_type="None", max_payload_mb=payload, max_concurrent=concurrent)
    )
    assert found == (["max_payload_mb"] if payload * concurrent > 100 else [])


@given(st.none() | numbers, st.none() | numbers, st.booleans(), st.none() | st.floats(0, 9))
def test_a_bound_is_refused_exactly_when_it_cannot_be_kept_or_understood(
    low: float | None, high: float | None, serving: bool, tolerance: float | None
) -> None:
    given_ = {"min": low, "max": high, "tolerance": tolerance}
    settings = {key: value for key, value in given_.items() if value is not None}
    found = problems(lambda: Bound(not_worse_than_serving=serving, **settings))
    one, both = (low is None) != (high is None), low is not None and high is not None
    kept = one or (both and not serving and low <= high)  # type: ignore[operator]
    assert (not found) == (kept and (serving or tolerance is None))


@given(st.text(max_size=20))
def test_no_regular_expression_ends_in_another_error(regex: str) -> None:
    assert set(problems(lambda: Metric(name="m", regex=regex))) <= {"regex"}


CHOICES: list[tuple[type[BaseModel], str, str]] = [
    (Channel, "distribution", "S3DataDistribution"),
    (Channel, "input_mode", "TrainingInputMode"),
    (Channel, "compression", "CompressionType"),
    (Channel, "record_wrapper", "RecordWrapper"),
    (Training, "input_mode", "TrainingInputMode"),
    (Tuning, "strategy", "HyperParameterTuningJobStrategyType"),
    (Tuning, "warm_start", "HyperParameterTuningJobWarmStartType"),
    (Objective, "goal", "HyperParameterTuningJobObjectiveType"),
    (ContinuousRange, "scaling", "HyperParameterScalingType"),
    (Transform, "split_type", "SplitType"),
    (Transform, "strategy", "BatchStrategy"),
    (Transform, "assemble_with", "AssemblyType"),
]


def choices(schema: Any) -> set[object]:
    """What an annotated type allows, wherever in it that is said."""
    found = {
        choice
        for mark in getattr(schema, "__metadata__", ())
        if isinstance(mark, Allowed) and mark.choices
        for choice in mark.choices()
    }
    return found.union(*(choices(inner) for inner in getattr(schema, "__args__", ())))


@pytest.mark.parametrize(("table", "key", "shape"), CHOICES)
def test_the_choices_are_sagemakers(table: type[BaseModel], key: str, shape: str) -> None:
    known = get_session().get_service_model("sagemaker").shape_for(shape).metadata["enum"]
    assert choices(table.__annotations__[key]) == set(known)
