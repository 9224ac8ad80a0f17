"""The problems of a body: the first ten, told at once."""

import json
from operator import itemgetter
from typing import Any

from proxy.errors import InvalidBodyError

MAX_TOLD = 10
_MAX_SHOWN = 40


class Problems:
    """What is wrong with a body, in the order of its rows and columns."""

    def __init__(self) -> None:
        self._found: list[tuple[int, int, str, dict[str, Any]]] = []

    def add(
        self,
        text: str,
        *,
        expected: str,
        row: int = 0,
        position: int = 0,
        column: str | None = None,
        value: object = None,
    ) -> None:
        """Note a problem, as a sentence and in parts.

        `row` (from 1, or 0 for the whole body) and `position` say where it is.
        """
        told = {
            "row": row or None,
            "column": None if column is None else _cut(column),
            "value": _told(value),
            "expected": expected,
        }
        self._found.append((row, position, text, told))

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self._found)

    @property
    def enough(self) -> bool:
        """Whether there are more than will be told."""
        return len(self._found) > MAX_TOLD

    def check(self) -> None:
        """Raise InvalidBodyError if there is any."""
        if not self.any:
            return
        self._found.sort(key=itemgetter(0, 1))
        first = self._found[:MAX_TOLD]
        more = ["and more"] if self.enough else []
        sentence = "; ".join([*(text for _, _, text, _ in first), *more])
        raise InvalidBodyError(sentence, problems=[told for *_, told in first])


class Number(str):
    """A number of a JSON body as it is spelled there, so that it keeps its digits."""

    __slots__ = ()


def shown(value: object) -> str:
    """Spell a value as JSON does; long ones are cut."""
    match value:
        case dict():
            return "an object"
        case []:
            return "an empty list"
        case list():
            return "a list"
        case Number():
            return _cut(value)
        case str():
            return json.dumps(_cut(value), ensure_ascii=False)
        case _:
            return json.dumps(value)


def listed(values: tuple[str, ...]) -> str:
    """Spell the values that are allowed; of many the first ones."""
    more = ["…"] if len(values) > MAX_TOLD else []
    return ", ".join([*map(shown, values[:MAX_TOLD]), *more])


def _told(value: object) -> str | bool | None:
    """Return a value as a member of an answer: a number keeps its digits, so it is a text there."""
    match value:
        case None | bool():
            return value
        case str():
            return _cut(str(value))
    return shown(value)


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"
