"""A container that serves a model: its start, its health and what it is asked."""

import http.client
import time
from collections.abc import Callable, Mapping
from typing import Any

from local.runners import Container
from local.sagemaker import s3_data
from local.sagemaker.hosting.configuration import container_of
from local.sagemaker.records import Record

PING_TIMEOUT = 2
"""Seconds that a container has to answer a ping."""


class UnhealthyError(Exception):
    """A model server did not come up; the text goes on from `The primary container`."""


class ModelServer:
    """The model server in a container that was made for it."""

    def __init__(self, container: Container, model: Record) -> None:
        self._container = container
        self._model = model

    def start(self, s3: Any, timeout: float, cancelled: Callable[[], bool]) -> None:
        """Load the model, start and wait up to `timeout` seconds for a healthy ping.

        Raises UnhealthyError, also when cancelled; SageMakerError, ClientError or OSError for a
        model that cannot be had.
        """
        model_dir = self._container.base_dir / "model"
        if url := container_of(self._model).get("ModelDataUrl"):
            s3_data.download_model(url, s3, model_dir, self._container.base_dir.parent)
        else:
            model_dir.mkdir()
        self._container.start()
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and not cancelled():
            if (code := self._container.wait(timeout=0)) is not None:
                raise UnhealthyError(
                    f"ended with exit code {code} before it passed the ping health check"
                )
            try:
                if _send(self._container.address, "GET", "/ping", PING_TIMEOUT).status == 200:
                    return
            except OSError:  # not listening yet, or too slow
                pass
            time.sleep(0.05)
        raise UnhealthyError("did not pass the ping health check")

    def invoke(self, body: bytes, headers: Mapping[str, str], timeout: float) -> "Answer":
        """POST to /invocations. Raises TimeoutError, or OSError when the container is gone."""
        address = self._container.address
        return _send(address, "POST", "/invocations", timeout, body=body, headers=headers)


class Answer:
    """What a model server answered."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.content_type = response.getheader("Content-Type", "application/octet-stream")
        self.custom_attributes = response.getheader("X-Amzn-SageMaker-Custom-Attributes")
        self.body = response.read()


def _send(
    address: tuple[str, int],
    method: str,
    path: str,
    timeout: float,
    *,
    body: bytes | None = None,
    headers: Mapping[str, Any] | None = None,
) -> Answer:
    connection = http.client.HTTPConnection(*address, timeout=timeout)
    try:
        connection.request(method, path, body, dict(headers or {}))
        return Answer(connection.getresponse())
    except http.client.HTTPException as error:
        raise ConnectionError(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()
