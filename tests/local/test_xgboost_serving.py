"""The stand-in for SageMaker's XGBoost answers what SageMaker's answers, and says what is wrong."""

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.local.xgboost_program import Program, Server

TRAIN = "".join(f"{2 * a + b},{a},{b},1\n" for a in range(20) for b in range(10))
CSV_ANSWER = "text/csv; charset=utf-8"
ACCEPTED = "is not an accepted ContentType: text/csv, csv, text/libsvm, libsvm, text/x-libsvm."


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    program = Program(tmp_path_factory.mktemp("xgboost"))
    program.provide({"num_round": "20"}, {"train": TRAIN})
    assert program.train().code == 0
    return program


@pytest.fixture(scope="module")
def server(program: Program) -> Iterator[Server]:
    with program.serve() as server:
        yield server


def by_hand(program: Program, rows: str) -> list[float]:
    predicted: list[float] = program.by_hand(
        f"rows = np.array({rows}, dtype=np.float32)\n"
        "print(json.dumps(model().predict(xgb.DMatrix(rows)).tolist()))"
    )
    return predicted


def test_predictions_are_xgboosts_with_commas_between_them(
    program: Program, server: Server
) -> None:
    status, content_type, answer = server.ask(b"3,4,1\n19,0,1\n7,,1\n")
    assert (status, content_type) == (200, CSV_ANSWER)
    expected = by_hand(program, "[[3, 4, 1], [19, 0, 1], [7, np.nan, 1]]")
    assert answer == ",".join(map(str, expected))


def test_a_batch_has_a_line_for_each_prediction(program: Program) -> None:
    with program.serve(SAGEMAKER_BATCH="true") as server:
        _, _, answer = server.ask(b"3,4,1\n19,0,1")
    assert answer == "".join(f"{each}\n" for each in by_hand(program, "[[3, 4, 1], [19, 0, 1]]"))


@pytest.mark.parametrize("content_type", ["text/csv; header=absent", "TEXT/CSV", "csv"])
def test_parameters_of_a_type_change_nothing(server: Server, content_type: str) -> None:
    assert server.ask(b"3,4,1", content_type) == server.ask(b"3,4,1")


@pytest.mark.parametrize("body", [b"0:3 1:4 2:1", b"25 0:3 1:4 2:1", b"0:3 1:4 2:1\n"])
def test_libsvm_is_the_same_as_csv_with_a_label_or_without(server: Server, body: bytes) -> None:
    for content_type in ("text/libsvm", "text/x-libsvm", None):
        assert server.ask(body, content_type) == server.ask(b"3,4,1")


def test_what_libsvm_leaves_out_is_missing(server: Server) -> None:
    assert server.ask(b"0:7", "text/libsvm") == server.ask(b"7,,")


REFUSED = {
    "text": (b"3,x,1", 415, "row 1, column 2: could not convert string to float: 'x', expected a"),
    "a header": (b"a,b,c\n3,4,1", 415, "row 1, column 1: could not convert string to float: 'a'"),
    "too few cells": (
        b"3,4", 400,
        "Unable to evaluate payload provided: Feature size of csv inference data 2 is not "
        "consistent with feature size of trained model 3."),
    "too many cells": (b"3,4,1,2", 400, "inference data 4 is not consistent with feature size"),
    "a row of another length": (b"3,4,1\n3,4", 415, "row 2: found 2 columns, expected 3"),
    "an infinite number": (b"3,inf,1", 415, "found an infinite number, expected finite ones"),
    "bytes that are no text": (b"\xff\xfe", 415, "can't decode byte 0xff"),
    "blanks": (b"   ", 415, "found no row, expected numbers with commas between them"),
}  # fmt: skip


@pytest.mark.parametrize("wrong", REFUSED)
def test_wrong_csv_is_refused_with_what_was_expected(server: Server, wrong: str) -> None:
    body, status, words = REFUSED[wrong]
    found, content_type, answer = server.ask(body)
    assert (found, content_type) == (status, "text/html; charset=utf-8")
    assert words in answer
    if status == 415:
        head = "Loading csv data failed with Exception, please ensure data is in csv format:\n <cla"
        assert answer.startswith(head)


def test_wrong_libsvm_is_refused_with_what_was_expected(server: Server) -> None:
    status, _, answer = server.ask(b"0:1 1:x", "text/libsvm")
    assert status == 415
    assert "line 1: could not convert string to float: 'x', expected <label> <index>:" in answer
    status, _, answer = server.ask(b"0:1 3:1", "text/libsvm")
    assert status == 400
    assert "Feature size of libsvm inference data 4 is not consistent" in answer


@pytest.mark.parametrize("content_type", ["application/json", "text/plain"])
def test_other_types_are_refused_with_those_there_are(server: Server, content_type: str) -> None:
    assert server.ask(b"[1]", content_type)[::2] == (415, f"{content_type} {ACCEPTED}")


def test_an_empty_request_has_an_empty_answer(server: Server) -> None:
    assert server.ask(b"")[::2] == (204, "")


def test_a_body_of_more_than_6_mb_is_refused(server: Server) -> None:
    assert server.ask(b"3,4,1\n" * 1_000_000)[0] == 200
    assert server.ask(b"3,4,1\n" * 1_100_000)[::2] == (
        413,
        "expected a body of at most 6291456 bytes",
    )


def test_a_transform_job_learns_what_it_may_send(server: Server) -> None:
    status, content_type, answer = server.ask(None, path="/execution-parameters")
    assert (status, content_type) == (200, "application/json")
    parameters = json.loads(answer)
    assert parameters.pop("MaxConcurrentTransforms") >= 1
    assert parameters == {"BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": 6}


def test_other_paths_are_not_found(server: Server) -> None:
    assert server.ask(None, path="/")[0] == 404
    assert server.ask(b"3,4,1", path="/models")[0] == 404


def test_requests_at_the_same_time_are_all_answered(server: Server) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda n: server.ask(f"{n % 20},4,1".encode()), range(400)))
    assert len(set(answers)) == 20
    assert all(answers[n] == answers[n % 20] for n in range(400))


def test_what_was_asked_is_answered_before_it_ends(program: Program) -> None:
    with program.serve() as server:
        idle = socket.create_connection(("127.0.0.1", server.port))  # and nobody waits for this
        with socket.create_connection(("127.0.0.1", server.port)) as slow:
            head = "POST /invocations HTTP/1.1\r\nHost: a\r\nContent-Type: text/csv\r\n"
            slow.sendall(f"{head}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n3,4".encode())
            assert slow.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"  # it has begun with it
            server.terminate()
            until_refused(server)
            slow.sendall(b",1")
            assert slow.recv(65536).startswith(b"HTTP/1.1 200 OK")
        assert server.process.wait(10) == 0
        idle.close()


def until_refused(server: Server) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
        except OSError:
            return


def test_without_a_model_it_ends_with_the_reason(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    program = Program(tmp_path)
    with pytest.raises(AssertionError, match="not healthy; exit code 1"), program.serve():
        pass
    assert "xgboost-model" in capfd.readouterr().err
