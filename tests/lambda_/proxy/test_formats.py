"""Bodies reach the container value by value, in as few parts as it takes."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.formats import Part, convert
from proxy.media import CSV, JSON
from proxy.schema import Feature, Schema

from .irises import HEADER, IRIS, SPECIES, from_csv, from_json, from_lines, instance, problem

finite = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(codec="utf-8"))
instances = st.lists(
    st.fixed_dictionaries(
        {
            "Sepal.Width": finite | st.integers(-(2**53), 2**53),
            "Petals": st.integers(-(10**300), 10**300),
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


def test_a_whole_float_is_an_integer() -> None:
    assert json.loads(from_json({"instances": [instance(Petals=3.0)]}, JSON)) == {
        "instances": [instance(Petals=3)]
    }
    assert "3,setosa" in from_json({"instances": [instance(Petals=3.0)]})


def test_a_json_number_keeps_its_digits_and_its_spelling() -> None:
    row = '{"Sepal.Width": %s, "Petals": %s, "Species": "setosa", "Note": "x"}'
    for number in ("0.1234567890123456789", "1.10", "1E-2", "-0.0", "12345678901234567890.5"):
        for body in (row % (number, 1), row % (number, "1.0"), row % (number, "10e-1")):
            assert from_lines(body) == f"{HEADER}{number},1,setosa,x\n"
            assert f'"Sepal.Width":{number},"Petals":1,' in from_lines(body, JSON)
            assert from_json(f'{{"instances": [{body}]}}') == f"{HEADER}{number},1,setosa,x\n"


def parts(schema: Schema, text: str, target: str, most: int, *, header: bool) -> list[Part]:
    return convert(text.encode(), CSV, schema, target=target, header=header, most=most)


@given(
    st.lists(st.text("abc,\n", max_size=20), min_size=1, max_size=40),
    st.integers(80, 200),  # the longest row has 75 bytes as JSON
    st.booleans(),
)
def test_parts_fit_and_are_the_whole_in_its_order(
    notes: list[str], most: int, header: bool
) -> None:
    schema = Schema((Feature("Note", "string"), Feature("Id", "integer")))
    text = io.StringIO()
    csv.writer(text).writerows([["Note", "Id"], *([note, at] for at, note in enumerate(notes))])
    for target in (CSV, JSON):
        found = parts(schema, text.getvalue(), target, most, header=header)
        assert all(len(part.content) <= most for part in found)
        read: list[str] = []
        for part in found:
            content = part.content.decode()
            if target == CSV:
                rows = list(csv.reader(io.StringIO(content, newline="")))[int(header) :]
                assert not header or content.startswith("Note,Id\n")
                read += [row[0] for row in rows]
            else:
                rows = json.loads(content)["instances"]
                read += [row["Note"] for row in json.loads(content)["instances"]]
            assert len(rows) == part.rows
        assert read == notes
