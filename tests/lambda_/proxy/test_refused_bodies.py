"""A body that is not the schema's is refused, with where and why."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import BodyTooLargeError, InvalidBodyError
from proxy.formats import convert
from proxy.media import CSV, JSON, LINES
from proxy.schema import Feature, Schema

from .irises import HEADER, IRIS, from_csv, from_json, from_lines, instance, problem


@given(st.text(), st.sampled_from([CSV, JSON, LINES]))
def test_no_body_makes_anything_but_an_invalid_body_error(text: str, content_type: str) -> None:
    body = text.encode(errors="surrogatepass")
    with pytest.raises(InvalidBodyError):
        convert(body, content_type, IRIS, target=CSV, header=True)


@given(st.binary())
def test_no_bytes_make_anything_but_an_invalid_body_error(body: bytes) -> None:
    with pytest.raises(InvalidBodyError):
        convert(body, CSV, IRIS, target=CSV, header=True)


@pytest.mark.parametrize(
    "cell",
    [
        "",
        " ",
        "x",
        "nan",
        "NA",
        "inf",
        "-Infinity",
        "1e999",
        "1_000",
        "1,5",
        "0x10",
        "٣",
        "1 2",
        "true",
    ],
)
def test_what_is_no_finite_number_is_refused(cell: str) -> None:
    told = problem(from_csv, f'{HEADER}"{cell}",3,setosa,x')
    assert told.startswith('row 1, column "Sepal.Width": ')
    assert told.endswith(", expected a finite number")


@pytest.mark.parametrize("cell", ["", "3.5", "1e-3", "x", "1_0", "٣", "9" * 5000, "e"])
def test_what_is_no_integer_is_refused(cell: str) -> None:
    assert problem(from_csv, f"{HEADER}1,{cell},setosa,x").endswith(", expected an integer")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Sepal.Width", "3.5", '"3.5", expected a finite number'),
        ("Sepal.Width", True, "true, expected a finite number"),
        ("Sepal.Width", None, "null, expected a finite number"),
        ("Sepal.Width", {}, "an object, expected a finite number"),
        ("Sepal.Width", [1], "a list, expected a finite number"),
        ("Petals", 3.5, "3.5, expected an integer"),
        ("Petals", "3", '"3", expected an integer'),
        ("Petals", False, "false, expected an integer"),
        ("Species", "Setosa", '"Setosa", expected one of "setosa", "versicolor", "virginica"'),
        ("Species", 1, '1, expected one of "setosa", "versicolor", "virginica"'),
        ("Note", 1, "1, expected a string"),
        ("Note", None, "null, expected a string"),
    ],
)
def test_a_json_value_of_another_type_is_refused(name: str, value: object, expected: str) -> None:
    told = problem(from_json, {"instances": [instance(), instance(**{name: value})]})
    assert told == f'row 2, column "{name}": {expected}'


def test_a_number_beyond_a_double_is_refused() -> None:
    huge = instance(**{"Sepal.Width": 10**400})
    assert "expected a finite number" in problem(from_json, {"instances": [huge]})
    text = json.dumps({"instances": [instance()]}).replace("3.5", "1e999")
    assert "expected a finite number" in problem(from_json, text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the body is empty"),
        (" \n\n", "the body is empty"),
        (HEADER, "the body has a header line but no rows"),
        (HEADER + "1,2,setosa,x\n\n1,2,setosa,x", "row 2 has 0 cells, expected 4"),
        (HEADER + "1,2,setosa", "row 1 has 3 cells, expected 4"),
        (HEADER + '1,2,setosa,"x', "line 2: unexpected end of data"),
        (HEADER + '1,2,setosa,"x"y', "line 2: ',' expected after '\"'"),
        ("Sepal.Width,Petals,Species\n1,2,setosa", 'the header lacks the column "Note"'),
        (HEADER.replace("Note", "Note,Id"), 'the header has the unknown column "Id"'),
        (HEADER.replace("Note", "Note,Petals"), 'the header has the column "Petals" twice'),
    ],
)
def test_a_csv_that_is_not_the_schemas_is_refused(text: str, told: str) -> None:
    assert problem(from_csv, text) == told


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("{", "the body is not JSON: Expecting property name"),
        ('{"instances": [NaN]}', "the body is not JSON: NaN is not JSON"),
        ("[" * 100_000, "the body is not JSON: maximum recursion depth"),
        ('{"instances": [{"a": 1, "b": 2, "a": 3}]}', 'not JSON: an object has "a" twice'),
        ("[]", 'the body is not {"instances": [{column: value, …}, …]} or {"columns": '),
        ({"instances": [instance()], "id": 1}, 'the body is not {"instances": '),
        ({"instances": []}, "instances is an empty list, expected a list of objects"),
        ({"instances": instance()}, "instances is an object, expected a list of objects"),
        ({"instances": [[1, 2]]}, "row 1 is a list, expected an object"),
        ({"instances": [instance(), {}]}, 'row 2 lacks the column "Sepal.Width"; row 2 lacks'),
        ({"instances": [instance(Id=1)]}, 'row 1 has the unknown column "Id"'),
        ({"instances": [instance(Note="\ud800")]}, "text that is not Unicode"),
        ({"columns": []}, "columns is an empty list, expected an object of lists"),
        ({"columns": {}}, 'the body lacks the column "Sepal.Width"'),
        ({"columns": {"Petals": 1}}, 'column "Petals" is 1, expected a list of values'),
        ({"columns": {"Id": [1]}}, 'the body has the unknown column "Id"'),
        (
            {"columns": {name: [1] for name in IRIS.names} | {"Note": [1, 2]}},
            'column "Note" has 2 values, "Sepal.Width" has 1',
        ),
        (
            {"columns": {name: [None] for name in IRIS.names}},
            'row 1, column "Note": null, expected',
        ),
    ],
)
def test_a_json_that_is_not_the_schemas_is_refused(document: object, told: str) -> None:
    assert told in problem(from_json, document)


def test_a_body_that_is_not_utf8_is_refused() -> None:
    assert "not UTF-8" in problem(from_csv, HEADER.encode() + b"1,2,setosa,\xe9")


def test_every_problem_is_told_at_once_in_the_order_of_the_rows() -> None:
    told = problem(from_csv, HEADER + "x,1.5,setosa,\n1,2,rosa,\ny,1,setosa,")
    assert [part.partition(":")[0] for part in told.split("; ")] == [
        'row 1, column "Sepal.Width"',
        'row 1, column "Petals"',
        'row 2, column "Species"',
        'row 3, column "Sepal.Width"',
    ]


def test_ten_problems_are_told_and_that_there_are_more() -> None:
    assert problem(from_csv, HEADER + "x,2,setosa,\n" * 10).count("; ") == 9
    told = problem(from_csv, HEADER + "x,2,setosa,\n" * 11).split("; ")
    assert told[9:] == ['row 10, column "Sepal.Width": "x", expected a finite number', "and more"]


def test_long_cells_and_long_lists_of_values_are_cut() -> None:
    schema = Schema((Feature("Id", "category", tuple(f"v{n}" for n in range(500))),))
    assert problem(from_csv, "Id\n" + "y" * 1000, schema=schema) == (
        f'row 1, column "Id": "{"y" * 40}…", expected one of '
        + ", ".join(f'"v{n}"' for n in range(10))
        + ", …"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}\n[]", "row 2 is an empty list, expected an object"),
        ("{}\n\n{}", "row 2 is not JSON"),
        ("{}{}", "row 1 is not JSON"),
        ('{"Note": "x"', "row 1 is not JSON"),
        ('{"instances": []}', 'row 1 lacks the column "Sepal.Width"'),
    ],
)
def test_lines_that_are_not_the_schemas_are_refused(text: str, told: str) -> None:
    assert told in problem(from_lines, text)


def test_a_row_that_no_part_can_hold_is_refused() -> None:
    schema = Schema((Feature("Note", "string"),))
    body = f"Note\nx\n{'y' * 101}\n".encode()
    with pytest.raises(BodyTooLargeError, match=r"row 2 has 102 bytes .* at most 95 can be sent"):
        convert(body, CSV, schema, target=CSV, header=True, most=100)
