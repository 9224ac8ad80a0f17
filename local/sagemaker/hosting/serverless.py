"""A serverless variant: no instances, but so many requests at a time and no more."""

import threading
from types import TracebackType

from local.sagemaker.errors import SageMakerError

MAX_BODY = 4 * 1024 * 1024
"""Bytes that a serverless endpoint takes.

https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
"""


class Concurrency:
    """How many requests a variant has; a context for each of them."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit
        """How many at a time; None for as many as come."""
        self.running = 0
        """How many there are now."""
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            if self.limit is not None and self.running >= self.limit:
                raise SageMakerError(
                    "ThrottlingException",
                    f"The endpoint has {self.running} requests at the moment, as many as its "
                    "MaxConcurrency allows.",
                    status=429,
                )
            self.running += 1

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        with self._lock:
            self.running -= 1
