"""What CloudWatch gets of an endpoint's variants: each invocation, and how many there are at once.

https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html

What comes is summed up in memory and written into MiniStack's own store twice a second, off the
request's path: a data point a second for the last minutes, one a minute for the hours before.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch

NAMESPACE = "AWS/SageMaker"
PUBLISH_SECONDS = 0.5
FINE = 300
"""Seconds for which a second has a data point of its own; AWS has one a minute from the start."""
KEPT = 3 * 3600
"""Seconds after which a data point is forgotten; 15 days on AWS."""


@dataclass(frozen=True)
class Invocation:
    """How a variant answered a request."""

    status: int
    """The HTTP status of the container's answer; 0 if there was none."""
    model_seconds: float
    """From the request to the container to its answer."""
    overhead_seconds: float
    """All the rest."""
    instances: int
    """How many instances the variant had."""
    asynchronous: bool = False
    """Whether it waited in a queue, of which there are metrics of their own."""


Value = tuple[str, str, float]
"""A metric: its name, its unit and a value of it."""
Count = Callable[[Invocation], None]
Load = Callable[[], Iterable[Value]]
"""Tells how busy a variant is at the moment."""
Point = dict[str, Any]


class Statistics(NamedTuple):
    """What is known of some values of a metric: CloudWatch's StatisticSet."""

    number: int
    total: float
    low: float
    high: float

    def merged(self, other: "Statistics") -> "Statistics":
        """Return what is known of the values of both."""
        return Statistics(
            self.number + other.number,
            self.total + other.total,
            min(self.low, other.low),
            max(self.high, other.high),
        )


class Series:
    """One metric of one variant: its data points, of which there are not more and more."""

    def __init__(self, unit: str, dimensions: dict[str, str]) -> None:
        self._unit = unit
        self._dimensions = dimensions
        self._statistics: dict[int, Statistics] = {}
        self._points: dict[int, Point] = {}

    def add(self, second: int, statistics: Statistics) -> None:
        """Add values of `second` since 1970, and let what is older be coarser."""
        self._merge(second, statistics)
        for old in [at for at in self._points if at <= second - FINE and at % 60]:
            self._merge(old - old % 60, self._forget(old))
        for old in [at for at in self._points if at <= second - KEPT]:
            self._forget(old)

    def points(self) -> list[Point]:
        """Return the data points as MiniStack has them, in no order."""
        return list(self._points.values())

    def _merge(self, second: int, statistics: Statistics) -> None:
        if second in self._statistics:
            statistics = statistics.merged(self._statistics[second])
        self._statistics[second] = statistics
        # Made once, as most of the points that are published twice a second stay as they are.
        self._points[second] = {
            "Timestamp": float(second),
            "Value": statistics.total / statistics.number,
            "Unit": self._unit,
            "Dimensions": self._dimensions,
            "_stat": {
                "SampleCount": statistics.number,
                "Sum": statistics.total,
                "Minimum": statistics.low,
                "Maximum": statistics.high,
            },
        }

    def _forget(self, second: int) -> Statistics:
        del self._points[second]
        return self._statistics.pop(second)


@dataclass(frozen=True)
class _Scope:
    """Whose invocations are counted together."""

    account: str
    region: str
    endpoint: str
    variant: str
    config: str

    def dimensions(self) -> Iterator[dict[str, str]]:
        """Yield the sets of dimensions under which each metric of it is published.

        With EndpointConfigName an alarm can be about the new fleet of an update alone:
        https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
        """
        both_fleets = {"EndpointName": self.endpoint, "VariantName": self.variant}
        yield both_fleets
        yield both_fleets | {"EndpointConfigName": self.config}


class Metrics:
    """Counts invocations and publishes them, on a thread of its own from the first variant on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._publishing = threading.Lock()
        self._pending: dict[_Scope, dict[tuple[str, str], Statistics]] = {}
        self._series: dict[tuple[str, ...], Series] = {}
        self._loads: dict[Load, _Scope] = {}
        self._publisher: threading.Thread | None = None

    def counter(self, endpoint: str, variant: str, config: str) -> Count:
        """Return what counts the invocations of a variant of the current account and region."""
        scope = _Scope(get_account_id(), get_region(), endpoint, variant, config)

        def count(invocation: Invocation) -> None:
            with self._lock:
                self._add(scope, values(invocation))
                self._publishes()

        return count

    def watch(self, endpoint: str, variant: str, config: str, load: Load) -> None:
        """Publish how busy a variant of the current account and region is, until `unwatch`.

        AWS has a value of ConcurrentRequestsPerModel every ten seconds, this two a second.
        """
        with self._lock:
            self._loads[load] = _Scope(get_account_id(), get_region(), endpoint, variant, config)
            self._publishes()

    def unwatch(self, load: Load) -> None:
        """End what `watch` has begun, if it has."""
        with self._lock:
            self._loads.pop(load, None)

    def reset(self) -> None:
        """Forget everything."""
        with self._publishing, self._lock:
            self._pending.clear()
            self._loads.clear()
            self._series.clear()

    def publish(self) -> None:
        """Write what came since the last time into MiniStack's store."""
        with self._publishing:
            with self._lock:
                for load, scope in self._loads.items():
                    self._add(scope, load())
                pending, self._pending = self._pending, {}
            second = int(time.time())
            for scope, found in pending.items():
                for dimensions in scope.dimensions():
                    for (name, unit), statistics in found.items():
                        metric = NAMESPACE, name, cloudwatch._dims_key(dimensions)
                        key = scope.account, scope.region, *metric
                        series = self._series.setdefault(key, Series(unit, dimensions))
                        series.add(second, statistics)
                        # A list of its own each time: MiniStack replaces the lists of its store as
                        # well, without what was appended meanwhile.
                        points = series.points()
                        cloudwatch._metrics.set_scoped(scope.account, scope.region, metric, points)

    def _add(self, scope: _Scope, found: Iterable[Value]) -> None:
        for name, unit, value in found:
            pending = self._pending.setdefault(scope, {})
            there = pending.get((name, unit))
            new = Statistics(1, value, value, value)
            pending[name, unit] = there.merged(new) if there else new

    def _publishes(self) -> None:
        if self._publisher is None:
            self._publisher = threading.Thread(target=self._work, name="metrics", daemon=True)
            self._publisher.start()

    def _work(self) -> None:
        while True:
            time.sleep(PUBLISH_SECONDS)
            self.publish()


def values(invocation: Invocation) -> Iterator[Value]:
    """Yield the metrics that SageMaker has of an invocation.

    Errors are 0 or 1 of every invocation: their average is the error rate. A container that gave no
    answer is the server's error, as the message to the caller has it: `server error (0)`.
    """
    status = invocation.status
    yield "Invocation4XXErrors", "None", int(400 <= status < 500)
    yield "Invocation5XXErrors", "None", int(status >= 500 or status == 0)
    yield "ModelLatency", "Microseconds", invocation.model_seconds * 1e6
    if invocation.asynchronous:
        # https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html: no others
        return
    yield "Invocations", "None", 1
    yield "InvocationsPerInstance", "None", 1 / max(invocation.instances, 1)
    yield "InvocationModelErrors", "None", int(not 200 <= status < 300)
    yield "OverheadLatency", "Microseconds", invocation.overhead_seconds * 1e6
