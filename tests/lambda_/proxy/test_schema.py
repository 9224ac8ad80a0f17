from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.schema import Feature

FEATURES = [
    Feature("f", "number"),
    Feature("f", "integer"),
    Feature("f", "string"),
    Feature("f", "category"),
    Feature("f", "category", ("a", "1")),
]
numberlike = st.text("0123456789+-.eE_ nafi", max_size=6)
numbers = st.floats() | st.integers()
cells = numbers.map(str) | numberlike | st.sampled_from("a1") | st.text()
values = st.none() | st.booleans() | numbers | st.sampled_from("a1") | st.text()


def read(read_cell: Any, column: list[Any]) -> list[Any] | None:
    try:
        return [read_cell(cell) for cell in column]
    except ValueError:
        return None


@given(st.sampled_from(FEATURES), st.lists(cells, min_size=1, max_size=3))
def test_the_short_cut_for_texts_agrees_with_the_long_way(
    feature: Feature, column: list[str]
) -> None:
    if feature.are_plain_texts(column):
        assert read(feature.text, column) == column


@given(st.sampled_from(FEATURES), st.lists(values, min_size=1, max_size=3))
def test_the_short_cut_for_values_agrees_with_the_long_way(
    feature: Feature, column: list[object]
) -> None:
    if feature.are_plain_values(column):
        assert read(feature.value, column) == column


@pytest.mark.parametrize(
    ("feature", "texts", "typed"),
    [
        (FEATURES[0], ["1.5", "-2e3"], [1.5, -2000.0]),
        (FEATURES[1], ["1", "-2"], [1, -2]),
        (FEATURES[2], ["x", ""], ["x", ""]),
        (FEATURES[4], ["a", "1"], ["a", "1"]),
    ],
)
def test_usual_columns_take_the_short_cut(
    feature: Feature, texts: list[str], typed: list[object]
) -> None:
    assert feature.are_plain_texts(texts)
    assert feature.are_plain_values(typed)
    assert feature.typed(texts) == typed


@given(st.sampled_from(FEATURES[:2]), st.lists(cells, min_size=1, max_size=3))
def test_every_text_that_is_read_has_a_json_value(feature: Feature, column: list[str]) -> None:
    texts = read(feature.text, column)
    if texts is not None:
        assert feature.are_plain_values(list(feature.typed(texts)))


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "f", "type": "number"},
        {"name": "f", "type": "category", "values": ["a", "b"]},
    ],
)
def test_a_feature_is_described_as_the_catalog_describes_it(entry: dict[str, Any]) -> None:
    assert Feature.from_json(entry).public() == entry


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="feature f has the type float"):
        Feature.from_json({"name": "f", "type": "float"})
