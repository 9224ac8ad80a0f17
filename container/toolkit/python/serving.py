"""The Python side of `serve`: gunicorn forks workers from a process that holds the model.

Each worker has a port of its own, from MODEL_SERVER_PORT on, and scores one request at a time:
HAProxy knows which of them is idle, as nobody does where several accept from one socket.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import sklearn

from toolkit.artifact import Model, load_model
from toolkit.csv_tables import Table
from toolkit.fitting import one_thread, predict_rows
from toolkit.invocations import Answer, invoke
from toolkit.jobs import end_with_parent
from toolkit.paths import Paths
from toolkit.problems import UserError

# HAProxy decides how long a connection to it stays open, and how long a request may take.
_NEVER_SECONDS = 7200

Handler = Callable[[bytes, Mapping[bytes, bytes]], Answer]
"""Answers the body and the headers of a request, whose names are in lower case."""


def serve() -> int:
    """Load the model, then serve it until SIGTERM; return the exit code."""
    try:
        model = load_model(Paths.from_environ().model)
    except UserError as error:
        print(f"serve: {error}", file=sys.stderr)
        return 1
    # A model that cannot score never listens, so /ping never says 200 for it.
    sklearn.set_config(assume_finite=True)  # design_matrix has looked
    port = int(os.environ["MODEL_SERVER_PORT"])
    workers = int(os.environ["SAGEMAKER_MODEL_SERVER_WORKERS"])
    with one_thread():
        predict_rows(model, example(model))
        _run(model, [f"127.0.0.1:{port + worker}" for worker in range(workers)])
    return 0


def example(model: Model) -> Table:
    """Return a valid row: the first one that the model was trained on."""
    row = model.metadata["example"]
    return Table(model.names, [[row[name]] for name in model.names])


def handler(model: Model) -> Handler:
    """Return what answers POST /invocations; HAProxy lets nothing else in."""

    def answer(body: bytes, headers: Mapping[bytes, bytes]) -> Answer:
        content_type, accept = (
            headers.get(name, b"").decode("latin-1") for name in (b"content-type", b"accept")
        )
        return invoke(model, body, content_type, accept)

    return answer


def _run(model: Model, addresses: list[str]) -> None:
    # it takes a tenth of a second, which a model that cannot be loaded does not need
    from gunicorn.app.base import BaseApplication  # noqa: PLC0415

    class Server(BaseApplication):
        def load_config(self) -> None:
            settings = {
                "bind": addresses,
                "workers": len(addresses),
                "worker_class": "toolkit.worker.Worker",
                "pre_fork": _give_port,
                "post_fork": _end_with_parent,
                "keepalive": _NEVER_SECONDS,
                "timeout": 0,
                "graceful_timeout": 0,  # HAProxy has let all requests end: nobody asks any more
                "loglevel": "warning",
            }
            for name, value in settings.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return handler(model)

    Server().run()


def _give_port(arbiter: Any, worker: Any) -> None:
    """Let a worker accept from the one socket that no living worker has."""
    taken = [other.sockets[0] for other in arbiter.WORKERS.values()]
    worker.sockets = [each for each in arbiter.LISTENERS if each not in taken][:1]


def _end_with_parent(_arbiter: Any, _worker: Any) -> None:
    """Leave no worker behind that nobody would end, should the parent be killed."""
    end_with_parent()
