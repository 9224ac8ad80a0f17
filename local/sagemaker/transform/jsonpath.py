"""The JSONPath of a transform job's InputFilter and OutputFilter.

The operators that SageMaker documents for them and no others: `$`, `.name`, `*`,
`['name', 'name']`, `[number, number]` and `[start:end]`.
"""

import re
from dataclasses import dataclass
from typing import Any

_NUMBER = r"-?\d+"
_ITEM = rf"(?:(?:{_NUMBER})?:(?:{_NUMBER})?|{_NUMBER})"
_QUOTED = r"'[^']+'"
_STEP = re.compile(
    rf"""
    (?P<wildcard> \.\* | \[\*\] )
    | \. (?P<name> \w[\w-]* )
    | \.? \[ \s* (?P<names> {_QUOTED} (?: \s*,\s* {_QUOTED} )* ) \s* \]
    | \[ \s* (?P<numbers> {_ITEM} (?: \s*,\s* {_ITEM} )* ) \s* \]
    """,
    re.VERBOSE,
)


class JSONPathError(ValueError):
    """A path is not one of SageMaker's, or leads nowhere in a value; the text says why."""


@dataclass(frozen=True)
class _Names:
    names: tuple[str, ...]

    @property
    def is_single(self) -> bool:
        return True  # several names make one object

    def of(self, value: Any) -> list[Any]:
        for name in self.names:
            if not isinstance(value, dict) or name not in value:
                raise JSONPathError(f"there is no {name!r} in {_kind(value)}")
        if len(self.names) == 1:
            return [value[self.names[0]]]
        return [{name: value[name] for name in self.names}]


@dataclass(frozen=True)
class _Numbers:
    items: tuple[int | slice, ...]

    @property
    def is_single(self) -> bool:
        return len(self.items) == 1 and isinstance(self.items[0], int)

    def of(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise JSONPathError(f"{_kind(value)} has no elements to number")
        found: list[Any] = []
        for item in self.items:
            if isinstance(item, slice):
                found += value[item]
            elif -len(value) <= item < len(value):
                found.append(value[item])
            else:
                raise JSONPathError(f"index {item} is out of {_kind(value)}")
        return found


@dataclass(frozen=True)
class _Wildcard:
    is_single = False

    def of(self, value: Any) -> list[Any]:
        if isinstance(value, dict):
            return list(value.values())
        if isinstance(value, list):
            return value
        raise JSONPathError(f"{_kind(value)} has no members")


@dataclass(frozen=True)
class JSONPath:
    """A path that was understood."""

    steps: tuple[_Names | _Numbers | _Wildcard, ...]

    @classmethod
    def parse(cls, text: str) -> "JSONPath":
        """Return the path that `text` writes. Raises JSONPathError."""
        if not text.startswith("$"):
            raise JSONPathError(f"{text!r} does not start with $")
        steps: list[_Names | _Numbers | _Wildcard] = []
        position = 1
        while position < len(text):
            match = _STEP.match(text, position)
            if match is None:
                raise JSONPathError(
                    f"{text!r} has {text[position:]!r}, which is none of the operators that batch "
                    "transform knows: .name, *, ['name', 'name'], [number, number], [start:end]"
                )
            steps.append(_step(match))
            position = match.end()
        for step in steps[:-1]:
            if isinstance(step, _Names) and len(step.names) > 1:
                raise JSONPathError(f"{text!r} goes on after several names")
        return cls(tuple(steps))

    @property
    def is_whole(self) -> bool:
        """Whether this is `$`, the default: all there is, as it is."""
        return not self.steps

    def select(self, value: Any) -> Any:
        """Return what the path leads to: a value, or a list of them after *, a slice, numbers.

        Raises JSONPathError for a name or an index that is not there.
        """
        found = [value]
        for step in self.steps:
            found = [item for each in found for item in step.of(each)]
        return found[0] if all(step.is_single for step in self.steps) else found


def _step(match: re.Match[str]) -> _Names | _Numbers | _Wildcard:
    if match["wildcard"]:
        return _Wildcard()
    if match["name"]:
        return _Names((match["name"],))
    if match["names"]:
        return _Names(tuple(re.findall(r"'([^']+)'", match["names"])))
    return _Numbers(tuple(_item(item.strip()) for item in match["numbers"].split(",")))


def _item(text: str) -> int | slice:
    start, colon, end = text.partition(":")
    if not colon:
        return int(text)
    return slice(int(start) if start else None, int(end) if end else None)


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return f"an object with {', '.join(map(repr, value)) or 'no names'}"
    if isinstance(value, list):
        return f"an array of {len(value)}"
    return f"the value {value!r}"
