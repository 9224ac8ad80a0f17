"""The [api] of a workload: what a client may send, and how the container takes it."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from workloads.schema.section import (
    Allowed,
    Section,
    Several,
    not_allowed,
    problem,
    raise_any,
    shown,
)

PayloadType = Annotated[
    Literal["text/csv", "application/json"],
    Allowed('"text/csv", "application/json"', choices=lambda: ("text/csv", "application/json")),
]
FeatureType = Annotated[
    Literal["number", "integer", "string", "category"],
    Allowed(
        '"number", "integer", "string", "category"',
        choices=lambda: ("number", "integer", "string", "category"),
    ),
]
# A name or value becomes a cell of a CSV file: no control characters, no blanks around it.
Cell = Annotated[
    str,
    Field(pattern=r"^[^\s\x00-\x1f]([^\x00-\x1f]*[^\s\x00-\x1f])?$", max_length=256),
    Allowed("1 to 256 characters on one line, without blanks around them"),
]


class Feature(Section):
    """A column of the model's input."""

    name: Cell
    type: FeatureType
    values: Annotated[Several[Cell], Allowed("a list of the category's values")] | None = None

    @model_validator(mode="after")
    def _values_belong_to_a_category(self) -> Self:
        if self.type != "category":
            if self.values is not None:
                wrong = f'found in a {self.type}; allowed: only with type = "category"'
                raise_any([problem(wrong, "values")])
        elif not self.values:
            wrong = "missing; allowed: a list of at least one value of the category"
            raise_any([problem(wrong, "values")])
        else:
            raise_any(
                problem(f"found {shown(value)} twice; allowed: each value once", "values", at)
                for at, value in enumerate(self.values)
                if value in self.values[:at]
            )
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
        names = [feature.name for feature in features]
        raise_any(
            problem(f"found {shown(name)} twice; allowed: each name once", at, "name")
            for at, name in enumerate(names)
            if name in names[:at]
        )
        return features

    @model_validator(mode="after")
    def _header_is_a_line_of_csv(self) -> Self:
        if self.content_type != "text/csv" and "header" in self.model_fields_set:
            wrong = not_allowed(self.header, 'only with content_type = "text/csv"', "header")
            raise_any([wrong])
        return self
