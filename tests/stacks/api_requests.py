"""Requests of the templates as a service would get them, held against the API's own shapes."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

from local.sagemaker.validation import compiled

ATTRIBUTES = {
    "Arn": "arn:aws:iam::123456789012:role/sagestack/role",
    "ModelDataUrl": "s3://bucket/model.tar.gz",
    "OutputS3Uri": "s3://bucket/evaluation",
}
"""What stands for an attribute that CloudFormation knows; a plain name for every other."""

TOPIC = "arn:aws:sns:eu-west-1:123456789012:topic"
"""What stands for a topic, whose name is its ARN."""


@cache
def _model(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service)


def resolved(value: Any) -> Any:  # noqa: PLR0911 - a case each
    """Put a value in the place of each intrinsic function."""
    match value:
        case {"Fn::FindInMap": [_, _, "Account"]}:
            return "123456789012"
        case {"Fn::Join": [separator, parts]}:
            return separator.join(resolved(part) for part in parts)
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{AWS::\w+\}", "name-1", text)
        case {"Fn::GetAtt": [_, attribute]}:
            return ATTRIBUTES.get(attribute, "name-1")
        case {"Ref": str(name)} if name.startswith("EndpointAsync"):
            return TOPIC
        case {"Ref": _} | {"Fn::ImportValue": _}:
            return "name-1"
        case dict():
            return {key: resolved(member) for key, member in value.items()}
        case list():
            return [resolved(item) for item in value]
        case _:
            return value


def violations(operation: str, request: Mapping[str, Any], service: str = "sagemaker") -> list[str]:
    """List what `operation` would refuse of a request."""
    shape = _model(service).operation_model(operation).input_shape
    assert shape is not None
    value = resolved(request)
    report = ParamValidator().validate(value, shape).generate_report()
    return report.split("\n") if report else [*_outside(value, shape, "")]


def _outside(value: Any, shape: Shape, path: str) -> Iterator[str]:
    """Say what is outside of its enumeration, pattern or upper limit, at which botocore nods."""
    match shape:
        case StructureShape():
            for key, member in value.items():
                if key in shape.members:
                    yield from _outside(member, shape.members[key], f"{path}.{key}")
        case MapShape():
            for key, member in value.items():
                yield from _outside(member, shape.value, f"{path}.{key}")
        case ListShape():
            for at, item in enumerate(value):
                yield from _outside(item, shape.member, f"{path}[{at}]")
    limits = shape.metadata
    size = len(value) if isinstance(value, str | list | dict) else value
    if size > limits.get("max", size):
        yield f"{path} is {value}, at most {limits['max']}"
    if not isinstance(value, str):
        return
    if value not in limits.get("enum", [value]):
        yield f"{path} is {value}, not in {shape.name}"
    pattern = limits.get("pattern", ".*")
    if not compiled(pattern).fullmatch(value):
        yield f"{path} is {value}, not {pattern}"
