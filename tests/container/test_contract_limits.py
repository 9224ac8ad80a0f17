"""How large a request may be and how long it may take, as SageMaker tells every container."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest

from tests.container.client import Client, agree, healthy
from tests.container.conftest import Started, Trained
from tests.container.kit import Example, Row
from tests.container.runners import Runner, Server

LIMIT = 6_291_456
"""The largest body of InvokeEndpoint, in bytes."""


@pytest.fixture(scope="module")
def limited(runner: Runner, trained: Trained) -> Iterator[tuple[Server, Client]]:
    """A second server, of a batch transform job with a limit of its own."""
    with healthy(runner, trained.base.path, SAGEMAKER_MAX_PAYLOAD_IN_MB="2") as limited:
        yield limited


def test_the_largest_body_of_invokeendpoint_is_answered(
    client: Client, example: Example, large: Callable[[int], tuple[Row, ...]]
) -> None:
    rows = large(LIMIT)
    answer = client.post(example.csv(rows).ljust(LIMIT, "\n"), "text/csv; header=present")
    assert answer.status == 200, answer.text[:1000]
    assert len(answer.predictions) == len(rows)
    answer = client.post(example.json(example.rows[:1]).ljust(LIMIT), "application/json")
    assert len(answer.predictions) == 1


def test_a_larger_body_is_413_and_says_how_large_it_may_be(
    client: Client, example: Example
) -> None:
    body = example.json(example.rows[:1]).ljust(LIMIT + 1)
    answer = client.post(body, "application/json")
    assert (answer.status, answer.error["code"]) == (413, "PayloadTooLarge")
    assert str(LIMIT) in answer.message


def test_two_servers_at_once_answer_alike(
    limited: tuple[Server, Client], started: Started, example: Example
) -> None:
    body = example.json(example.rows)
    clients = (limited[1], started.client)
    assert agree(*(each.post(body, "application/json").predictions for each in clients))


def test_batch_transform_sets_how_much_is_taken_at_once(
    limited: tuple[Server, Client], example: Example
) -> None:
    limit = 2 * 1024 * 1024
    body = example.json(example.rows[:1])
    assert limited[1].post(body.ljust(limit), "application/json").status == 200
    refused = limited[1].post(body.ljust(limit + 1), "application/json")
    assert refused.status == 413
    assert refused.message == f"expected a body of at most {limit} bytes"


def test_a_model_that_takes_too_long_is_504_and_says_how_long_it_may(
    runner: Runner, trained: Trained, example: Example
) -> None:
    short = {"SAGEMAKER_MODEL_SERVER_TIMEOUT": "1"}
    with healthy(runner, trained.base.path, **short) as (server, client):
        server.signal_model_server(signal.SIGSTOP)
        answer = client.post(example.smoke.body, example.smoke.content_type)
        server.signal_model_server(signal.SIGCONT)
    assert answer.status == 504
    assert answer.message == "the model took longer than 1 s"


def test_batch_transform_may_leave_the_size_of_a_body_open(
    runner: Runner, trained: Trained, example: Example
) -> None:
    batch = {"SAGEMAKER_BATCH": "true", "SAGEMAKER_MAX_PAYLOAD_IN_MB": "0"}
    with healthy(runner, trained.base.path, **batch) as (_, client):
        answer = client.post(example.json(example.rows[:1]).ljust(8_000_000), "application/json")
    assert answer.status == 200
