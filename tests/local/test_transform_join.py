"""DataProcessing: JSONPath as SageMaker documents it, and the join of input and output."""

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.sagemaker.errors import SageMakerError
from local.sagemaker.transform.join import DataProcessing, JoinError, data_processing
from local.sagemaker.transform.jsonpath import JSONPath, JSONPathError
from local.sagemaker.transform.split import split

VALUE = {"id": 7, "features": [1, 2, 3, 4], "a": {"b": "c", "d.e": 1}, "rows": [{"x": 1}, {"x": 2}]}


@pytest.mark.parametrize(
    ("path", "selected"),
    [
        ("$", VALUE),
        ("$.id", 7),
        ("$['id']", 7),
        ("$['id','features']", {"id": 7, "features": [1, 2, 3, 4]}),
        ("$.a.['b', 'd.e']", {"b": "c", "d.e": 1}),
        ("$.a.*", ["c", 1]),
        ("$.features[*]", [1, 2, 3, 4]),
        ("$.features[0]", 1),
        ("$.features[-1]", 4),
        ("$.features[0,2]", [1, 3]),
        ("$.features[1:]", [2, 3, 4]),
        ("$.features[:-1]", [1, 2, 3]),
        ("$.features[1:3]", [2, 3]),
        ("$.features[0,2:]", [1, 3, 4]),
        ("$.rows[*].x", [1, 2]),
    ],
)
def test_a_documented_operator_selects_what_is_documented(path: str, selected: object) -> None:
    assert JSONPath.parse(path).select(VALUE) == selected


@pytest.mark.parametrize(
    "path",
    [
        "",
        "id",
        "$..id",
        "$.rows[?(@.x>1)]",
        "$.features[::2]",
        "$.features.length()",
        "$[id]",
        "$.",
    ],
)
def test_another_operator_is_refused_and_not_ignored(path: str) -> None:
    with pytest.raises(JSONPathError):
        JSONPath.parse(path)


def test_names_within_several_names_are_refused() -> None:
    with pytest.raises(JSONPathError, match="goes on after several names"):
        JSONPath.parse("$['a','features'].b")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("$.name", "there is no 'name' in an object with 'id', 'features', 'a', 'rows'"),
        ("$.features[4]", "index 4 is out of an array of 4"),
        ("$.features[-5]", "index -5 is out of an array of 4"),
        ("$.features.x", "there is no 'x' in an array of 4"),
        ("$.a[0]", "an object with 'b', 'd.e' has no elements to number"),
        ("$.id.*", "the value 7 has no members"),
    ],
)
def test_a_path_that_leads_nowhere_says_where_it_ended(path: str, said: str) -> None:
    with pytest.raises(JSONPathError) as raised:
        JSONPath.parse(path).select(VALUE)
    assert str(raised.value) == said


def processing(
    content_type: str = "text/csv; header=absent", *, split_type: str = "Line", **given: str
) -> DataProcessing:
    made = data_processing(request(content_type, split_type=split_type, **given))
    assert made is not None
    return made


def request(content_type: str, *, split_type: str = "Line", **given: str) -> dict[str, Any]:
    return {
        "TransformInput": {"ContentType": content_type, "SplitType": split_type},
        "TransformOutput": {},
        "DataProcessing": given,
    }


def test_without_filters_and_join_there_is_nothing_to_do() -> None:
    assert data_processing({"TransformInput": {}, "TransformOutput": {}}) is None
    assert data_processing(request("image/png", InputFilter="$", JoinSource="None")) is None


def test_an_input_filter_leaves_columns_out() -> None:
    made = processing(InputFilter="$[1:]")
    assert made.payload(b'7,"a ""b"", c",2\r\n') == b'"a ""b"", c",2\n'
    assert made.output([b"7,1,2\n"], b"0.5\n") == b"0.5\n"


def test_csv_is_joined_with_the_columns_of_the_inference_at_the_end() -> None:
    made = processing(JoinSource="Input")
    records = [b'1,"a, b"\r\n', b"2,c"]
    assert made.payload(records[0]) == records[0]
    assert made.output(records, b"0.5,yes\n0.7,no\n") == b'1,"a, b",0.5,yes\n2,c,0.7,no\n'


def test_an_output_filter_selects_from_the_whole_input_and_the_output() -> None:
    made = processing(InputFilter="$[1:]", JoinSource="Input", OutputFilter="$[0,-1]")
    assert made.output([b"7,1,2\n", b"8,3,4\n"], b"0.5\n0.7") == b"7,0.5\n8,0.7\n"


def test_an_output_filter_without_a_join_selects_from_the_output() -> None:
    made = processing("application/jsonlines", OutputFilter="$.score")
    assert made.output([b"1\n"], b'{"score": 0.5, "more": 1}\n') == b"0.5\n"


def test_json_gets_the_inference_as_sagemaker_output() -> None:
    made = processing("application/jsonlines", JoinSource="Input")
    assert (
        made.output([b'{"id": 1}\n', b"[1, 2]\n"], b'{"score": 0.5}\n"no"\n')
        == b'{"id":1,"SageMakerOutput":{"score":0.5}}\n'
        b'{"SageMakerInput":[1,2],"SageMakerOutput":"no"}\n'
    )


def test_a_json_document_that_is_not_split_is_one_record() -> None:
    made = processing("application/json", split_type="None", JoinSource="Input")
    document = b'{\n  "rows": [1, 2]\n}\n'
    assert json.loads(made.output([document], b"[3,\n4]")) == {
        "rows": [1, 2],
        "SageMakerOutput": [3, 4],
    }


def test_names_of_the_join_can_be_selected() -> None:
    given = {"JoinSource": "Input", "OutputFilter": "$['id','SageMakerOutput']"}
    made = processing("application/jsonlines", **given)
    assert made.output([b'{"id": 1, "x": 2}'], b"5") == b'{"id":1,"SageMakerOutput":5}\n'


@pytest.mark.parametrize(
    ("given", "record", "answer", "said"),
    [
        ({"JoinSource": "Input"}, b"1\n2\n", b"3\n", "mismatched line count .* (2 and 1)"),
        ({"JoinSource": "Input"}, b"1\n", b"", "mismatched line count"),
        ({"JoinSource": "Input"}, b'1,"a\n', b"3\n", "Fail to join data as CSV: unexpected end"),
        ({"JoinSource": "Input"}, b"1\n", b"\xff", "Failed to parse output from the algorithm"),
        ({"OutputFilter": "$[3]"}, b"1\n", b"1,2\n", "index 3 is out of an array of 2"),
    ],
)
def test_what_cannot_be_joined_says_why(
    given: dict[str, str], record: bytes, answer: bytes, said: str
) -> None:
    with pytest.raises(JoinError) as raised:
        processing(**given).output([record], answer)
    raised.match(said.replace("(", r"\(").replace(")", r"\)"))


def test_an_answer_that_is_not_json_says_so() -> None:
    made = processing("application/jsonlines", OutputFilter="$.a")
    with pytest.raises(JoinError, match="Failed to parse output from the algorithm as JSON"):
        made.output([b"1\n"], b"<html>\n")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"TransformInput": {"ContentType": "image/png"}}, "takes the ContentType text/csv"),
        ({"TransformInput": {}}, "it is not set"),
        ({"TransformOutput": {"Accept": "application/json"}}, "Accept must be the ContentType"),
        ({"DataProcessing": {"InputFilter": "$..a"}}, r"InputFilter '\$\.\.a' has '\.\.a'"),
    ],
)
def test_data_that_cannot_be_processed_is_refused_before_the_job(
    change: dict[str, Any], said: str
) -> None:
    with pytest.raises(SageMakerError, match=said):
        data_processing({**request("text/csv", JoinSource="Input"), **change})


CELL = st.text(alphabet='ab ,"é;', max_size=5)


@given(
    st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1), st.sampled_from(["\r\n", "\n"])
)
def test_each_row_is_joined_with_its_own_inference(rows: list[list[str]], end: str) -> None:
    table = io.StringIO()
    csv.writer(table, lineterminator=end).writerows(rows)
    records = split(table.getvalue().encode(), "Line")
    answer = "".join(f"{number}\n" for number in range(len(rows))).encode()
    joined = processing(JoinSource="Input").output(records, answer).decode()
    assert list(csv.reader(io.StringIO(joined))) == [[*r, str(n)] for n, r in enumerate(rows)]


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1))
def test_a_filter_of_every_column_changes_no_value(rows: list[list[str]]) -> None:
    table = io.StringIO()
    csv.writer(table, lineterminator="\n").writerows(rows)
    made = processing(InputFilter="$[0,1:]")
    filtered = b"".join(map(made.payload, split(table.getvalue().encode(), "Line")))
    assert list(csv.reader(io.StringIO(filtered.decode()))) == rows
