"""The requests of an asynchronous endpoint that wait for an instance."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from ministack.core.concurrency import spawn_background

from local.sagemaker.errors import SageMakerError
from local.sagemaker.hosting.async_inference import capacity, is_asynchronous
from local.sagemaker.hosting.async_request import AsyncRequest
from local.sagemaker.hosting.async_results import AsyncResults
from local.sagemaker.hosting.backlog_metrics import BacklogMetrics
from local.sagemaker.hosting.variants import Variant

MAX_REQUESTS = 10_000
"""That wait at the same time: the memory has an end, if AWS documents none."""
METRICS_SECONDS = 1.0
"""Between two values of a metric; a minute on AWS."""

logger = logging.getLogger(__name__)


class Backlog:
    """Hands the requests of one endpoint to its variant, oldest first, as many as it can take.

    It belongs to the endpoint and not to a configuration, so it outlives each update; without
    instances it waits.
    """

    def __init__(self, endpoint: str, current: Callable[[], Variant]) -> None:
        """Take the variant that answers now from `current`, which raises SageMakerError without."""
        self._endpoint = endpoint
        self._current = current
        self._results = AsyncResults(endpoint, current)
        self._metrics = BacklogMetrics(endpoint)
        self._waiting: deque[AsyncRequest] = deque()
        self._running = 0
        self._changed = threading.Condition()
        self._open = False
        self._closed = False

    def open_if_asynchronous(self, variants: Sequence[Variant]) -> None:
        """Begin to work, on a thread of its own, if that is how these variants are asked."""
        with self._changed:
            if self._open or self._closed or not any(map(is_asynchronous, variants)):
                return
            self._open = True
        spawn_background(self._work, thread_name=f"backlog {self._endpoint}")

    def put(self, request: AsyncRequest) -> None:
        """Add a request. Raises SageMakerError when there are too many, or no endpoint any more."""
        with self._changed:
            if self._closed or len(self._waiting) >= MAX_REQUESTS:
                waiting = f"{len(self._waiting)} requests wait for endpoint {self._endpoint}"
                raise SageMakerError("ServiceUnavailable", f"{waiting}; try again later.", 503)
            self._waiting.append(request)
            self._changed.notify_all()

    def close(self) -> None:
        """Hand out no more requests; those that wait are gone, as on AWS."""
        with self._changed:
            self._closed = True
            lost = len(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        if lost:
            logger.warning("endpoint %s: deleted with %d requests waiting", self._endpoint, lost)

    def _work(self) -> None:
        publish_at = 0.0
        while True:
            variant = self._variant()
            if time.monotonic() >= publish_at:
                publish_at = time.monotonic() + METRICS_SECONDS
                self._expire(variant)
                self._publish(variant)
            with self._changed:
                if self._closed:
                    return
                if variant is None or not self._waiting or self._running >= capacity(variant):
                    self._changed.wait(max(0.0, publish_at - time.monotonic()))
                    continue  # with the variant, and its count, that there are then
                request = self._waiting.popleft()
                self._running += 1
            spawn_background(
                self._answer, request, variant, thread_name=f"inference {request.inference_id}"
            )

    def _variant(self) -> Variant | None:
        try:
            return self._current()
        except SageMakerError:  # being deleted
            return None

    def _answer(self, request: AsyncRequest, variant: Variant) -> None:
        self._metrics.waited(time.time() - request.received, variant.name)
        try:
            self._results.answer(request, variant)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    def _expire(self, variant: Variant | None) -> None:
        if variant is None:
            return
        expired: list[AsyncRequest] = []
        kept: deque[AsyncRequest] = deque()
        with self._changed:
            for request in self._waiting:
                (expired if request.has_expired else kept).append(request)
            self._waiting = kept
        if expired:
            spawn_background(
                self._expire_all, expired, variant, thread_name=f"expired {self._endpoint}"
            )

    def _expire_all(self, expired: list[AsyncRequest], variant: Variant) -> None:
        for request in expired:
            self._results.expire(request, variant)

    def _publish(self, variant: Variant | None) -> None:
        with self._changed:
            size = len(self._waiting) + self._running
        self._metrics.size(size, variant.current_instances if variant is not None else 0)
