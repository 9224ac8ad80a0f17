"""The [models.<name>.tuning.ranges]: the values among which a tuning job searches."""

import math
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    PlainValidator,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails

from workloads.schema.hyperparameters import as_hyperparameter
from workloads.schema.section import (
    Allowed,
    Section,
    Several,
    not_allowed,
    raise_any,
    repeated,
    shown,
)

Integer = Annotated[int, Field(ge=-(2**63), le=2**63 - 1), Allowed("an integer of at most 64 bits")]
Number = Annotated[float, Field(allow_inf_nan=False), Allowed("a finite number")]
# ParameterValue of CategoricalParameterRange.
Category = Annotated[
    str,
    Field(max_length=256),
    BeforeValidator(as_hyperparameter),
    Allowed("a string of at most 256 characters, a finite number, true or false"),
]


class IntegerRange(Section):
    """The whole numbers from min to max."""

    type: Literal["integer"]
    min: Integer
    max: Integer
    scaling: Annotated[str, Allowed.one_of(("Auto", "Linear", "Logarithmic"))] = "Auto"

    @property
    def count(self) -> float:
        """How many values there are to choose from."""
        return self.max - self.min + 1

    @model_validator(mode="after")
    def _can_be_searched(self) -> Self:
        raise_any(_misfits(self.min, self.max, self.scaling))
        return self


class ContinuousRange(Section):
    """The numbers from min to max."""

    type: Literal["continuous"]
    min: Number
    max: Number
    scaling: Annotated[
        str, Allowed.one_of(("Auto", "Linear", "Logarithmic", "ReverseLogarithmic"))
    ] = "Auto"

    @property
    def count(self) -> float:
        """How many values there are to choose from."""
        return math.inf

    @model_validator(mode="after")
    def _can_be_searched(self) -> Self:
        raise_any(_misfits(self.min, self.max, self.scaling))
        return self


class CategoricalRange(Section):
    """One of a few values, which are strings once loaded."""

    type: Literal["categorical"]
    values: Annotated[
        Several[Category],
        Field(min_length=1, max_length=30),  # ParameterValues
        Allowed("a list of 1 to 30 values"),
    ]

    @property
    def count(self) -> float:
        """How many values there are to choose from."""
        return len(self.values)

    @field_validator("values")
    @classmethod
    def _values_are_unique(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        raise_any(repeated(values))
        return values


def _misfits(low: float, high: float, scaling: str) -> Iterator[InitErrorDetails]:
    """Yield what makes the range empty, or its scaling impossible (HyperParameterScalingType)."""
    if low >= high:
        yield not_allowed(low, f"less than max, {shown(high)}", "min")
    if scaling == "Logarithmic" and low <= 0:
        yield not_allowed(low, "above 0 with Logarithmic scaling", "min")
    if scaling == "ReverseLogarithmic" and low < 0:
        yield not_allowed(low, "at least 0 with ReverseLogarithmic scaling", "min")
    if scaling == "ReverseLogarithmic" and high >= 1:
        yield not_allowed(high, "less than 1 with ReverseLogarithmic scaling", "max")


_KINDS: dict[str, type[Section]] = {
    "integer": IntegerRange,
    "continuous": ContinuousRange,
    "categorical": CategoricalRange,
}


class _Untyped(Section):
    """A table of none of the types; whatever keys ranges have may be in it."""

    type: Annotated[str, Allowed.one_of(_KINDS)]
    min: Any = None
    max: Any = None
    scaling: Any = None
    values: Any = None


def _of_its_type(value: Any) -> Any:
    """Validate as the range that is named, so that only its own problems are reported.

    pydantic's union would put the name among the keys by which a problem is found.
    """
    named = value.get("type") if isinstance(value, dict) else None
    found = (schema for kind, schema in _KINDS.items() if kind == named)
    return next(found, _Untyped).model_validate(value)


Range = Annotated[IntegerRange | ContinuousRange | CategoricalRange, PlainValidator(_of_its_type)]
