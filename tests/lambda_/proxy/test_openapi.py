"""The document is OpenAPI 3.1, and says of requests and answers what is so."""

import json
from typing import Any

import pytest
from botocore.stub import Stubber
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from proxy import routes
from proxy.api import Api
from proxy.catalog import Workload
from proxy.errors import CODES, InvalidBodyError
from proxy.formats import convert
from proxy.media import JSON
from proxy.openapi import SCHEMES, document

from .calls import answer, call
from .conftest import IRIS, Parameters
from .test_asynchronous import LATER

FEATURES = [
    {"name": "n", "type": "number", "minimum": 0, "maximum": 1.5},
    {"name": "i", "type": "integer", "required": False},
    {"name": "c", "type": "category", "values": ["a", "1"], "required": False},
    {"name": "s", "type": "string", "description": "any text"},
]
TYPED = IRIS | {"name": "typed", "features": FEATURES}
SERVED = [Workload.from_json(json.dumps(entry)) for entry in (IRIS, LATER, TYPED)]
DOCUMENT = document(SERVED, "iam")


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator(schema | {"components": DOCUMENT["components"]})


def body_schema(workload: str) -> dict[str, Any]:
    operation = DOCUMENT["paths"][f"/workloads/{workload}/invocations"]["post"]
    found: dict[str, Any] = operation["requestBody"]["content"][JSON]["schema"]
    return found


@pytest.mark.parametrize("authentication", [*SCHEMES, "jwt,api_key"])
@pytest.mark.parametrize("workloads", [[], SERVED])
def test_it_is_a_valid_document(workloads: list[Workload], authentication: str) -> None:
    found = json.loads(json.dumps(document(workloads, authentication)))
    assert found["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(found).validate()
    names = authentication.split(",")
    assert found["security"] == [{name: [] for name in names}]
    assert list(found["components"]["securitySchemes"]) == names


def test_it_is_published(api: Api, parameters: Parameters) -> None:
    parameters.hold([IRIS, LATER, TYPED])
    response = call(api, "GET", routes.DOCUMENT, None)
    assert response["statusCode"] == 200
    assert json.loads(response["body"]) == DOCUMENT


def test_it_has_every_route_and_no_other() -> None:
    found = {
        (path.replace(f"/{workload.name}", "/{name}"), method.upper())
        for workload in SERVED
        for path, operations in DOCUMENT["paths"].items()
        if path.split("/")[1:2] != ["workloads"] or path.split("/")[2:3] in ([], [workload.name])
        for method in operations
        if method != "parameters"
    }
    assert found == set(routes.METHODS.items())


def test_it_has_every_problem_that_the_api_tells_of() -> None:
    told = {
        int(status)
        for operations in DOCUMENT["paths"].values()
        for method, operation in operations.items()
        if method != "parameters"
        for status in operation["responses"]
    }
    # another method than the one of a path never reaches the function: the gateway has no such
    assert set(CODES) - {405} <= told


cells = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(-1, 2)
    | st.integers(-1, 2)
    | st.sampled_from(["a", "1", "", "x"])
    | st.lists(st.integers(), max_size=1)
)
names = st.sampled_from(["n", "i", "c", "s", "other"])
fitting = st.fixed_dictionaries(
    {"n": st.floats(0, 1.5), "s": st.text("ab", max_size=3)},
    optional={"i": st.none() | st.integers(-9, 9), "c": st.sampled_from(["a", "1", "", None])},
)


@st.composite
def nearly(draw: st.DrawFn, table: st.SearchStrategy[dict[str, Any]], others: Any) -> Any:
    """A table that fits, or of which one member is another, too many or missing."""
    found = draw(table)
    match draw(st.sampled_from(["as it is", "other", "missing"])):
        case "other":
            found = found | {draw(names): draw(others)}
        case "missing":
            found.pop(draw(names), None)
    return found


rows = nearly(fitting, cells)
columns = fitting.map(lambda row: {name: [row[name]] for name in row})
bodies = st.one_of(
    nearly(st.builds(lambda found: {"instances": found}, st.lists(rows, max_size=3)), cells),
    nearly(columns, st.lists(cells, max_size=2) | cells).map(lambda found: {"columns": found}),
    cells,
)


def accepted(document: object) -> bool:
    (typed,) = (workload for workload in SERVED if workload.name == "typed")
    try:
        convert(json.dumps(document).encode(), JSON, typed.schema, target=JSON, header=False)
    except InvalidBodyError:
        return False
    return True


def as_long(found: Any) -> bool:
    """Whether all columns are as long as each other, for which JSON Schema has no words."""
    if not isinstance(found, dict) or not isinstance(found.get("columns"), dict):
        return True
    return len({len(each) for each in found["columns"].values() if isinstance(each, list)}) <= 1


def assert_agreed(found: Any) -> None:
    """Assert that the API takes a body where its schema does."""
    fits = validator(body_schema("typed")).is_valid(found)
    assert accepted(found) == (fits and as_long(found))


@settings(max_examples=300)
@given(bodies)
def test_the_api_takes_what_the_schema_takes_and_nothing_else(found: Any) -> None:
    assert_agreed(found)


ROW = {"n": 1, "i": 2, "c": "a", "s": "x"}


@settings(max_examples=300)
@given(st.sampled_from("nics"), cells)
def test_the_api_takes_the_values_that_the_schema_takes(name: str, cell: object) -> None:
    assert_agreed({"instances": [ROW | {name: cell}]})
    assert_agreed({"columns": {column: [value] for column, value in (ROW | {name: cell}).items()}})


@pytest.mark.parametrize(
    ("found", "taken"),
    [
        ({"instances": [ROW]}, True),
        ({"instances": [{"n": 1, "s": "x"}]}, True),
        ({"instances": [ROW | {"n": -1}]}, False),
        ({"instances": [ROW | {"n": 1.6}]}, False),
        ({"instances": [ROW | {"i": -(10**308)}]}, True),
        ({"instances": [ROW | {"i": 10**309}]}, False),
        ({"instances": [ROW | {"i": None, "c": None}]}, True),
        ({"instances": [ROW | {"n": None}]}, False),
        ({"instances": [ROW | {"other": 1}]}, False),
        ({"instances": [{"n": 1}]}, False),
        ({"instances": [ROW], "id": 1}, False),
        ({"instances": []}, False),
        ({"instances": [ROW], "columns": {}}, False),
        ({"columns": {"n": [1, 0], "s": ["x", ""]}}, True),
        ({"columns": {"n": [1]}}, False),
        ({"columns": {"n": [], "s": []}}, False),
        ({"columns": {"n": [1], "s": ["x"], "other": [1]}}, False),
        ({"columns": {"n": 1, "s": ["x"]}}, False),
        ([ROW], False),
    ],
)
def test_a_body_is_taken_by_both_or_by_neither(found: Any, taken: bool) -> None:
    assert accepted(found) == validator(body_schema("typed")).is_valid(found) == taken


def told(method: str, path: str, response: dict[str, Any]) -> None:
    """Assert that the document has this answer."""
    described = DOCUMENT["paths"][path][method.lower()]["responses"][str(response["statusCode"])]
    if "$ref" in described:
        described = DOCUMENT["components"]["responses"][described["$ref"].rpartition("/")[2]]
    content = described["content"][response["headers"]["Content-Type"]]
    is_json = "json" in response["headers"]["Content-Type"]
    body = json.loads(response["body"]) if is_json else response["body"]
    validator(content["schema"]).validate(body)
    assert set(described.get("headers", ())) <= set(response["headers"])


@pytest.mark.parametrize(
    ("method", "resource", "body"),
    [
        ("GET", routes.LIST, None),
        ("GET", routes.EXPLAIN, None),
        ("GET", routes.DOCUMENT, None),
        ("POST", routes.INVOKE, ""),
        ("POST", routes.INVOKE, "Species\nrose"),
        ("POST", routes.INVOKE_VARIANT, "Species\nrose"),
    ],
)
def test_every_answer_is_in_it(
    api: Api, parameters: Parameters, method: str, resource: str, body: str | None
) -> None:
    parameters.hold([IRIS, LATER, TYPED])
    response = call(api, method, resource, body, path={"variant": "mars"})
    told(method, resource.replace("{name}", "iris"), response)
    if resource == routes.EXPLAIN:
        for name in ("later", "typed"):
            told(method, f"/workloads/{name}", call(api, method, resource, body, name=name))


@pytest.mark.parametrize("accept", ["application/json", "text/csv", "image/png"])
def test_every_prediction_is_in_it(
    api: Api, parameters: Parameters, runtime: Stubber, accept: str
) -> None:
    parameters.hold([IRIS, LATER, TYPED])
    if accept != "image/png":
        answer(runtime, b"5.01\n", answered="text/csv", Accept=accept)
    told("POST", "/workloads/iris/invocations", call(api, Accept=accept))


def test_bodies_that_are_text_are_described_row_by_row() -> None:
    content = DOCUMENT["paths"]["/workloads/iris/invocations"]["post"]["requestBody"]["content"]
    for name in ("text/csv", "application/jsonlines", "application/x-ndjson"):
        rows = content[name]["schema"]["contentSchema"]["items"]
        assert rows == {"$ref": "#/components/schemas/iris.Record"}
