"""The ranges that a tuning job searches: ParameterRanges of the request, checked and typed."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from local.sagemaker.errors import invalid, not_supported
from local.sagemaker.records import Record

MAX_RANGES = 30
"""Ranges of one tuning job, of all types together (the documentation of ParameterRanges)."""
ORDERS_APART = 100
"""From this ratio of its ends on, a range is searched logarithmically where ScalingType is Auto.

SageMaker says no more than that it chooses the best scale, and advises Linear within one order of
magnitude and Logarithmic for several.
"""
MAX_INTEGER = 2**31 - 1
"""R's largest integer; the optimizer, which computes with doubles, is exact well beyond it."""

N = TypeVar("N", int, float)


@dataclass(frozen=True)
class Integer:
    """Whole numbers from `low` to `high`."""

    name: str
    low: int
    high: int
    scaling: str

    @property
    def count(self) -> float:
        """How many values there are."""
        return self.high - self.low + 1

    def read(self, text: str) -> int:
        """Return a hyperparameter as the optimizer has it. Raises ValueError if it is outside."""
        return _within(int(text), self.low, self.high)

    def text(self, value: int) -> str:
        """Return what the optimizer has as the hyperparameter that the container gets."""
        return str(value)


@dataclass(frozen=True)
class Continuous:
    """Numbers from `low` to `high`."""

    name: str
    low: float
    high: float
    scaling: str

    @property
    def mirrored(self) -> bool:
        """Whether the optimizer has 1 - x for x: a logarithmic scale, dense at 1."""
        return self.scaling == "ReverseLogarithmic"

    @property
    def count(self) -> float:
        """How many values there are."""
        return math.inf

    def read(self, text: str) -> float:
        """Return a hyperparameter as the optimizer has it. Raises ValueError if it is outside."""
        value = _within(float(text), self.low, self.high)
        return 1 - value if self.mirrored else value

    def text(self, value: float) -> str:
        """Return what the optimizer has as the hyperparameter that the container gets."""
        exact = 1 - value if self.mirrored else value
        return repr(min(max(exact, self.low), self.high))


@dataclass(frozen=True)
class Categorical:
    """One of `values`."""

    name: str
    values: tuple[str, ...]

    @property
    def count(self) -> float:
        """How many values there are."""
        return len(self.values)

    def read(self, text: str) -> str:
        """Return a hyperparameter as the optimizer has it. Raises ValueError if it is no value."""
        if text not in self.values:
            raise ValueError(text)
        return text

    def text(self, value: str) -> str:
        """Return what the optimizer has as the hyperparameter that the container gets."""
        return value


Range = Integer | Continuous | Categorical


def parameter_ranges(config: Record) -> list[Range]:
    """Return the ranges of a HyperParameterTuningJobConfig. Raises SageMakerError."""
    request: Mapping[str, list[Record]] = config.get("ParameterRanges", {})
    if request.get("AutoParameters"):
        raise not_supported("ParameterRanges.AutoParameters")
    ranges: list[Range] = [
        *map(_integer, request.get("IntegerParameterRanges", [])),
        *map(_continuous, request.get("ContinuousParameterRanges", [])),
        *map(_categorical, request.get("CategoricalParameterRanges", [])),
    ]
    names = [r.name for r in ranges]
    if not names:
        raise invalid("ParameterRanges must have at least one hyperparameter to tune")
    if len(names) > MAX_RANGES:
        raise invalid(f"ParameterRanges has {len(names)} hyperparameters, more than {MAX_RANGES}")
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise invalid(f"ParameterRanges has more than one range of {', '.join(repeated)}")
    return ranges


def combinations(ranges: list[Range]) -> float:
    """Return how many combinations of values there are."""
    return math.prod(r.count for r in ranges)


def _integer(item: Record) -> Integer:
    low, high = (_number(item, end, int) for end in ("MinValue", "MaxValue"))
    if max(abs(low), abs(high)) > MAX_INTEGER:
        raise not_supported(f"an IntegerParameterRange beyond {MAX_INTEGER}: {item['Name']}")
    if item.get("ScalingType") == "ReverseLogarithmic":
        raise invalid(
            f"{item['Name']}: ReverseLogarithmic scaling is for continuous hyperparameters only"
        )
    return Integer(item["Name"], low, high, _scaling(item, low, high))


def _continuous(item: Record) -> Continuous:
    low, high = (_number(item, end, float) for end in ("MinValue", "MaxValue"))
    if not math.isfinite(high - low):
        raise invalid(f"{item['Name']}: [{low}, {high}] is no range of finite numbers")
    return Continuous(item["Name"], low, high, _scaling(item, low, high))


def _categorical(item: Record) -> Categorical:
    values = tuple(item["Values"])
    if len(set(values)) < len(values):
        raise invalid(f"{item['Name']}: a value is there more than once in {list(values)}")
    return Categorical(item["Name"], values)


def _number(item: Record, end: str, number: Callable[[str], N]) -> N:
    try:
        return number(item[end])
    except ValueError:
        raise invalid(
            f"{item['Name']}: {end} '{item[end]}' is not of type {number.__name__}"
        ) from None


def _scaling(item: Record, low: float, high: float) -> str:
    name, scaling = item["Name"], str(item.get("ScalingType", "Auto"))
    if low >= high:
        raise invalid(f"{name}: MinValue {low} must be less than MaxValue {high}")
    if scaling == "Auto":
        return "Logarithmic" if low > 0 and high / low >= ORDERS_APART else "Linear"
    if scaling == "Logarithmic" and low <= 0:
        raise invalid(f"{name}: Logarithmic scaling needs values greater than 0, not {low}")
    if scaling == "ReverseLogarithmic" and not 0 <= low < high < 1:
        raise invalid(f"{name}: ReverseLogarithmic scaling needs 0 <= x < 1, not [{low}, {high}]")
    return scaling


def _within(value: N, low: N, high: N) -> N:
    if not low <= value <= high:
        raise ValueError(f"{value} is not within [{low}, {high}]")
    return value
