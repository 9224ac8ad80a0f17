"""The API's document, OpenAPI 3.1: https://spec.openapis.org/oas/v3.1.0.

It is made of the schemas that requests are held against, so it says of each workload that is
deployed what its columns are. Each path is there with the workload's name in it.
"""

from collections.abc import Sequence
from typing import Any

from proxy import routes
from proxy.assignment import STICKY_HEADER, STICKY_PATTERN
from proxy.asynchronous import ID_PATTERN
from proxy.catalog import Workload
from proxy.media import CSV, JSON, READABLE
from proxy.openapi_examples import example
from proxy.openapi_schemas import (
    COMPONENTS,
    answer,
    columns,
    component,
    problem_components,
    problem_responses,
    record,
    records,
)

Json = dict[str, Any]

SCHEMES: dict[str, Json] = {
    # as API Gateway's own exports have it
    "iam": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "AWS Signature Version 4 of the service execute-api",
        "x-amazon-apigateway-authtype": "awsSigv4",
    },
    "jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "api_key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
}
"""How a caller proves who it is, by what the function's environment says of it."""

_API = "API"
_STICKY = {
    "name": STICKY_HEADER,
    "in": "header",
    "description": "A key, such as a user's id, that always meets the same variant",
    "schema": {"type": "string", "pattern": STICKY_PATTERN},
}


def document(workloads: Sequence[Workload], authentication: str) -> Json:
    """Write the document of the workloads that are deployed."""
    schemes = authentication.split(",")
    paths = _tagged(
        _API,
        {
            routes.LIST: {"get": _got("list", "What is deployed", component("WorkloadList"))},
            routes.DOCUMENT: {"get": _got("document", "This document", {"type": "object"})},
        },
    )
    schemas = dict(COMPONENTS)
    for workload in workloads:
        paths |= _tagged(workload.name, _paths(workload))
        schemas |= {
            f"{workload.name}.Record": record(workload.schema),
            f"{workload.name}.Records": records(workload.name),
            f"{workload.name}.Columns": columns(workload.schema),
        }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Predictions",
            "version": "1",
            "description": "Predictions of the workloads that are deployed",
        },
        # where the document itself is: the gateway's stage or any other name of the API
        "servers": [{"url": "."}],
        "security": [{scheme: [] for scheme in schemes}],
        "tags": [
            {"name": _API, "description": "What is deployed"},
            *({"name": each.name, "description": each.description} for each in workloads),
        ],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": problem_components(),
            "securitySchemes": {scheme: SCHEMES[scheme] for scheme in schemes},
        },
    }


def _tagged(tag: str, paths: Json) -> Json:
    """Group the operations, as viewers do by tags."""
    for path in paths.values():
        for method in path.keys() & {"get", "post"}:
            path[method]["tags"] = [tag]
    return paths


def _paths(workload: Workload) -> Json:
    name = workload.name
    explained = _got(f"explain.{name}", workload.description, component("Workload"), 404)
    paths: Json = {_path(routes.EXPLAIN, workload): {"get": explained}}
    if workload.kind == "asynchronous":
        paths[_path(routes.INVOKE_ASYNC, workload)] = {"post": _asked_later(workload)}
        paths[_path(routes.ASYNC_ANSWER, workload)] = {
            "parameters": [_in_path("id", {"type": "string", "pattern": ID_PATTERN})],
            "get": _fetched(workload),
        }
        return paths
    about = f"{workload.description}; the weights, or a sticky key, choose the variant"
    paths[_path(routes.INVOKE, workload)] = {
        "post": _asked(workload, f"invoke.{name}", about) | {"parameters": [_STICKY]}
    }
    variants = {"type": "string", "enum": [variant.name for variant in workload.variants]}
    paths[_path(routes.INVOKE_VARIANT, workload)] = {
        "parameters": [_in_path("variant", variants)],
        "post": _asked(workload, f"invoke_variant.{name}", f"{workload.description}; of a variant"),
    }
    return paths


def _path(route: str, workload: Workload) -> str:
    return route.replace("{name}", workload.name)


def _in_path(name: str, schema: Json) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _got(operation: str, about: str, schema: Json, *statuses: int) -> Json:
    return {
        "operationId": operation,
        "summary": about,
        "responses": {
            "200": {"description": about, "content": {JSON: {"schema": schema}}},
            **problem_responses(statuses),
        },
    }


def _asked(workload: Workload, operation: str, about: str) -> Json:
    return {
        "operationId": operation,
        "summary": about,
        "requestBody": _body(workload),
        "responses": {
            "200": _predicted(),
            **problem_responses((400, 404, 406, 409, 413, 415)),
        },
    }


def _asked_later(workload: Workload) -> Json:
    waiting = _waiting("It waits for the model; Location is where its answer will be")
    waiting["headers"] |= {"Location": _header()}
    return {
        "operationId": f"invoke_async.{workload.name}",
        "summary": f"{workload.description}; answered later",
        "requestBody": _body(workload),
        "responses": {
            "202": waiting,
            **problem_responses((400, 404, 406, 409, 413, 415)),
        },
    }


def _fetched(workload: Workload) -> Json:
    return {
        "operationId": f"async_answer.{workload.name}",
        "summary": "The answer to a request that was asked before",
        "responses": {
            "200": _predicted(),
            "202": _waiting("There is no answer yet"),
            **problem_responses((404, 409)),
        },
    }


def _body(workload: Workload) -> Json:
    rows = component(f"{workload.name}.Records")
    forms = {"oneOf": [rows, component(f"{workload.name}.Columns")]}
    content: Json = {}
    for name, form in READABLE.items():
        content[name] = {"example": example(workload.schema, form)}
        if form == JSON:
            content[name]["schema"] = forms
            continue
        # each line, but the names that CSV begins with, is one of these
        rows = {"type": "array", "items": component(f"{workload.name}.Record"), "minItems": 1}
        content[name]["schema"] = {
            "type": "string",
            "contentMediaType": name,
            "contentSchema": rows,
        }
    return {"required": True, "content": content}


def _predicted() -> Json:
    names = ("X-Invoked-Production-Variant", "X-Model-Version", "X-Request-Id")
    return {
        "description": "A prediction for each row",
        "headers": {name: _header() for name in names},
        "content": {JSON: {"schema": answer()}, CSV: {"schema": {"type": "string"}}},
    }


def _waiting(description: str) -> Json:
    return {
        "description": description,
        "headers": {"Retry-After": _header()},
        "content": {JSON: {"schema": component("Waiting")}},
    }


def _header() -> Json:
    return {"schema": {"type": "string"}, "required": True}
