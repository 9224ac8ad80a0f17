"""The hosting half of SageMaker's contract, held by the MARS container."""

from __future__ import annotations

import http.client
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.container.conftest import IRIS, Client
from tests.container.runners import Runner, listens

FEATURES = ["Sepal.Width", "Petal.Length", "Petal.Width", "Species"]
HEADER = ",".join(FEATURES)
ROWS = [line.split(",")[1:] for line in IRIS.read_text().splitlines()[1:]]
ONE = f"{HEADER}\n3.5,1.4,0.2,setosa\n"


def csv(rows: list[list[str]], columns: list[str] = FEATURES) -> str:
    order = [FEATURES.index(name) for name in columns]
    lines = [columns, *([row[i] for i in order] for row in rows)]
    return "".join(",".join(line) + "\n" for line in lines)


def instances(rows: list[list[str]]) -> str:
    return json.dumps(
        {
            "instances": [
                dict(zip(FEATURES, [*map(float, row[:3]), row[3]], strict=True)) for row in rows
            ]
        }
    )


def test_predictions_are_those_of_mars_by_hand(client: Client, by_hand: list[float]) -> None:
    assert len(by_hand) == 150
    assert client.post(csv(ROWS)).predictions == by_hand
    assert client.post(instances(ROWS), "application/json").predictions == by_hand


def test_one_row_is_scored_as_among_many(client: Client, by_hand: list[float]) -> None:
    for index in (0, 50, 149):
        assert client.post(csv([ROWS[index]])).predictions == [by_hand[index]]


def test_columns_are_taken_by_name(client: Client, by_hand: list[float]) -> None:
    columns = random.Random(1).sample(FEATURES, len(FEATURES))
    assert columns != FEATURES
    assert client.post(csv(ROWS, columns)).predictions == by_hand


def test_quoted_fields_and_windows_line_ends_are_csv(client: Client, by_hand: list[float]) -> None:
    body = f'"Sepal.Width",{HEADER.partition(",")[2]}\r\n3.5,"1.4",0.2,"setosa"\r\n'
    assert client.post(body).predictions == by_hand[:1]


@pytest.mark.parametrize(
    "content_type", ["text/csv; header=absent", 'Text/CSV;charset=utf-8;Header="absent"']
)
def test_csv_without_a_header_is_taken_by_position(
    client: Client, by_hand: list[float], content_type: str
) -> None:
    rows = csv(ROWS).removeprefix(HEADER + "\n")
    answer = client.post(rows, content_type)
    assert answer.content_type == "text/csv"
    assert list(map(float, answer.text.splitlines())) == by_hand
    assert client.post(rows, content_type, Accept="application/json").predictions == by_hand


def test_csv_without_a_header_has_to_fit_the_columns(client: Client) -> None:
    absent = "text/csv; header=absent"
    columns = "by position, the columns are Sepal.Width, Petal.Length, Petal.Width, Species"
    short = client.post("3.5,1.4,setosa\n", absent)
    assert short.status == 400
    assert short.error["message"] == f"{columns}: row 1: found 3 fields, expected 4"
    assert "row 1, column 'Sepal.Width'" in client.post(ONE, absent).error["message"]
    assert client.post(ONE, "text/csv; header=maybe").status == 415


def test_accept_csv_gives_a_number_per_line(client: Client, by_hand: list[float]) -> None:
    answer = client.post(csv(ROWS[:3]), Accept="text/csv")
    assert answer.content_type == "text/csv"
    assert list(map(float, answer.text.splitlines())) == by_hand[:3]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (ONE.replace("setosa", "rosa"), "row 1, column 'Species': found 'rosa', expected one of"),
        (
            ONE.replace("1.4", "long"),
            "row 1, column 'Petal.Length': found 'long', expected a number",
        ),
        (ONE.replace("1.4", ""), "row 1, column 'Petal.Length': found nothing, expected a number"),
        (
            ONE.replace("1.4", "NA"),
            "row 1, column 'Petal.Length': found nothing, expected a number",
        ),
        (ONE.replace("Petal.Width", "Petal"), "column 'Petal.Width' is missing"),
        (ONE.replace("Petal.Width", "Petal"), "column 'Petal' is unknown, expected: Sepal.Width"),
        ("3.5,1.4,0.2,setosa\n", "column 'Sepal.Width' is missing, found: 3.5, 1.4, 0.2, setosa"),
        (ONE + "3.5,1.4\n,,,,,\n", "row 2: found 2 fields, expected 4"),
        (HEADER + "\n", "found no row, expected at least one"),
    ],
)
def test_a_wrong_body_is_400_and_says_what_is_expected(
    client: Client, body: str, message: str
) -> None:
    answer = client.post(body)
    assert (answer.status, answer.error["code"]) == (400, "InvalidInput")
    assert message in answer.error["message"]


@pytest.mark.parametrize("body", ["{", "[]", '{"instances": []}', '{"rows": [{}]}'])
def test_wrong_json_is_400(client: Client, body: str) -> None:
    assert client.post(body, "application/json").status == 400


def test_an_empty_body_is_400(client: Client) -> None:
    for headers in ({}, {"Content_Type": "text/csv"}):
        answer = client.request("POST", "/invocations", **headers)
        assert (answer.status, answer.error["code"]) == (400, "EmptyBody")


def test_other_media_types_methods_and_paths_have_their_own_codes(client: Client) -> None:
    assert client.post(ONE, "text/plain").status == 415
    assert client.post(ONE, Accept="image/png").status == 406
    assert client.request("GET", "/invocations").status == 405
    assert client.request("POST", "/models", ONE).status == 404
    assert client.post([ONE.encode()]).status == 411


def test_the_largest_body_of_invokeendpoint_is_scored_and_a_larger_one_is_413(
    client: Client,
) -> None:
    limit = 6_291_456
    row = "3.5,1.4,0.2,setosa\n"
    rows = (limit - len(HEADER) - 1) // len(row)
    body = f"{HEADER}\n{row * rows}".ljust(limit, "\n")
    assert len(client.post(body).predictions) == rows
    answer = client.post(body + "\n")
    assert (answer.status, answer.error["code"]) == (413, "PayloadTooLarge")


def test_batch_transform_sets_how_much_is_scored_at_once(runner: Runner, trained: Path) -> None:
    row = "3.5,1.4,0.2,setosa\n"
    rows = 2 * 1024 * 1024 // len(row)
    with runner.serve(trained, SAGEMAKER_MAX_PAYLOAD_IN_MB="2") as server:
        client = Client(server.port).wait_until_healthy()
        answer = client.post(row * rows, "text/csv; header=absent")
        assert len(answer.text.splitlines()) == rows
        answer = client.post(row * (rows + 1), "text/csv; header=absent")
    assert answer.status == 413
    assert answer.error["message"] == "expected a body of at most 2097152 bytes"


def test_batch_transform_may_leave_the_size_of_a_body_open(runner: Runner, trained: Path) -> None:
    rows = 400_000
    batch = {"SAGEMAKER_BATCH": "true", "SAGEMAKER_MAX_PAYLOAD_IN_MB": "0"}
    with runner.serve(trained, **batch) as server:
        client = Client(server.port).wait_until_healthy()
        body = "3.5,1.4,0.2,setosa\n" * rows
        answer = client.post(body, "text/csv; header=absent")
    assert len(answer.text.splitlines()) == rows


def test_a_request_that_takes_too_long_is_504_and_says_how_long_it_may(
    runner: Runner, trained: Path
) -> None:
    long = {"SAGEMAKER_MAX_PAYLOAD_IN_MB": "0", "SAGEMAKER_MODEL_SERVER_TIMEOUT": "1"}
    with runner.serve(trained, **long) as server:
        client = Client(server.port).wait_until_healthy()
        answer = client.post("3.5,1.4,0.2,setosa\n" * 1_000_000, "text/csv; header=absent")
    assert (answer.status, answer.error["message"]) == (504, "the model took longer than 1 s")


def test_many_clients_at_once_all_get_their_own_answer(
    client: Client, by_hand: list[float]
) -> None:
    order = random.Random(2).choices(range(150), k=400)
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda index: client.post(csv([ROWS[index]])).predictions, order))
    assert answers == [[by_hand[index]] for index in order]


def test_ping_is_answered_in_time_while_large_requests_run(client: Client) -> None:
    body = csv(ROWS * 1000)
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(client.post, body) for _ in range(4)]
        while not all(future.done() for future in running):
            began = time.monotonic()
            assert client.ping() == 200
            assert time.monotonic() - began < 2, "SageMaker gives /ping 2 s"
            time.sleep(0.05)
    assert {future.result().status for future in running} == {200}


def test_a_websocket_upgrade_gives_no_other_protocol(client: Client) -> None:
    answer = client.request(
        "POST",
        "/invocations",
        ONE,
        Content_Type="text/csv",
        Connection="Upgrade",
        Upgrade="websocket",
        Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==",
        Sec_WebSocket_Version="13",
    )
    assert answer.status == 200


def test_sigterm_ends_at_once_with_0_even_with_an_idle_connection(
    runner: Runner, trained: Path
) -> None:
    with runner.serve(trained) as server:
        Client(server.port).wait_until_healthy()
        idle = http.client.HTTPConnection("127.0.0.1", server.port)
        idle.request("GET", "/ping")
        idle.getresponse().read()
        done = server.stop()
        idle.close()
    assert done.code == 0, done.output
    assert done.seconds < 5, "the connection may stay for 300 s"


def test_sigterm_lets_a_running_request_end(runner: Runner, trained: Path) -> None:
    with runner.serve(trained) as server, ThreadPoolExecutor(1) as pool:
        Client(server.port).wait_until_healthy()
        running = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        body = csv(ROWS * 400).encode()
        running.putrequest("POST", "/invocations")
        for name, value in (("Content-Type", "text/csv"), ("Content-Length", str(len(body)))):
            running.putheader(name, value)
        running.putheader("Expect", "100-continue")
        running.endheaders()
        # it has been heard, so what follows is a running request
        assert running.sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        running.send(body)
        stopping = pool.submit(server.stop)
        predictions = json.loads(running.getresponse().read())["predictions"]
        running.close()
        done = stopping.result()
    assert len(predictions) == 150 * 400
    assert done.code == 0, done.output


@pytest.mark.parametrize("damage", ["model.rds", "metadata.json", "content"])
def test_without_a_whole_model_serve_ends_with_1_and_is_never_healthy(
    runner: Runner, trained: Path, tmp_path: Path, damage: str
) -> None:
    model = tmp_path / "model"
    model.mkdir()
    for file in (trained / "model").iterdir():
        if file.name != damage:
            (model / file.name).write_bytes(file.read_bytes())
    if damage == "content":
        (model / "model.rds").write_bytes(b"not R")
    with runner.serve(tmp_path) as server, ThreadPoolExecutor(1) as pool:
        ending = pool.submit(server.wait)
        while not ending.done():
            assert Client(server.port).ping() != 200
        done = ending.result()
    assert done.code == 1
    expected = "unknown input format" if damage == "content" else "expected model.rds and metadata"
    assert expected in done.output


def test_serve_ends_when_r_dies(runner: Runner, trained: Path) -> None:
    with runner.serve(trained) as server:
        Client(server.port).wait_until_healthy()
        server.kill_r()
        done = server.wait()
    assert done.code == 1
    assert "serve: R ended by itself" in done.output
    assert not listens(server.port)


def test_two_models_are_served_at_once(runner: Runner, trained: Path) -> None:
    with runner.serve(trained) as one, runner.serve(trained) as other:
        for server in (one, other):
            assert Client(server.port).wait_until_healthy().post(ONE).status == 200
