import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.problems import Number
from proxy.schema import Feature

FEATURES = [
    Feature("f", "number"),
    Feature("f", "integer"),
    Feature("f", "string"),
    Feature("f", "category"),
    Feature("f", "category", ("a", "1")),
    Feature("f", "number", minimum=0, maximum=1.5),
    Feature("f", "integer", minimum=-1, maximum=10),
    Feature("f", "number", required=False),
    Feature("f", "integer", required=False, minimum=0),
    Feature("f", "string", required=False),
    Feature("f", "category", ("a", "1"), required=False),
]
NUMBERS = [feature for feature in FEATURES if feature.is_number]
numberlike = st.text("0123456789+-.eE_ nafi", max_size=6)
numbers = st.floats() | st.integers()
cells = numbers.map(str) | numberlike | st.sampled_from(["a", "1", ""]) | st.text()
values = (
    st.none() | st.booleans() | numbers.map(str).map(Number) | st.sampled_from("a1") | st.text()
)


def read(read_cell: Any, column: list[Any]) -> list[Any] | None:
    try:
        return [read_cell(cell) for cell in column]
    except ValueError:
        return None


@given(st.sampled_from(FEATURES), st.lists(cells, min_size=1, max_size=3))
def test_the_short_cut_for_texts_agrees_with_the_long_way(
    feature: Feature, column: list[str]
) -> None:
    if feature.are_plain(column):
        assert read(feature.text, column) == column


@given(st.sampled_from(FEATURES), st.lists(values, min_size=1, max_size=3))
def test_the_short_cut_for_values_agrees_with_the_long_way(
    feature: Feature, column: list[object]
) -> None:
    if feature.are_plain_values(column):
        assert read(feature.text_of, column) == column


@pytest.mark.parametrize(
    ("feature", "texts", "spelled"),
    [
        (FEATURES[0], ["1.5", "-2e3"], ["1.5", "-2e3"]),
        (FEATURES[0], ["+1.50", ".5", "5.", "007", "-0.0"], ["1.50", "0.5", "5", "7", "-0.0"]),
        (FEATURES[1], ["1", "-2", "+03"], ["1", "-2", "3"]),
        (FEATURES[2], ["x", "", 'a"b'], ['"x"', '""', '"a\\"b"']),
        (FEATURES[4], ["a", "1"], ['"a"', '"1"']),
        (FEATURES[7], ["", "1"], ["null", "1"]),
        (FEATURES[9], ["", "x"], ["null", '"x"']),
    ],
)
def test_usual_columns_take_the_short_cut(
    feature: Feature, texts: list[str], spelled: list[str]
) -> None:
    assert feature.are_plain(texts)
    assert feature.json(texts) == spelled


@given(st.sampled_from(NUMBERS), st.lists(cells, min_size=1, max_size=3))
def test_every_number_that_is_read_is_one_of_json_with_its_value(
    feature: Feature, column: list[str]
) -> None:
    texts = read(feature.text, column)
    if texts is not None:
        spelled = json.loads(f"[{','.join(feature.json(texts))}]", parse_int=float)
        assert [float(text) if text else None for text in texts] == spelled


@pytest.mark.parametrize(
    ("cell", "text"),
    [("3.0", "3"), ("1e3", "1000"), ("12.5e1", "125"), ("-1E+2", "-100"), ("9" * 300,) * 2],
)
def test_an_integer_has_neither_fraction_nor_exponent(cell: str, text: str) -> None:
    assert Feature("f", "integer").text(cell) == text


@pytest.mark.parametrize(
    ("feature", "cell"),
    [
        (FEATURES[5], "-1e-9"),
        (FEATURES[5], "1.5000001"),
        (FEATURES[6], "-2"),
        (FEATURES[6], "11"),
        (FEATURES[0], "1e309"),
        (FEATURES[1], "1e309"),
        (FEATURES[1], "1e999999999"),
        (FEATURES[1], "1e-999999999"),
        (FEATURES[1], "5e-1"),
    ],
)
def test_a_number_out_of_bounds_is_refused(feature: Feature, cell: str) -> None:
    assert read(feature.text, [cell]) is None
    assert not feature.are_plain([cell])


def test_what_is_expected_is_said_with_its_bounds() -> None:
    assert FEATURES[5].phrase() == "a finite number of at least 0 and of at most 1.5"
    assert FEATURES[8].phrase() == "an integer of at least 0, or nothing"


@pytest.mark.parametrize(
    "entry",
    [
        {"name": "f", "type": "number"},
        {"name": "f", "type": "category", "values": ["a", "b"]},
        {"name": "f", "type": "integer", "minimum": 0, "maximum": 9, "description": "how many"},
        {"name": "f", "type": "string", "required": False},
    ],
)
def test_a_feature_is_described_as_the_catalog_describes_it(entry: dict[str, Any]) -> None:
    assert Feature.from_json(entry).public() == entry


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(ValueError, match="feature f has the type float"):
        Feature.from_json({"name": "f", "type": "float"})
