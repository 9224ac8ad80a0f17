import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import BodyTooLargeError, InvalidBodyError
from proxy.formats import convert
from proxy.media import CSV, JSON
from proxy.schema import Feature, Schema

SPECIES = ("setosa", "versicolor", "virginica")
IRIS = Schema(
    (
        Feature("Sepal.Width", "number"),
        Feature("Petals", "integer"),
        Feature("Species", "category", SPECIES),
        Feature("Note", "string"),
    )
)
HEADER = "Sepal.Width,Petals,Species,Note\n"


def from_csv(
    text: str | bytes, target: str = CSV, *, header: bool = True, schema: Schema = IRIS
) -> str:
    body = text.encode() if isinstance(text, str) else text
    return convert(body, CSV, schema, target=target, header=header).decode()


def from_json(document: object, target: str = CSV, *, header: bool = True) -> str:
    body = document if isinstance(document, str) else json.dumps(document)
    return convert(body.encode(), JSON, IRIS, target=target, header=header).decode()


def instance(**changes: object) -> dict[str, object]:
    return {"Sepal.Width": 3.5, "Petals": 5, "Species": "setosa", "Note": "x"} | changes


def problem(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(InvalidBodyError) as caught:
        call(*arguments, **options)
    return str(caught.value)


finite = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(codec="utf-8"))
instances = st.lists(
    st.fixed_dictionaries(
        {
            "Sepal.Width": finite | st.integers(-(2**53), 2**53),
            "Petals": st.integers(),
            "Species": st.sampled_from(SPECIES),
            "Note": texts,
        }
    ),
    min_size=1,
    max_size=5,
)


@given(instances)
def test_json_reaches_a_csv_container_value_by_value(rows: list[dict[str, Any]]) -> None:
    written = list(csv.reader(io.StringIO(from_json({"instances": rows}), newline="")))
    assert written[0] == IRIS.names
    read = [
        {"Sepal.Width": float(a), "Petals": int(b), "Species": c, "Note": d}
        for a, b, c, d in written[1:]
    ]
    assert read == rows


@given(instances)
def test_json_reaches_a_json_container_value_by_value(rows: list[dict[str, Any]]) -> None:
    assert json.loads(from_json({"instances": rows}, JSON)) == {"instances": rows}


@given(instances, st.permutations(IRIS.names), st.sampled_from(["\n", "\r\n"]))
def test_csv_in_any_order_reaches_a_json_container_value_by_value(
    rows: list[dict[str, Any]], order: list[str], line_end: str
) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, order, lineterminator=line_end, quoting=csv.QUOTE_NONNUMERIC)
    writer.writeheader()
    writer.writerows(rows)
    assert json.loads(from_csv(text.getvalue(), JSON)) == {"instances": rows}


@given(st.text(), st.sampled_from([CSV, JSON]))
def test_no_body_makes_anything_but_an_invalid_body_error(text: str, content_type: str) -> None:
    body = text.encode(errors="surrogatepass")
    with pytest.raises(InvalidBodyError):
        convert(body, content_type, IRIS, target=CSV, header=True)


@given(st.binary())
def test_no_bytes_make_anything_but_an_invalid_body_error(body: bytes) -> None:
    with pytest.raises(InvalidBodyError):
        convert(body, CSV, IRIS, target=CSV, header=True)


def test_numbers_of_a_csv_stay_as_they_were_spelled() -> None:
    row = "5.10,+3,setosa,\n"
    assert from_csv(HEADER + row) == HEADER + row
    assert from_csv(HEADER + "1E-2 , 3.0,setosa,\n") == HEADER + "1E-2,3,setosa,\n"


def test_a_container_without_a_header_gets_none() -> None:
    assert from_csv(HEADER + "5.1,3,setosa,x\n", header=False) == "5.1,3,setosa,x\n"


def test_quotes_commas_and_line_ends_in_a_cell_are_kept() -> None:
    row = '5.1,3,setosa,"a ""b"", c\nd"\n'
    assert from_csv(HEADER + row) == HEADER + row


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_a_byte_order_mark_and_any_line_end_are_taken(line_end: str) -> None:
    text = (HEADER + "5.1,3,setosa,x\n\n").replace("\n", line_end)
    assert from_csv(text.encode("utf-8-sig")) == HEADER + "5.1,3,setosa,x\n"


def test_rows_of_several_batches_keep_their_order_and_number() -> None:
    rows = [f"{number}.5,{number},setosa,x" for number in range(2500)]
    assert from_csv(HEADER + "\n".join(rows)) == HEADER + "\n".join(rows) + "\n"
    rows[2222] = "x,1,setosa,x"
    assert problem(from_csv, HEADER + "\n".join(rows)) == (
        'row 2223, column "Sepal.Width": "x", expected a finite number'
    )
    documents = [instance(Petals=number) for number in range(2500)]
    assert [
        row["Petals"] for row in json.loads(from_json({"instances": documents}, JSON))["instances"]
    ] == list(range(2500))
    documents[2222] = instance(Petals=0.5)
    assert problem(from_json, {"instances": documents}).startswith("row 2223, ")
    documents[2222] = {}
    assert problem(from_json, {"instances": documents}).startswith("row 2223 lacks")


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


@pytest.mark.parametrize("cell", ["", "3.5", "1e3", "x", "1_0", "٣", "9" * 5000])
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


def test_a_whole_float_is_an_integer() -> None:
    assert json.loads(from_json({"instances": [instance(Petals=3.0)]}, JSON)) == {
        "instances": [instance(Petals=3)]
    }
    assert "3,setosa" in from_json({"instances": [instance(Petals=3.0)]})


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
        ("[]", 'the body is not {"instances": [{column: value, …}, …]}'),
        ({"instances": [instance()], "id": 1}, 'the body is not {"instances": '),
        ({"instances": []}, "instances is an empty list, expected a list of objects"),
        ({"instances": instance()}, "instances is an object, expected a list of objects"),
        ({"instances": [[1, 2]]}, "row 1 is a list, expected an object"),
        ({"instances": [instance(), {}]}, 'row 2 lacks the column "Sepal.Width"; row 2 lacks'),
        ({"instances": [instance(Id=1)]}, 'row 1 has the unknown column "Id"'),
        ({"instances": [instance(Note="\ud800")]}, "text that is not Unicode"),
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


def test_an_error_says_what_is_expected_of_every_column() -> None:
    with pytest.raises(InvalidBodyError) as caught:
        from_csv("a\n1")
    assert caught.value.expected == {
        "Sepal.Width": "number",
        "Petals": "integer",
        "Species": list(SPECIES),
        "Note": "string",
    }


def test_what_becomes_more_than_an_endpoint_takes_is_refused() -> None:
    wide = Schema(tuple(Feature(f"{name}{'.' * 3000}", "number") for name in "abc"))
    text = f"{','.join(wide.names)}\n" + "1,2,3\n" * 800
    with pytest.raises(BodyTooLargeError, match="bytes as application/json") as caught:
        from_csv(text, JSON, schema=wide)
    assert caught.value.expected == "at most 6291456 bytes as application/json"
