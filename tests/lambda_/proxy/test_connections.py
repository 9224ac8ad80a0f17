"""Connections outlive a request, and a request outlives its connection."""

import socket
from collections.abc import Callable

import pytest

from proxy.api import Api

from .calls import call
from .endpoint import Endpoint

Connect = Callable[..., Api]


def test_connecting_sends_nothing(connect: Connect, endpoint: Endpoint) -> None:
    connect()
    assert endpoint.connections == 0


def test_requests_share_one_connection_to_the_endpoint_and_one_to_the_catalog(
    connect: Connect, endpoint: Endpoint
) -> None:
    api = connect()
    for _ in range(5):
        assert call(api)["statusCode"] == 200
    assert (endpoint.requests, endpoint.connections) == (5, 2)


def test_a_refused_request_leaves_the_connection_to_the_next(
    connect: Connect, endpoint: Endpoint
) -> None:
    api = connect()
    statuses = [call(api, body=body)["statusCode"] for body in (None, "x\n1\n")]
    assert statuses == [400, 400]
    assert call(api)["statusCode"] == call(api)["statusCode"] == 200
    assert endpoint.connections == 2


def test_a_connection_that_was_closed_while_nothing_was_asked_costs_no_prediction(
    connect: Connect, endpoint: Endpoint
) -> None:
    api = connect()
    call(api)
    endpoint.behaviour = "hangs up"
    assert call(api)["statusCode"] == 200
    assert endpoint.requests == 3


def test_the_kernel_looks_after_connections_that_wait(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: list[tuple[object, ...]] = []
    monkeypatch.setattr(socket.socket, "setsockopt", lambda _, *option: options.append(option))
    call(connect())
    assert options.count((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)) == 2
