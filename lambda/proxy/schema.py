"""The typed columns that a workload's model takes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, get_args

from proxy.problems import listed

FeatureType = Literal["number", "integer", "string", "category"]

_INTEGER = re.compile(r"([+-]?[0-9]+)(\.0*)?")
_INTEGER_CHARACTERS = frozenset("+-0123456789")
_NUMBER_CHARACTERS = frozenset("+-.0123456789eE")


@dataclass(frozen=True)
class Feature:
    """A column. `text` and `value` say what a cell may be; the `are_plain_…` are their short cuts.

    A body of 5 MB has a million cells: a whole column is looked at in C where nothing about it is
    unusual, and cell by cell only where something is.
    """

    name: str
    type: FeatureType
    values: tuple[str, ...] | None = None

    @classmethod
    def from_json(cls, feature: Mapping[str, Any]) -> "Feature":
        """Raise KeyError or ValueError for what is not a feature of the catalog."""
        if feature["type"] not in get_args(FeatureType):
            raise ValueError(f"feature {feature['name']} has the type {feature['type']}")
        values = feature.get("values")
        return cls(feature["name"], feature["type"], tuple(values) if values else None)

    @property
    def expected(self) -> str | list[str]:
        """What a cell has to be."""
        return list(self.values) if self.values else self.type

    def phrase(self) -> str:
        """Say what a cell has to be."""
        if self.values:
            return f"one of {listed(self.values)}"
        return {"number": "a finite number", "integer": "an integer"}.get(self.type, "a string")

    def public(self) -> dict[str, Any]:
        """Describe the column as the catalog does."""
        described = {"name": self.name, "type": self.type}
        return described | ({"values": list(self.values)} if self.values else {})

    def text(self, cell: str) -> str:
        """Read a cell of a CSV as the container shall get it; raises ValueError."""
        match self.type:
            case "number":
                number = cell.strip()
                if not (_NUMBER_CHARACTERS.issuperset(number) and isfinite(float(number))):
                    raise ValueError
                return number
            case "integer":
                match = _INTEGER.fullmatch(cell.strip())
                if not match:
                    raise ValueError
                int(match[1])  # Python's limit of 4,300 digits
                return match[1]
            case "string" | "category":
                return self._known(cell)

    def value(self, cell: object) -> float | int | str:
        """Read a value of a JSON body; raises ValueError. true is no number, "1" is none either."""
        if isinstance(cell, bool):
            raise ValueError
        match self.type, cell:
            case "number", int() | float() if _is_finite(cell):
                return cell
            case "integer", int():
                return cell
            case "integer", float() if cell.is_integer():  # what JSON Schema calls an integer
                return int(cell)
            case (("string" | "category"), str()):
                return self._known(cell)
        raise ValueError

    def are_plain_texts(self, column: Sequence[str]) -> bool:
        """Whether `text` would return every cell as it is; False also where it is costly to say."""
        try:
            match self.type:
                case "number":
                    finite = all(map(isfinite, map(float, column)))
                    return finite and _NUMBER_CHARACTERS.issuperset("".join(column))
                case "integer":
                    list(map(int, column))
                    return _INTEGER_CHARACTERS.issuperset("".join(column))
                case "string" | "category":
                    return self.values is None or set(column) <= set(self.values)
        except ValueError:
            return False

    def are_plain_values(self, column: Sequence[Any]) -> bool:
        """Whether `value` would return every value as it is; False also where it is costly."""
        types = set(map(type, column))
        match self.type:
            case "number":
                return types <= {int, float} and all(map(_is_finite, column))
            case "integer":
                return types == {int}
            case "string" | "category":
                return types == {str} and (self.values is None or set(column) <= set(self.values))

    def typed(self, column: Sequence[Any]) -> Sequence[float | int | str]:
        """Give texts that were read the type that they have in JSON."""
        match self.type:
            case "number":
                return list(map(float, column))
            case "integer":
                return list(map(int, column))
            case "string" | "category":
                return column

    def _known(self, cell: str) -> str:
        if self.values and cell not in self.values:
            raise ValueError
        return cell


@dataclass(frozen=True)
class Schema:
    """The features in the order that the container expects."""

    features: tuple[Feature, ...]

    @property
    def names(self) -> list[str]:
        """The names of the columns."""
        return [feature.name for feature in self.features]

    @property
    def expected(self) -> dict[str, str | list[str]]:
        """What every column has to be."""
        return {feature.name: feature.expected for feature in self.features}


def _is_finite(number: float) -> bool:
    try:
        return isfinite(number)
    except OverflowError:  # an integer beyond the range of a double
        return False
