"""Requests checked against botocore's own model of a service, in the services' wording.

For example: `1 validation error detected: Value 'a_b' at 'trainingJobName' failed to satisfy
constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}`
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from botocore.session import get_session

from local.sagemaker.errors import SageMakerError, invalid

_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "timestamp": (int, float),
}


# Java's classes in the patterns, which stand within brackets there, but for the printable ones.
_JAVA_CLASSES = {
    r"\p{Alnum}": "a-zA-Z0-9",
    r"\p{L}": r"\w",
    r"\p{N}": r"\d",
    r"\p{Z}": r"\s",
    r"\p{Print}": "[ -~]",
    # what UTF-16 writes as a pair
    r"\uD800\uDC00-\uDBFF\uDFFF": r"\U00010000-\U0010FFFF",
}


@cache
def service_model(service: str = "sagemaker") -> ServiceModel:
    """Return botocore's model of SageMaker, or of another service."""
    return get_session().get_service_model(service)


def validate(operation: str, request: dict[str, Any], service: str = "sagemaker") -> None:
    """Raise the service's error, with all that is wrong, unless `request` fits the operation."""
    shape = service_model(service).operation_model(operation).input_shape
    assert shape is not None
    problems = list(_problems(shape, request, ""))
    if problems:
        plural = "error" if len(problems) == 1 else "errors"
        raise invalid(f"{len(problems)} validation {plural} detected: {'; '.join(problems)}")


def from_template(operation: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Return CloudFormation properties as a request: "3" and "true" in the operation's types.

    CloudFormation takes a number or a boolean as a string too. Raises SageMakerError for a property
    that the operation does not have.
    """
    shape = service_model().operation_model(operation).input_shape
    assert shape is not None
    request: dict[str, Any] = _typed(shape, properties, "#")
    return request


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not _has_type(shape, value):
        raise SageMakerError(
            "SerializationException", f"{path or 'request'} can not be converted to {shape.name}"
        )
    if isinstance(shape, StructureShape):
        yield from _structure_problems(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _out_of_range(shape, len(value), "length", value, path)
        for number, item in enumerate(value, start=1):
            yield from _problems(shape.member, item, f"{path}.{number}.member")
    elif isinstance(shape, MapShape):
        yield from _out_of_range(shape, len(value), "length", value, path)
        for key, item in value.items():
            yield from _problems(shape.key, key, f"{path}.key")
            yield from _problems(shape.value, item, f"{path}.{key}.member")
    elif isinstance(shape, StringShape):
        yield from _string_problems(shape, value, path)
    else:
        yield from _out_of_range(shape, value, "value", value, path)


def _has_type(shape: Shape, value: object) -> bool:
    if isinstance(value, bool):  # an int in Python, not in JSON
        return shape.type_name == "boolean"
    return isinstance(value, _JSON_TYPES[shape.type_name])


def _structure_problems(shape: StructureShape, value: Any, path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _violates(None, _join(path, name), "Member must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _problems(member, value[name], _join(path, name))


def _string_problems(shape: StringShape, value: str, path: str) -> Iterator[str]:
    yield from _out_of_range(shape, len(value), "length", value, path)
    pattern = shape.metadata.get("pattern")
    if pattern and not compiled(pattern).fullmatch(value):
        yield _violates(value, path, f"Member must satisfy regular expression pattern: {pattern}")
    if shape.enum and value not in shape.enum:
        allowed = ", ".join(shape.enum)
        yield _violates(value, path, f"Member must satisfy enum value set: [{allowed}]")


def _out_of_range(shape: Shape, size: float, what: str, value: Any, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield _violates(value, path, f"Member must have {what} greater than or equal to {low}")
    if high is not None and size > high:
        yield _violates(value, path, f"Member must have {what} less than or equal to {high}")


def _violates(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name[0].lower()}{name[1:]}" if path else f"{name[0].lower()}{name[1:]}"


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of the model as one of Python."""
    for java, python in _JAVA_CLASSES.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern, re.DOTALL)


def _typed(shape: Shape, value: Any, path: str) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        if unknown := sorted(set(value) - set(shape.members)):
            raise invalid(f"{path}: extraneous key [{unknown[0]}] is not permitted")
        return {
            name: _typed(shape.members[name], item, f"{path}/{name}")
            for name, item in value.items()
        }
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {key: _typed(shape.value, item, f"{path}/{key}") for key, item in value.items()}
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_typed(shape.member, item, f"{path}/{n}") for n, item in enumerate(value)]
    if shape.type_name == "string" and isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, str):
        return _from_string(shape.type_name, value, path)
    return value


def _from_string(type_name: str, value: str, path: str) -> Any:
    try:
        match type_name:
            case "boolean":
                return {"true": True, "false": False}[value]
            case "integer" | "long":
                return int(value)
            case "float" | "double":
                return float(value)
    except (KeyError, ValueError):
        raise invalid(f"{path}: expected type: {type_name}, found: {value!r}") from None
    return value


def now() -> float:
    """Return the time as SageMaker's JSON has it: seconds since 1970."""
    return datetime.now(UTC).timestamp()
