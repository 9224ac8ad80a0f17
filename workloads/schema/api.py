"""The [api] of a workload: what a client may send, and how the container takes it."""

from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, field_validator, model_validator

from workloads.schema.section import (
    Allowed,
    Section,
    Several,
    not_allowed,
    problem,
    raise_any,
    repeated,
)

_PayloadType = Literal["text/csv", "application/json"]
PayloadType = Annotated[_PayloadType, Allowed.one_of(get_args(_PayloadType))]
_FeatureType = Literal["number", "integer", "string", "category"]
FeatureType = Annotated[_FeatureType, Allowed.one_of(get_args(_FeatureType))]
# A name or value becomes a cell of a CSV file: no control characters, no blanks around it.
Cell = Annotated[
    str,
    Field(pattern=r"^[^\s\x00-\x1f]([^\x00-\x1f]*[^\s\x00-\x1f])?$", max_length=256),
    Allowed("1 to 256 characters on one line, without blanks around them"),
]
_VALUES = "a list of at least one value of the category"
_Number = Annotated[
    float,
    Field(allow_inf_nan=False),
    AfterValidator(lambda number: int(number) if number.is_integer() else number),
    Allowed("a number"),
]


class Feature(Section):
    """A column of the model's input."""

    name: Cell
    type: FeatureType
    values: Annotated[Several[Cell], Field(min_length=1), Allowed(_VALUES)] | None = None
    minimum: _Number | None = None
    maximum: _Number | None = None
    required: Annotated[bool, Allowed("true, false")] = True
    """Whether each row has a value; else the container may get an empty cell of CSV, or null."""
    description: Cell | None = None

    @field_validator("values")
    @classmethod
    def _values_are_unique(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        raise_any(repeated(values))
        return values

    @model_validator(mode="after")
    def _values_belong_to_a_category(self) -> Self:
        if self.type != "category":
            if self.values is not None:
                wrong = f'found in a {self.type}; allowed: only with type = "category"'
                raise_any([problem(wrong, "values")])
        elif self.values is None:
            raise_any([problem(f"missing; allowed: {_VALUES}", "values")])
        return self

    @model_validator(mode="after")
    def _bounds_are_of_numbers(self) -> Self:
        bounds = {"minimum": self.minimum, "maximum": self.maximum}
        given = {key: bound for key, bound in bounds.items() if bound is not None}
        if self.type not in ("number", "integer"):
            there = 'allowed: only with type = "number" or "integer"'
            raise_any(problem(f"found in a {self.type}; {there}", key) for key in given)
        elif self.type == "integer":
            there = "a whole number, as the feature is an integer"
            fractions = {key: bound for key, bound in given.items() if not isinstance(bound, int)}
            raise_any(not_allowed(bound, there, key) for key, bound in fractions.items())
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            there = f"{self.minimum} or more, the minimum"
            raise_any([not_allowed(self.maximum, there, "maximum")])
        return self


class Api(Section):
    """What the container takes, and the features that the API checks and sends it."""

    content_type: PayloadType
    header: Annotated[bool, Allowed("true, false")] = False
    """Whether the container's CSV has a header line."""
    features: Annotated[
        Several[Feature],
        Field(min_length=1),
        Allowed('a list of at least one { name = "...", type = "..." }'),
    ]

    @field_validator("features")
    @classmethod
    def _names_are_unique(cls, features: tuple[Feature, ...]) -> tuple[Feature, ...]:
        raise_any(repeated([feature.name for feature in features], "name"))
        return features

    @model_validator(mode="after")
    def _header_is_a_line_of_csv(self) -> Self:
        if self.content_type != "text/csv" and "header" in self.model_fields_set:
            wrong = not_allowed(self.header, 'only with content_type = "text/csv"', "header")
            raise_any([wrong])
        return self
