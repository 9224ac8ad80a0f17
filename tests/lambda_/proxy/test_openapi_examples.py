"""What the document offers to send is a request that the API takes."""

import json
from math import ceil, floor
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proxy.formats import convert
from proxy.media import CSV, JSON, READABLE
from proxy.openapi_examples import example
from proxy.schema import Feature, Schema

bounds = st.none() | st.floats(-1e6, 1e6) | st.integers(-1000, 1000)


@st.composite
def features(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["number", "integer", "string", "category"]))
    feature: dict[str, Any] = {"type": kind, "required": draw(st.booleans())}
    if kind == "category":
        feature["values"] = draw(st.lists(st.sampled_from(["a", "b,c", 'd"']), min_size=1))
    if kind in ("number", "integer"):
        low, high = draw(bounds), draw(bounds)
        if low is not None and high is not None:
            low, high = sorted((low, high))
            if kind == "integer" and ceil(low) > floor(high):
                high = ceil(low)
        feature |= {"minimum": low, "maximum": high}
    return feature


@given(st.lists(features(), min_size=1, max_size=4))
def test_an_example_of_each_format_is_read(found: list[dict[str, Any]]) -> None:
    named = [{"name": f"x{at}", **each} for at, each in enumerate(found)]
    schema = Schema(tuple(map(Feature.from_json, named)))
    for form in set(READABLE.values()):
        shown = example(schema, form)
        body = json.dumps(shown) if form == JSON else shown
        (part,) = convert(body.encode(), form, schema, target=CSV, header=False, most=None)
        assert part.rows == 1
