"""Copies of requests for shadow variants, whose answers nobody gets.

https://docs.aws.amazon.com/sagemaker/latest/dg/shadow-tests.html
"""

import contextlib
import contextvars
import logging
import queue
import random
import threading
import time
from collections.abc import Mapping

from local.sagemaker.hosting.host import RetiredError
from local.sagemaker.hosting.variants import Variant

WAITING = 32
"""Copies that wait at most: a shadow that is too slow misses some, and nobody waits for it."""
WORKERS = 4

_Copy = tuple[contextvars.Context, Variant, bytes, Mapping[str, str], float]

logger = logging.getLogger(__name__)


class Shadows:
    """Asks shadow variants, on threads of its own from the first copy on."""

    def __init__(self) -> None:
        self._queue: queue.Queue[_Copy] = queue.Queue(WAITING)
        self._lock = threading.Lock()
        self._workers: list[threading.Thread] = []

    def copy(
        self, variant: Variant, body: bytes, headers: Mapping[str, str], timeout: float
    ) -> None:
        """Copy a request that a variant has answered, if it has a shadow whose turn it is.

        The shadow gets its weight by the production variant's of the requests. `timeout` is what
        the shadow has for its answer, in seconds.
        """
        shadow = variant.shadow
        if shadow is None or random.random() * variant.weight >= shadow.weight:  # noqa: S311
            return
        with self._lock:
            if not self._workers:
                self._workers = [
                    threading.Thread(target=self._work, name="shadow", daemon=True)
                    for _ in range(WORKERS)
                ]
                for worker in self._workers:
                    worker.start()
        try:
            self._queue.put_nowait((contextvars.copy_context(), shadow, body, headers, timeout))
        except queue.Full:
            logger.warning("shadow variant %s misses a request: it is too slow", shadow.name)

    def _work(self) -> None:
        while True:
            context, shadow, body, headers, timeout = self._queue.get()
            # Its errors are in its metrics and its log; it may be gone by now.
            with contextlib.suppress(OSError, RetiredError):
                context.run(shadow.invoke, body, headers, timeout, time.monotonic())
