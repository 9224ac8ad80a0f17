"""The metrics of an asynchronous endpoint's queue, in MiniStack's CloudWatch.

https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
"""

import threading
import time

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch

from local.sagemaker.hosting.metrics import NAMESPACE, Series, Statistics


class BacklogMetrics:
    """Publishes at once what it is told, and keeps no more of it than of any metric."""

    def __init__(self, endpoint: str) -> None:
        """Publish for an endpoint of the current account and region."""
        self._endpoint = endpoint
        self._scope = get_account_id(), get_region()
        self._series: dict[tuple[str, str], Series] = {}
        self._lock = threading.Lock()

    def size(self, requests: int, instances: int) -> None:
        """Tell how many requests wait or are being answered, and by how many instances.

        The autoscaling from no instance at all looks at HasBacklogWithoutCapacity; without one
        there is no number per instance.
        """
        self._put("ApproximateBacklogSize", requests, "Count")
        self._put("HasBacklogWithoutCapacity", int(requests > 0 and instances == 0), "Count")
        if instances:
            self._put("ApproximateBacklogSizePerInstance", requests / instances, "Count")

    def waited(self, seconds: float, variant: str) -> None:
        """Tell for how long a request waited that a variant answers now."""
        self._put("TimeInBacklog", seconds * 1e6, "Microseconds", VariantName=variant)

    def _put(self, name: str, value: float, unit: str, **more: str) -> None:
        dimensions = {"EndpointName": self._endpoint, **more}
        metric = NAMESPACE, name, cloudwatch._dims_key(dimensions)
        with self._lock:
            series = self._series.setdefault(metric[1:], Series(unit, dimensions))
            series.add(int(time.time()), Statistics(1, value, value, value))
            cloudwatch._metrics.set_scoped(*self._scope, metric, series.points())
