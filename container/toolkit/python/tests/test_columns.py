from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.columns import (
    Column,
    as_number,
    as_numbers,
    cell_problems,
    describe_columns,
    design_matrix,
)
from toolkit.csv_tables import Cell, Table, parse_csv
from toolkit.problems import UserError

SIZE, KIND = Column("size"), Column("kind", ("a", "b", "c"))


def described(text: str, target: str, numeric: bool | None = None) -> dict[str, Column]:
    columns = describe_columns(parse_csv(text), target, numeric_target=numeric)
    return {column.name: column for column in columns}


def problem_of(text: str, target: str = "y", numeric: bool | None = None) -> str:
    with pytest.raises(UserError) as error:
        described(text, target, numeric)
    return str(error.value)


def test_numbers_are_themselves_and_a_category_has_a_column_for_each_level() -> None:
    matrix = design_matrix([SIZE, KIND], Table(["size", "kind"], [["1", 2.5], ["c", "a"]]))
    assert matrix.tolist() == [[1, 0, 0, 1], [2.5, 1, 0, 0]]
    assert matrix.dtype == np.float64


def test_a_category_stands_between_the_numbers_around_it() -> None:
    columns = [SIZE, KIND, Column("age")]
    table = Table(["size", "kind", "age"], [["1", "2"], ["b", "a"], ["3", "4"]])
    assert design_matrix(columns, table).tolist() == [[1, 0, 1, 0, 3], [2, 1, 0, 0, 4]]


@given(order=st.permutations(["size", "kind"]), sizes=st.lists(st.floats(-1e9, 1e9), min_size=1))
def test_columns_are_taken_by_name(order: list[str], sizes: list[float]) -> None:
    cells: dict[str, list[Cell]] = {"size": list(sizes), "kind": ["b"] * len(sizes)}
    matrix = design_matrix([SIZE, KIND], Table(order, [cells[name] for name in order]))
    assert matrix[:, 0].tolist() == sizes
    assert matrix[:, 1:].tolist() == [[0, 1, 0]] * len(sizes)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_as_it_is_spelled(value: float) -> None:
    assert as_number(repr(value)) == value
    assert as_numbers([[repr(value), value]]).tolist() == [[value, value]]


@pytest.mark.parametrize(
    "cell", ["", "NA", "NaN", "Inf", "-inf", "1e999", "x", "1 2", "1_000", "0x10", "true", 10**400]
)
def test_whatever_else_is_no_number(cell: Cell) -> None:
    assert np.isnan(as_number(cell))
    assert np.isnan(as_numbers([["1", cell, 2.5]])).tolist() == [[False, True, False]]
    cells: list[Cell] = ["1", cell, 2.5] if isinstance(cell, str) else ["1", "", "2"]
    (problem,) = cell_problems([SIZE], Table(["size"], [cells]))
    assert problem.startswith("row 2, column 'size': found ")
    assert problem.endswith(", expected a number")


def test_a_number_of_json_may_be_a_level() -> None:
    digits = Column("digit", ("1", "2.5"))
    assert digits.codes([1, 2.5, 1.0, "1", 3]).tolist() == [0, 1, 0, 0, -1]


def test_every_wrong_cell_is_told_with_what_was_expected() -> None:
    table = Table(["kind", "size"], [["a", "d", ""], ["x", "1", "NA"]])
    with pytest.raises(UserError) as error:
        design_matrix([SIZE, KIND], table)
    assert str(error.value) == (
        "row 1, column 'size': found 'x', expected a number; "
        "row 2, column 'kind': found 'd', expected one of a, b, c; "
        "row 3, column 'size': found nothing, expected a number; "
        "row 3, column 'kind': found nothing, expected one of a, b, c"
    )


def test_an_unknown_level_is_told_where_all_numbers_are_right() -> None:
    with pytest.raises(UserError) as error:
        design_matrix([SIZE, KIND], Table(["size", "kind"], [["1", "2"], ["a", "d"]]))
    assert str(error.value) == "row 2, column 'kind': found 'd', expected one of a, b, c"


def test_every_wrong_column_is_told() -> None:
    with pytest.raises(UserError) as error:
        design_matrix([SIZE, KIND], Table(["size", "sort", "size"], [["1"]] * 3))
    assert str(error.value) == (
        "column 'kind' is missing, found: size, sort, size; "
        "column 'sort' is unknown, expected: size, kind; column 'size' is given twice"
    )


def test_no_row_is_a_problem() -> None:
    with pytest.raises(UserError, match="found no row, expected at least one"):
        design_matrix([SIZE, KIND], Table(["size", "kind"], [[], []]))


def test_columns_are_described_by_what_most_of_their_cells_are() -> None:
    columns = described("y,a,b\n1,x,1\n2,y,3\n3,x,2\n", "y")
    assert columns == {"y": Column("y"), "a": Column("a", ("x", "y")), "b": Column("b")}
    assert described("y,a\n1,x\n2,y\n", "a")["a"] == Column("a", ("x", "y"))


def test_levels_are_in_the_order_of_code_points() -> None:
    assert described("y,a\n1,b\n2,B\n3,ä\n4,10\n", "y")["a"].levels == ("10", "B", "b", "ä")


def test_a_typo_among_numbers_is_told_and_makes_no_category() -> None:
    text = "y,a\n1,1\n2,2\n3,3x\n4,\n"
    assert problem_of(text) == (
        "row 3, column 'a': found '3x', expected a number; "
        "row 4, column 'a': found nothing, expected a number; "
        "leave out rows that have no value somewhere, in pandas by dropna()"
    )
    assert "leave out" not in problem_of(text.replace("4,\n", ""))


def test_a_targets_cells_may_be_said_to_be_numbers_or_classes() -> None:
    text = "y,a\n0,1\n1,2\n"
    assert described(text, "y")["y"] == Column("y")
    assert described(text, "y", numeric=False)["y"] == Column("y", ("0", "1"))
    assert "row 1, column 'y': found 'x', expected a number" in problem_of(
        "y,a\nx,1\ny,2\n", numeric=True
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x,a\n1,2\n", "hyperparameter 'target': found 'y', allowed: a column of the data (x, a)"),
        ("y\n1\n2\n", "found no column but the target, expected at least one feature"),
        ("y,a\n", "found no rows of training data"),
        ("y,a\n1,7\n2,7\n", "column 'a' is constant: found only '7', expected at least two values"),
        ("y,a\n1,\n2,\n", "column 'a' is constant: found only nothing, expected at least two"),
        ("y,a\n1,1\n1,2\n", "column 'y' is constant: found only '1', expected at least two values"),
        (
            "y,a\n" + "".join(f"{i},t{i}\n" for i in range(1001)),
            "column 'a': found 1001 different texts, expected at most 1000: leave out identifiers",
        ),
    ],
)
def test_what_cannot_be_trained_on_is_told(text: str, problem: str) -> None:
    assert problem in problem_of(text)


def test_ten_problems_are_told_and_how_many_more_there_are() -> None:
    rows = "".join(f"{i},{'x' if i < 15 else i}\n" for i in range(100))
    problems = problem_of("y,a\n" + rows).split("; ")
    assert len(problems) == 11
    assert problems[-1] == "and 5 problems more"


def test_a_description_is_read_back() -> None:
    assert [Column.from_json(each.to_json()) for each in (SIZE, KIND)] == [SIZE, KIND]
    assert KIND.to_json() == {"name": "kind", "type": "category", "levels": ["a", "b", "c"]}
    assert SIZE.to_json() == {"name": "size", "type": "number"}
