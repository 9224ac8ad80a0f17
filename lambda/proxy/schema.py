"""The typed columns that a workload's model takes."""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from json import loads
from json.encoder import encode_basestring
from typing import Any, Literal, get_args

from proxy.problems import Number, listed

FeatureType = Literal["number", "integer", "string", "category"]

LARGEST = sys.float_info.max
"""No number is larger: what is none of R's, Python's or XGBoost's would be infinite there."""

_NUMBER = re.compile(r"([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"([+-]?[0-9]+)(\.0*)?")
_INTEGER_CHARACTERS = frozenset("+-0123456789")
_NUMBER_CHARACTERS = frozenset("+-.0123456789eE")


@dataclass(frozen=True)
class Feature:
    """A column. `text` says what a cell may be; `are_plain` is its short cut.

    Cells are texts, wherever they come from, so that numbers keep their digits. An empty one has no
    value, where a column may have none. A body of 5 MB has a million cells: a whole column is
    looked at in C where nothing about it is unusual, and cell by cell only where something is.
    """

    name: str
    type: FeatureType
    values: tuple[str, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    required: bool = True
    description: str | None = None

    @classmethod
    def from_json(cls, feature: Mapping[str, Any]) -> "Feature":
        """Raise KeyError or ValueError for what is not a feature of the catalog."""
        if feature["type"] not in get_args(FeatureType):
            raise ValueError(f"feature {feature['name']} has the type {feature['type']}")
        values = feature.get("values")
        return cls(
            name=feature["name"],
            type=feature["type"],
            values=tuple(values) if values else None,
            minimum=feature.get("minimum"),
            maximum=feature.get("maximum"),
            required=feature.get("required", True),
            description=feature.get("description"),
        )

    @property
    def is_number(self) -> bool:
        """Whether JSON has its values as numbers."""
        return self.type in ("number", "integer")

    def phrase(self) -> str:
        """Say what a cell has to be."""
        if self.values:
            what = f"one of {listed(self.values)}"
        else:
            what = {"number": "a finite number", "integer": "an integer"}.get(self.type, "a string")
        least = "" if self.minimum is None else f" of at least {self.minimum}"
        most = "" if self.maximum is None else f" of at most {self.maximum}"
        bounds = " and".join(filter(None, (least, most)))
        return f"{what}{bounds}{'' if self.required else ', or nothing'}"

    def public(self) -> dict[str, Any]:
        """Describe the column as the catalog does."""
        described: dict[str, Any] = {"name": self.name, "type": self.type}
        if self.values:
            described["values"] = list(self.values)
        for key in ("minimum", "maximum", "description"):
            if (value := getattr(self, key)) is not None:
                described[key] = value
        return described if self.required else described | {"required": False}

    def text(self, cell: str) -> str:
        """Read a cell as the container shall get it; raises ValueError."""
        if not self.required and not (cell.strip() if self.is_number else cell):
            return ""
        match self.type:
            case "number":
                number = cell.strip()
                if not _NUMBER_CHARACTERS.issuperset(number):
                    raise ValueError
                self._check(float(number))
                return number
            case "integer":
                text = _whole(cell.strip())
                self._check(int(text))  # Python's limit is 4,300 digits
                return text
            case "string" | "category":
                if self.values and cell not in self.values:
                    raise ValueError
                return str(cell)

    def text_of(self, value: object) -> str:
        """Read a value of a JSON body; raises ValueError. true is no number, "1" is none either."""
        if value is None and not self.required:
            return ""
        if type(value) is not (Number if self.is_number else str):
            raise ValueError
        return self.text(value)

    def are_plain(self, column: Sequence[str]) -> bool:
        """Whether `text` would return every cell as it is; False also where it is costly to say."""
        present = column if self.required else list(filter(None, column))
        try:
            match self.type:
                case "number":
                    if not _NUMBER_CHARACTERS.issuperset("".join(present)):
                        return False
                    return self._in_bounds(list(map(float, present)))
                case "integer":
                    if not _INTEGER_CHARACTERS.issuperset("".join(present)):
                        return False
                    return self._in_bounds(list(map(int, present)))
                case "string" | "category":
                    return self.values is None or set(present) <= set(self.values)
        except ValueError:
            return False

    def are_plain_values(self, column: Sequence[Any]) -> bool:
        """Whether `text_of` would return every value as it is; False also where it is costly."""
        return set(map(type, column)) == {Number if self.is_number else str} and self.are_plain(
            column
        )

    def json(self, column: Sequence[str]) -> list[str]:
        """Spell cells that were read as JSON values."""
        if self.is_number:
            return _json_numbers([cell or "null" for cell in column])
        spelled = map(encode_basestring, column)
        if self.required:
            return list(spelled)
        return [text if cell else "null" for cell, text in zip(column, spelled, strict=True)]

    def _in_bounds(self, numbers: Sequence[float]) -> bool:
        # none is NaN, as the letters of that are not in it; infinity is beyond the largest number
        low = -LARGEST if self.minimum is None else self.minimum
        high = LARGEST if self.maximum is None else self.maximum
        return not numbers or (low <= min(numbers) and max(numbers) <= high)

    def _check(self, number: float) -> None:
        if not self._in_bounds([number]):
            raise ValueError


@dataclass(frozen=True)
class Schema:
    """The features in the order that the container expects."""

    features: tuple[Feature, ...]

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [feature.name for feature in self.features]


def _whole(number: str) -> str:
    """Spell an integer without a fraction or an exponent; raises ValueError."""
    if match := _INTEGER.fullmatch(number):
        return match[1]
    if not _NUMBER_CHARACTERS.issuperset(number):
        raise ValueError
    # here, as few have an exponent
    from decimal import Decimal, InvalidOperation  # noqa: PLC0415

    try:
        exact = Decimal(number)
    except InvalidOperation as error:
        raise ValueError from error
    if exact.adjusted() > sys.float_info.max_10_exp or exact != exact.to_integral_value():
        raise ValueError
    return str(int(exact))


def _json_numbers(texts: list[str]) -> list[str]:
    """Spell numbers as JSON does, digit by digit: in CSV there may be +1, .5, 5. and 007."""
    try:
        loads(f"[{','.join(texts)}]")
    except ValueError:
        return list(map(_json_number, texts))
    return texts


def _json_number(text: str) -> str:
    match = _NUMBER.fullmatch(text)
    if not match:  # null
        return text
    sign, whole, fraction, exponent = match.groups(default="")
    return f"{sign.strip('+')}{whole or '0'}{fraction and f'.{fraction}'}{exponent}"
