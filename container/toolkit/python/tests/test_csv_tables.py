from __future__ import annotations

import contextlib
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.csv_tables import Table, format_csv, parse_csv, parse_csv_numbered, parse_csv_rows
from toolkit.problems import UserError

# whatever a cell may hold but a lone carriage return, which some readers take for a line's end
CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r"), max_size=6)


def tables(cells: st.SearchStrategy[str] = CELLS) -> st.SearchStrategy[list[list[str]]]:
    return st.integers(1, 4).flatmap(
        lambda width: st.lists(
            st.lists(cells, min_size=width, max_size=width), min_size=2, max_size=5
        )
    )


def written(rows: list[list[str]], **how: object) -> str:
    text = io.StringIO()
    csv.writer(text, **how).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


@given(rows=tables(), all_quoted=st.booleans(), end=st.sampled_from(["\n", "\r\n"]))
def test_what_the_csv_module_writes_is_read_back(
    rows: list[list[str]], all_quoted: bool, end: str
) -> None:
    text = written(
        rows, quoting=csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL, lineterminator=end
    )
    table = parse_csv(text)
    assert table.names == rows[0]
    assert [list(row) for row in zip(*table.columns, strict=True)] == rows[1:]


@given(rows=tables())
def test_what_is_written_is_read_back(rows: list[list[str]]) -> None:
    # a line without any text is none at the end of a file
    rows = [[cell or "-" for cell in row] for row in rows]
    columns = list(map(list, zip(*rows[1:], strict=True)))
    assert parse_csv(format_csv(rows[0], columns)) == Table(rows[0], columns)


@given(text=st.text(st.sampled_from(list('ab",\r\n ')), max_size=30))
def test_any_text_is_a_table_or_a_problem_of_the_users(text: str) -> None:
    for read in (parse_csv, parse_csv_numbered, lambda text: parse_csv_rows(text, ["x", "y"])):
        with contextlib.suppress(UserError):
            assert len({len(column) for column in read(text).columns}) == 1


@given(rows=tables(st.text(st.sampled_from(list("ab1. -")), min_size=1, max_size=4)))
def test_quotes_change_nothing(rows: list[list[str]]) -> None:
    assert parse_csv(written(rows, quoting=csv.QUOTE_ALL)) == parse_csv(written(rows))


def test_columns_are_text_in_the_order_of_the_header() -> None:
    assert parse_csv("a,b\n1,x\n2,\n") == Table(["a", "b"], [["1", "2"], ["x", ""]])


def test_empty_lines_at_the_end_are_no_rows() -> None:
    for text in ("a,b\n1,2", "a,b\n1,2\n", "a,b\r\n1,2\r\n\r\n", "a,b\n1,2\n\n\n"):
        assert parse_csv(text) == Table(["a", "b"], [["1"], ["2"]])
    assert parse_csv("a,b\n") == Table(["a", "b"], [[], []])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "found no text, expected CSV with a header line"),
        ("\n\n", "found no text, expected CSV with a header line"),
        ("a,b\n1,2\n1\n", "row 2: found 1 fields, expected 2"),
        ("a,b\n\n1,2\n", "row 1: found 1 fields, expected 2"),
        ("a,b\n1,2,3\n1\n", "row 1: found 3 fields, expected 2; row 2: found 1 fields"),
        ('a,b\n1,x"y\n', "row 1: found a quote inside 'x\"y', expected quotes around the whole"),
        ('a,b\n1,"x"y\n', "row 1: found a quote inside '\"x\"y'"),
        ('a,b\n1,2\n3,"x\n', "row 2: found a quote inside '\"x'"),
        ('a",b\n1,2\n', "row 0: found a quote inside 'a\"'"),
        ('a,b\n"1"",2\nx",y"\n', "row 1: found a quote inside"),
    ],
)
def test_what_is_no_table_is_told_by_row(text: str, problem: str) -> None:
    with pytest.raises(UserError) as error:
        parse_csv(text)
    assert problem in str(error.value)


def test_a_quoted_field_may_hold_what_else_ends_one() -> None:
    assert parse_csv('a,b\n"1,5","x ""y""\r\nz"\n') == Table(["a", "b"], [["1,5"], ['x "y"\r\nz']])


def test_rows_without_a_header_have_the_names_they_are_given() -> None:
    assert parse_csv_rows("1,2\n3,4\n", ["x", "y"]) == Table(["x", "y"], [["1", "3"], ["2", "4"]])
    with pytest.raises(UserError) as error:
        parse_csv_rows("1,2\n3\n", ["x", "y"])
    assert (
        str(error.value) == "by position, the columns are x, y: row 2: found 1 fields, expected 2"
    )


def test_columns_without_a_header_are_called_by_position() -> None:
    assert parse_csv_numbered("7,8\n9,0\n") == Table(["1", "2"], [["7", "9"], ["8", "0"]])
    with pytest.raises(UserError, match="row 2: found 1 fields, expected 2"):
        parse_csv_numbered("7,8\n9\n")
    with pytest.raises(UserError, match="found no text"):
        parse_csv_numbered("\n")
