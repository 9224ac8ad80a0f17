"""CloudFormation makes a string of every primitive in ResourceProperties; botocore takes none.

Walking the input shape of the API operation turns them back, so that a custom resource takes a
request exactly as the API does, without a second schema that would fall behind.
"""

from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from jobs.events import ResourceError

_EXPECTED = {
    "structure": "an object",
    "map": "an object",
    "list": "a list",
    "boolean": "true or false",
    "integer": "an integer",
    "long": "an integer",
    "float": "a number",
    "double": "a number",
}


class CoercionError(ResourceError):
    """The request does not have the shape of the API operation; names every place."""


def coerce(value: object, shape: Shape) -> Any:
    """Give the value the types of the shape.

    Raises CoercionError for a member that the shape does not have and for a value that is not of
    the shape's type. What is missing or out of range, botocore and the service report.
    """
    problems: list[str] = []
    coerced = _coerce(value, shape, shape.name, problems)
    if problems:
        raise CoercionError("; ".join(problems))
    return coerced


def boolean(value: object) -> bool:
    """Read a boolean of ResourceProperties; raises ValueError where it is none."""
    return bool(_scalar(value, "boolean"))


def _coerce(value: object, shape: Shape, path: str, problems: list[str]) -> object:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        for unknown in sorted(value.keys() - shape.members.keys()):
            known = ", ".join(shape.members)
            problems.append(f"{path}.{unknown} does not exist, {path} has: {known}")
        return {
            key: _coerce(value[key], member, f"{path}.{key}", problems)
            for key, member in shape.members.items()
            if key in value
        }
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {
            str(key): _coerce(item, shape.value, f"{path}.{key}", problems)
            for key, item in value.items()
        }
    if isinstance(shape, ListShape) and isinstance(value, list | tuple):
        return [
            _coerce(item, shape.member, f"{path}[{index}]", problems)
            for index, item in enumerate(value)
        ]
    try:
        return _scalar(value, shape.type_name)
    except ValueError:
        problems.append(
            f"{path} is {value!r}, expected {_EXPECTED.get(shape.type_name, 'a string')}"
        )
        return None


def _scalar(value: object, type_name: str) -> object:
    """Read the value as a scalar of the type; raises ValueError where it is none."""
    if value is None or isinstance(value, Mapping | list | tuple):
        raise ValueError
    # An emulator may have left a primitive as it was: spell it as CloudFormation does.
    text = str(value).lower() if isinstance(value, bool) else str(value)
    match type_name:
        case "boolean" if text in ("true", "false"):
            return text == "true"
        case "integer" | "long":
            return int(text)
        case "float" | "double":
            return float(text)
        case "string" | "timestamp" | "blob":  # botocore reads the last two from text itself
            return text
    raise ValueError
