"""Containers' output in CloudWatch Logs, and the metrics that are read from it."""

import logging
import re
import threading
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker.records import Record

FLUSH_SECONDS = 1.0
BATCH = 5_000
"""PutLogEvents takes 10,000 events and 1 MiB at most."""
MAX_LINE = 100_000

MetricHeard = Callable[[str, float], object]
"""Told name and value of a metric each time that the output has one."""

logger = logging.getLogger(__name__)


class LogStream:
    """One stream, written about once a second with the credentials of the container's role."""

    def __init__(self, logs: Any, group: str, stream: str) -> None:
        self._logs = logs
        self._group = group
        self._stream = stream
        self._pending: list[Record] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._writer = threading.Thread(target=self._write, name=f"logs {stream}", daemon=True)
        self._writer.start()

    def line(self, text: str) -> None:
        """Add a line."""
        if text:  # CloudWatch takes no empty event
            event = {"timestamp": int(time.time() * 1000), "message": text[:MAX_LINE]}
            with self._lock:
                self._pending.append(event)

    def close(self) -> None:
        """Write what is left."""
        self._closed.set()
        self._writer.join()

    def _write(self) -> None:
        try:
            self._create()
            while not self._closed.wait(FLUSH_SECONDS):
                self._flush()
            self._flush()
        except (BotoCoreError, ClientError) as error:
            # As on AWS: a role that may not write logs makes a job without logs, not a failed one.
            logger.warning("no logs in %s %s: %s", self._group, self._stream, error)

    def _create(self) -> None:
        for create, names in (
            (self._logs.create_log_group, {"logGroupName": self._group}),
            (
                self._logs.create_log_stream,
                {"logGroupName": self._group, "logStreamName": self._stream},
            ),
        ):
            try:
                create(**names)
            except self._logs.exceptions.ResourceAlreadyExistsException:
                continue

    def _flush(self) -> None:
        with self._lock:
            pending, self._pending = self._pending, []
        size = BATCH if all(len(event["message"]) < 100 for event in pending) else 9
        for start in range(0, len(pending), size):
            self._logs.put_log_events(
                logGroupName=self._group,
                logStreamName=self._stream,
                logEvents=pending[start : start + size],
            )


def nobody(_name: str, _value: float) -> None:
    """Nobody wants to be told."""


class Metrics:
    """The last value of each metric that a job's regular expressions find in its output."""

    def __init__(self, definitions: list[Record], heard: MetricHeard = nobody) -> None:
        self._heard = heard
        self._patterns = {item["Name"]: re.compile(item["Regex"]) for item in definitions}
        self._found: dict[str, Record] = {}

    def line(self, text: str) -> None:
        """Look at a line of output."""
        for name, pattern in self._patterns.items():
            for match in pattern.finditer(text):
                try:
                    value = float(match[1] if pattern.groups else match[0])
                except ValueError:
                    continue  # SageMaker too ignores what is no number
                self._found[name] = {"MetricName": name, "Value": value, "Timestamp": time.time()}
                self._heard(name, value)

    def final(self) -> list[Record]:
        """FinalMetricDataList."""
        return list(self._found.values())
