"""The problems of a body: the first ten, told at once."""

import json
from operator import itemgetter

from proxy.errors import InvalidBodyError

MAX_TOLD = 10
_MAX_SHOWN = 40


class Problems:
    """What is wrong with a body, in the order of its rows and columns."""

    def __init__(self, expected: object) -> None:
        self._expected = expected
        self._found: list[tuple[int, int, str]] = []

    def add(self, text: str, row: int = 0, position: int = 0) -> None:
        """Note a problem; row (from 1, or 0 for the whole body) and position say where it is."""
        self._found.append((row, position, text))

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
        told = [text for _, _, text in self._found[:MAX_TOLD]]
        more = ["and more"] if self.enough else []
        raise InvalidBodyError("; ".join(told + more), self._expected)


def shown(value: object) -> str:
    """Spell a value as JSON does; long ones are cut."""
    match value:
        case dict():
            return "an object"
        case []:
            return "an empty list"
        case list():
            return "a list"
        case str() | int() if len(str(value)) > _MAX_SHOWN:
            return json.dumps(str(value)[:_MAX_SHOWN] + "…", ensure_ascii=False)
        case _:
            return json.dumps(value, ensure_ascii=False)


def listed(values: tuple[str, ...]) -> str:
    """Spell the values that are allowed; of many the first ones."""
    more = ["…"] if len(values) > MAX_TOLD else []
    return ", ".join([*map(shown, values[:MAX_TOLD]), *more])
