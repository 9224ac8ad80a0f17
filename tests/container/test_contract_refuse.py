"""What a server of every container answers to requests that it cannot fulfil."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.container.client import Client
from tests.container.conftest import Started
from tests.container.kit import Example
from tests.container.request_cases import Refusal, refusals

FORMATS = ["text/csv", "text/csv; header=absent", "text/csv; header=present", "application/json"]
FUZZ = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.cases(derive=refusals)
def test_a_wrong_request_is_told_what_is_wrong_and_what_is_expected(
    client: Client, case: Refusal
) -> None:
    answer = client.post(case.body, case.content_type)
    assert (answer.status, answer.content_type) == (case.status, "application/json"), answer.text
    assert answer.error["code"] == "InvalidInput"
    for word in case.words:
        assert word in answer.message


@pytest.mark.parametrize("content_type", FORMATS)
def test_an_empty_body_is_400(client: Client, content_type: str) -> None:
    answer = client.post("", content_type)
    assert (answer.status, answer.error["code"]) == (400, "EmptyBody")


@pytest.mark.parametrize(
    "content_type", ["text/plain", "image/png", "nonsense", "text/csv; header=maybe"]
)
def test_another_media_type_is_415_and_says_which_are_taken(
    client: Client, example: Example, content_type: str
) -> None:
    answer = client.post(example.csv(example.rows), content_type)
    assert (answer.status, answer.error["code"]) == (415, "UnsupportedMediaType")
    for word in (content_type, "text/csv", "application/json"):
        assert word in answer.message


def test_a_body_without_a_media_type_is_415(client: Client, example: Example) -> None:
    answer = client.request("POST", "/invocations", example.csv(example.rows))
    assert (answer.status, answer.error["code"]) == (415, "UnsupportedMediaType")


@pytest.mark.parametrize("accept", ["image/png", "text/html, image/*", "text/csv;q=0"])
def test_an_answer_in_another_format_is_406_and_says_which_there_are(
    client: Client, example: Example, accept: str
) -> None:
    answer = client.post(example.json(example.rows), "application/json", Accept=accept)
    assert (answer.status, answer.error["code"]) == (406, "NotAcceptable")
    for word in (accept, "text/csv", "application/json"):
        assert word in answer.message


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_another_method_is_405_and_says_which_is_taken(client: Client, method: str) -> None:
    answer = client.request(method, "/invocations")
    assert answer.status == 405
    assert method == "HEAD" or answer.error["code"] == "MethodNotAllowed"


@pytest.mark.parametrize("path", ["/", "/models", "/invocations/1", "/execution-parameters"])
def test_another_path_is_404(client: Client, example: Example, path: str) -> None:
    for method in ("GET", "POST"):
        answer = client.request(method, path, example.csv(example.rows))
        assert (answer.status, answer.error["code"]) == (404, "NotFound")


def test_a_body_of_unknown_length_is_411(client: Client, example: Example) -> None:
    answer = client.post([example.csv(example.rows).encode()])
    assert (answer.status, answer.error["code"]) == (411, "LengthRequired")


@pytest.mark.parametrize("number", ["1e308", "-1e308", "999999999999999999", "-1", "0"])
def test_no_number_breaks_the_server(started: Started, example: Example, number: str) -> None:
    for feature in example.of_type("number", "integer"):
        row = {**example.rows[0], feature.name: number}
        check(started, example.csv([row]), "text/csv; header=present")
        instance = {**example.instance(example.rows[0]), feature.name: json.loads(number)}
        check(started, json.dumps({"instances": [instance]}), "application/json")


def check(started: Started, body: str | bytes, content_type: str) -> None:
    """Whatever a client sends is answered or refused, and the next request finds the server."""
    answer = started.client.post(body, content_type)
    assert answer.status < 500, answer.text
    assert started.client.ping() == 200


@FUZZ
@given(body=st.binary(max_size=300), content_type=st.sampled_from(FORMATS))
def test_no_bytes_break_the_server(started: Started, body: bytes, content_type: str) -> None:
    check(started, body, content_type)


@FUZZ
@given(body=st.text(max_size=300), content_type=st.sampled_from([*FORMATS, "text/plain"]))
def test_no_text_breaks_the_server(started: Started, body: str, content_type: str) -> None:
    check(started, body.encode("utf-8", "surrogatepass"), content_type)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=12,
)


@FUZZ
@given(document=JSON)
def test_no_json_breaks_the_server(started: Started, document: object) -> None:
    check(started, json.dumps(document), "application/json")
    check(started, json.dumps({"instances": document}), "application/json")


@FUZZ
@given(data=st.data())
def test_no_instance_breaks_the_server(
    started: Started, example: Example, data: st.DataObject
) -> None:
    good = example.instance(data.draw(st.sampled_from(example.rows)))
    changed = data.draw(st.dictionaries(st.sampled_from(example.names), JSON, min_size=1))
    check(started, json.dumps({"instances": [good, {**good, **changed}]}), "application/json")


@FUZZ
@given(data=st.data())
def test_no_csv_breaks_the_server(started: Started, example: Example, data: st.DataObject) -> None:
    cells = st.one_of(
        st.text(max_size=20),
        st.integers().map(str),
        st.floats().map(str),
        st.sampled_from(['"', ",", '""', "\n", "\r", "1e308", "-1", "0", "1e10"]),
    )
    row = dict(data.draw(st.sampled_from(example.rows)))
    changed = data.draw(st.dictionaries(st.sampled_from(example.names), cells, min_size=1))
    header = data.draw(st.booleans())
    text = ",".join(example.names) + "\n" if header else ""
    text += ",".join({**row, **changed}.values()) + "\n"
    kind = "present" if header else "absent"
    check(started, text.encode("utf-8", "surrogatepass"), f"text/csv; header={kind}")
