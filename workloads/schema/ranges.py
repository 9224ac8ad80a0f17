"""The [models.<name>.tuning.ranges]: the values among which a tuning job searches."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator

from workloads.schema.hyperparameters import as_hyperparameter
from workloads.schema.section import Allowed, Section, Several


class IntegerRange(Section):
    """The whole numbers from min to max."""

    type: Literal["integer"]
    min: Annotated[int, Allowed("an integer")]
    max: Annotated[int, Allowed("an integer")]
    scaling: Annotated[str, Allowed.one_of(("Auto", "Linear", "Logarithmic"))] = "Auto"


class ContinuousRange(Section):
    """The numbers from min to max."""

    type: Literal["continuous"]
    min: Annotated[float, Field(allow_inf_nan=False), Allowed("a finite number")]
    max: Annotated[float, Field(allow_inf_nan=False), Allowed("a finite number")]
    scaling: Annotated[
        str, Allowed.one_of(("Auto", "Linear", "Logarithmic", "ReverseLogarithmic"))
    ] = "Auto"


class CategoricalRange(Section):
    """One of a few values, which are strings once loaded."""

    type: Literal["categorical"]
    values: Annotated[
        Several[
            Annotated[
                str,
                Field(max_length=256),  # ParameterValue
                BeforeValidator(as_hyperparameter),
                Allowed("a string of at most 256 characters, a finite number, true or false"),
            ]
        ],
        Field(min_length=1, max_length=30),  # ParameterValues
        Allowed("a list of 1 to 30 values"),
    ]


_Range = IntegerRange | ContinuousRange | CategoricalRange
_KINDS: dict[object, type[_Range]] = {
    "integer": IntegerRange,
    "continuous": ContinuousRange,
    "categorical": CategoricalRange,
}
_Kind = Annotated[str, Allowed.one_of(_KINDS)]


class _Typed(Section):
    """The one key that every range has."""

    model_config = ConfigDict(extra="ignore")

    type: _Kind


def _of_its_type(value: Any) -> _Range:
    """Validate as the range that is named, so that only its own problems are reported.

    pydantic's union would put the name between the keys by which a problem is found.
    """
    return _KINDS[_Typed.model_validate(value).type].model_validate(value)


Range = Annotated[_Range, PlainValidator(_of_its_type)]
