from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.csv_tables import Cell, Table
from toolkit.json_tables import as_cell, parse_instances
from toolkit.problems import UserError

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ANY = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {"a": st.text(), "b": st.floats(allow_nan=False, allow_infinity=False)}
        ),
        min_size=1,
    )
)
def test_texts_and_numbers_are_what_they_were(rows: list[dict[str, str | float]]) -> None:
    table = parse_instances(json.dumps({"instances": rows}))
    assert table == Table(["a", "b"], [[row["a"] for row in rows], [row["b"] for row in rows]])


@given(document=ANY)
def test_any_json_is_a_table_or_a_problem_of_the_users(document: object) -> None:
    for body in (document, {"instances": document}, {"instances": [document]}):
        with contextlib.suppress(UserError):
            cells = [cell for cells in parse_instances(json.dumps(body)).columns for cell in cells]
            assert all(isinstance(cell, str | int | float) for cell in cells)


def test_rows_may_have_their_columns_in_any_order_and_leave_some_out() -> None:
    table = parse_instances('{"instances": [{"a": 1, "b": "x"}, {"c": true, "a": 2.5}]}')
    assert table == Table(["a", "b", "c"], [[1, 2.5], ["x", ""], ["", "true"]])


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("x", "x"),
        (1, 1),
        (2.5, 2.5),
        (None, ""),
        (True, "true"),
        ([1], "[1]"),
        ({"a": 1}, '{"a": 1}'),
    ],
)
def test_a_value_is_a_number_or_the_text_that_a_csv_would_have(value: object, cell: Cell) -> None:
    assert as_cell(value) == cell
    assert type(as_cell(value)) is type(cell)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "the body is not JSON: "),
        ("[" * 100_000, "the body is not JSON: "),
        ('{"instances": [{"a": NaN}]}', "the body is not JSON: NaN is not JSON"),
        ("[]", 'expected {"instances": [{column: value, ...}, ...]} with at least one instance'),
        ('{"instances": []}', 'expected {"instances": ['),
        ('{"instances": {"a": 1}}', 'expected {"instances": ['),
        (
            '{"instances": [{"a": 1}, 2, []]}',
            "row 2: expected an object {column: value, ...}; row 3:",
        ),
        ('{"instances": [{"a": 1}, {"a": 1, "a": 2}]}', "row 2: a column is given twice"),
    ],
)
def test_what_is_no_table_is_told(text: str, problem: str) -> None:
    with pytest.raises(UserError) as error:
        parse_instances(text)
    assert str(error.value).startswith(problem)
