"""The schemas of the API's document: JSON Schema 2020-12, as OpenAPI 3.1 has it."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from proxy.asynchronous import ID_PATTERN
from proxy.errors import CODES, PROBLEM_TYPE
from proxy.media import PROBLEM
from proxy.schema import LARGEST, Feature, Schema

Json = dict[str, Any]

_TEXT: Json = {"type": "string"}
_GATEWAY = (400, 401, 403, 413, 429, 500, 502, 503, 504)
"""What the gateway may answer in the place of the function, whatever is asked."""


def component(name: str) -> Json:
    """Refer to one of the document's schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def closed(properties: Json, *optional: str) -> Json:
    """Describe an object that has these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def several(items: Json, least: int = 0) -> Json:
    """Describe a list."""
    return {"type": "array", "items": items} | ({"minItems": least} if least else {})


def cell(feature: Feature) -> Json:
    """Describe a value of a column."""
    kind = feature.type if feature.is_number else "string"
    schema: Json = {"type": kind if feature.required else [kind, "null"]}
    if feature.values:
        schema["enum"] = [*feature.values, *([] if feature.required else ["", None])]
    if feature.is_number:
        schema["minimum"] = -LARGEST if feature.minimum is None else feature.minimum
        schema["maximum"] = LARGEST if feature.maximum is None else feature.maximum
    return schema | ({"description": feature.description} if feature.description else {})


def record(schema: Schema) -> Json:
    """Describe a row."""
    return _of_columns(schema, {feature.name: cell(feature) for feature in schema.features})


def records(workload: str) -> Json:
    """Describe a body that is a list of rows."""
    return closed({"instances": several(component(f"{workload}.Record"), least=1)})


def columns(schema: Schema) -> Json:
    """Describe a body that is a list of values for each column."""
    lists = {feature.name: several(cell(feature), least=1) for feature in schema.features}
    described = _of_columns(schema, lists) | {
        "minProperties": 1,
        "description": "All lists are as long as each other",  # JSON Schema has no words for it
    }
    return closed({"columns": described})


def _of_columns(schema: Schema, properties: Json) -> Json:
    optional = (feature.name for feature in schema.features if not feature.required)
    return closed(properties, *optional)


def answer() -> Json:
    """Describe predictions in JSON: what the model has to say beside them is its own."""
    told = {"variant": _TEXT, "model_version": _TEXT, "request_id": _TEXT}
    properties: Json = {"predictions": several({})} | told
    return {"type": "object", "properties": properties, "required": list(properties)}


def problem_responses(statuses: Iterable[int]) -> Json:
    """Refer to the errors of these statuses, and to those that any request may meet."""
    return {
        str(status): {"$ref": f"#/components/responses/Problem{status}"}
        for status in sorted({*statuses, *_GATEWAY})
    }


def problem_components() -> Json:
    """Describe every error, once."""
    return {
        f"Problem{status}": {
            "description": ", ".join([HTTPStatus(status).phrase, *CODES.get(status, ())]),
            "content": {
                PROBLEM: {
                    "schema": component("Problem") | {"properties": {"status": {"const": status}}}
                }
            },
        }
        for status in sorted({*CODES, *_GATEWAY} - {405})  # the gateway knows no other method
    }


_PROBLEM = closed(
    {
        "type": {"type": "string", "pattern": f"^{PROBLEM_TYPE}[A-Za-z0-9_]+$"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "instance": {"type": "string", "description": "The request's id, which is in the log"},
        "allowed": several(_TEXT, least=1),
        "problems": several(
            closed(
                {
                    "row": {"type": ["integer", "null"], "minimum": 1},
                    "column": {"type": ["string", "null"]},
                    "value": {"type": ["string", "boolean", "null"]},
                    "expected": _TEXT,
                }
            ),
            least=1,
        ),
    },
    "status",  # which the gateway does not know of some errors
    "allowed",
    "problems",
)
_NUMBER: Json = {"type": "number"}
_VARIANT = closed(
    {"name": _TEXT, "model": _TEXT, "weight": _NUMBER, "model_version": _TEXT, "artifact": _TEXT}
)
_FEATURE = closed(
    {
        "name": _TEXT,
        "type": {"enum": ["number", "integer", "string", "category"]},
        "values": several(_TEXT, least=1),
        "minimum": _NUMBER,
        "maximum": _NUMBER,
        "description": _TEXT,
        "required": {"const": False},
    },
    "values",
    "minimum",
    "maximum",
    "description",
    "required",
)
_WORKLOAD = closed(
    {
        "name": _TEXT,
        "description": _TEXT,
        "endpoint": _TEXT,
        "kind": {"enum": ["instances", "serverless", "asynchronous"]},
        "variants": several(_VARIANT, least=1),
        "content_type": _TEXT,
        "features": several(_FEATURE, least=1),
        "routes": {"type": "object", "additionalProperties": _TEXT},
        "async_input": _TEXT,
    },
    "async_input",
)
COMPONENTS: Json = {
    "Problem": _PROBLEM,
    "Workload": _WORKLOAD,
    "WorkloadList": closed({"workloads": several(component("Workload"))}),
    "Waiting": closed(
        {"id": {"type": "string", "pattern": ID_PATTERN}, "status": {"const": "in_progress"}}
    ),
}
"""The schemas that are the same whatever is deployed."""
