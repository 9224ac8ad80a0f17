"""Whatever is asked, the answer is one that the document has, and no failure of the API's own."""

import csv
import io
import json
from typing import Any

from botocore.response import StreamingBody
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy import routes
from proxy.api import Api
from proxy.catalog import Catalog, Workload
from proxy.clients import Clients
from proxy.media import CSV, JSON

from .calls import call
from .conftest import PATH
from .test_openapi import DOCUMENT, SERVED, TYPED, cells, names, told


class Runtime:
    """An endpoint that predicts how many cells each row has."""

    def invoke_endpoint(self, **asked: Any) -> dict[str, Any]:
        text = asked["Body"].decode()
        rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
        assert all(len(row) == len(TYPED["features"]) for row in rows)
        numbers = [len(row) for row in rows]
        is_json = asked["Accept"] == JSON
        body = (
            json.dumps({"predictions": numbers}) if is_json else "".join(f"{n}\n" for n in numbers)
        )
        content = body.encode()
        return {
            "Body": StreamingBody(io.BytesIO(content), len(content)),
            "ContentType": asked["Accept"],
            "InvokedProductionVariant": asked.get("TargetVariant", "mars"),
        }


class Known(Catalog):
    """A catalog that is there already."""

    def _read(self) -> dict[str, Workload]:
        return {workload.name: workload for workload in SERVED}


nothing: Any = None
runtime: Any = Runtime()
API = Api(Known(nothing, PATH), Clients(nothing, runtime, nothing))

values = cells | st.text(max_size=3)
objects = st.dictionaries(names, values, max_size=4)
fitting = st.fixed_dictionaries(
    {"n": st.floats(0, 1.5), "s": st.text(max_size=3)},
    optional={"i": st.none() | st.integers(), "c": st.sampled_from(["a", "1", None])},
)
documents = st.one_of(
    st.lists(fitting, min_size=1, max_size=3).map(lambda rows: {"instances": rows}),
    st.lists(fitting | objects, max_size=3).map(lambda rows: {"instances": rows}),
    fitting.map(lambda row: {"columns": {name: [cell] for name, cell in row.items()}}),
    st.dictionaries(names, st.lists(values, max_size=2)).map(lambda found: {"columns": found}),
    st.recursive(values, lambda inner: st.lists(inner) | st.dictionaries(names, inner)),
)
bodies = st.one_of(
    documents.map(json.dumps),
    st.lists(fitting | objects, max_size=3).map(lambda rows: "\n".join(map(json.dumps, rows))),
    st.lists(st.lists(names | st.text('0123456789.,"\n', max_size=4)), max_size=4).map(
        lambda rows: "\n".join(",".join(row) for row in rows)
    ),
    st.text(max_size=30),
)
types = st.sampled_from(
    [JSON, CSV, "application/jsonlines", "application/x-ndjson", "text/csv; header=present"]
) | st.text(max_size=20)
accepts = st.sampled_from([JSON, CSV, "*/*", "text/*;q=0.1, */*;q=0"]) | st.text(max_size=20)


@settings(max_examples=500)
@given(
    body=bodies,
    content_type=types,
    accept=accepts,
    sticky=st.none() | st.text("ab \u00e9", max_size=5),
    variant=st.none() | st.sampled_from(["mars", "linear", "other", "../x", ""]),
)
def test_a_prediction_or_a_problem_that_the_document_has(
    body: str, content_type: str, accept: str, sticky: str | None, variant: str | None
) -> None:
    headers: dict[str, Any] = {"Content_Type": content_type, "Accept": accept}
    if sticky is not None:
        headers["X_Sticky_Key"] = sticky
    resource = routes.INVOKE if variant is None else routes.INVOKE_VARIANT
    path = {"variant": str(variant)}
    response = call(API, "POST", resource, body, name="typed", path=path, **headers)
    assert response["statusCode"] < 500, response
    assert resource.replace("{name}", "typed") in DOCUMENT["paths"]
    told("POST", resource.replace("{name}", "typed"), response)
