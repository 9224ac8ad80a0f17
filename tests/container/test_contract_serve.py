"""What a server of every container answers to good requests."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.container.client import PING_SECONDS, Answer, Client, agree, part
from tests.container.conftest import Started
from tests.container.kit import Example, Row

PRESENT = "text/csv; header=present"
ABSENT = "text/csv; header=absent"


def test_the_smoke_request_is_answered_as_soon_as_the_server_is_healthy(started: Started) -> None:
    assert started.first.text.strip()


def test_each_row_has_a_prediction_of_its_own(answers: list[Any], rows: tuple[Row, ...]) -> None:
    assert len(answers) == len(rows)
    assert None not in answers
    assert any(answer != answers[0] for answer in answers), "the same for each row proves nothing"


def test_json_is_answered_as_csv_is(
    client: Client, example: Example, answer: dict[str, Any]
) -> None:
    in_json = client.post(example.json(example.rows), "application/json")
    assert (in_json.status, in_json.content_type) == (200, "application/json"), in_json.text
    assert agree(in_json.document, answer)


def test_one_row_is_answered_as_among_many(
    client: Client, example: Example, answer: dict[str, Any]
) -> None:
    for at in (0, len(example.rows) // 2, len(example.rows) - 1):
        row = example.rows[at]
        in_csv = client.post(example.csv([row]), PRESENT)
        in_json = client.post(example.json([row]), "application/json")
        assert agree(in_csv.document, part(answer, [at]))
        assert agree(in_json.document, part(answer, [at]))


def test_columns_are_taken_by_name(
    client: Client, example: Example, answer: dict[str, Any]
) -> None:
    other = example.names[1:] + example.names[:1]
    for order in (other, other[::-1]):
        assert agree(client.post(example.csv(example.rows, order), PRESENT).document, answer)
        rows = [{name: row[name] for name in order} for row in example.rows]
        assert agree(client.post(example.json(rows), "application/json").document, answer)


def test_csv_without_a_header_is_taken_by_position(
    client: Client, example: Example, answer: dict[str, Any]
) -> None:
    body = example.csv(example.rows, header=False)
    for content_type in (ABSENT, 'Text/CSV;charset=utf-8;Header="absent"'):
        assert agree(client.post(body, content_type, Accept="application/json").document, answer)
        # lines to lines, which a batch transform splits, sends and joins
        assert client.post(body, content_type).content_type == "text/csv"


def test_quoted_fields_and_windows_line_ends_are_csv(
    client: Client, example: Example, answer: dict[str, Any]
) -> None:
    lines = [example.names, *(row.values() for row in example.rows)]
    text = "".join(",".join(f'"{cell}"' for cell in line) + "\r\n" for line in lines)
    assert agree(client.post(text, PRESENT).document, answer)
    assert agree(client.post("\ufeff" + text, PRESENT).document, answer)


def test_csv_answers_say_the_same_as_json(
    client: Client, example: Example, answers: list[Any]
) -> None:
    from_csv = client.post(example.csv(example.rows), PRESENT, Accept="text/csv")
    from_json = client.post(example.json(example.rows), "application/json", Accept="text/csv")
    for answer in (from_csv, from_json):
        assert (answer.status, answer.content_type) == (200, "text/csv"), answer.text
        assert answer.text.strip()
        if all(isinstance(each, int | float | str) for each in answers):
            found = answer.text.splitlines()
            assert len(found) == len(answers)
            assert all(map(is_line_of, found, answers))
    assert len(from_csv.text.splitlines()) == len(from_json.text.splitlines())


def is_line_of(line: str, prediction: float | str) -> bool:
    return line == prediction if isinstance(prediction, str) else agree(float(line), prediction)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json", "application/json"),
        ("text/csv", "text/csv"),
        ("*/*", "application/json"),
        ("text/*", "text/csv"),
        ("image/png, text/csv;q=0.1", "text/csv"),
        ("text/csv;q=0.5, application/json;q=0.1", "text/csv"),
        ("text/csv;q=0, application/json", "application/json"),
    ],
)
def test_accept_chooses_the_format_of_the_answer(
    client: Client, example: Example, accept: str, expected: str
) -> None:
    answer = client.post(example.csv(example.rows[:2]), PRESENT, Accept=accept)
    assert (answer.status, answer.content_type) == (200, expected)


def test_many_clients_at_once_all_get_their_own_answer(
    client: Client, example: Example, answer: dict[str, Any]
) -> None:
    order = random.Random(2).choices(range(len(example.rows)), k=400)

    def ask(at: int) -> Answer:
        if at % 2:
            return client.post(example.json([example.rows[at]]), "application/json")
        return client.post(example.csv([example.rows[at]]), PRESENT)

    with ThreadPoolExecutor(16) as pool:
        for at, found in zip(order, pool.map(ask, order), strict=True):
            assert agree(found.document, part(answer, [at]))


def test_ping_is_answered_in_time_while_large_requests_run(
    client: Client, example: Example, large: Callable[[int], tuple[Row, ...]]
) -> None:
    body = example.csv(large(2_000_000))
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(client.post, body, PRESENT) for _ in range(4)]
        while not all(request.done() for request in running):
            began = time.monotonic()
            assert client.ping() == 200
            assert time.monotonic() - began < PING_SECONDS
    assert {request.result().status for request in running} == {200}


def test_slow_clients_hold_up_nobody(
    client: Client, example: Example, answer: dict[str, Any]
) -> None:
    body = example.csv(example.rows).encode()
    slow = [client.begin(PRESENT, body) for _ in range(20)]
    for each in slow:
        each.send(body[:-10])
    assert agree(client.post(body, PRESENT).document, answer)
    for each in slow:
        each.send(body[-10:])
        assert agree(json.loads(each.getresponse().read()), answer)
        each.close()


def test_a_websocket_upgrade_gives_no_other_protocol(client: Client, example: Example) -> None:
    answer = client.post(
        example.json(example.rows[:1]),
        "application/json",
        Connection="Upgrade",
        Upgrade="websocket",
        Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==",
        Sec_WebSocket_Version="13",
    )
    assert answer.status == 200


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_rows_in_any_order_of_columns_and_rows_have_the_same_answers(
    client: Client, example: Example, answer: dict[str, Any], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(example.names))
    places = st.sampled_from(range(len(example.rows)))
    picked = data.draw(st.lists(places, min_size=1, max_size=9))
    body = example.csv([example.rows[at] for at in picked], order)
    assert agree(client.post(body, PRESENT).document, part(answer, picked))
