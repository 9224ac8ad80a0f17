"""The CloudWatch log streams of one job, read on from where they were read to."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient


@dataclass(frozen=True)
class Line:
    """A line of a container's output."""

    timestamp: int
    """Milliseconds since the epoch."""
    host: str
    """`algo-1`, or what else tells its stream from the others; empty while there is one."""
    text: str


class LogStreams:
    """What a job's containers say, each stream `<job>/<host>-<time of its start>`.

    SageMaker's own remarks on a transform job are beside them, in `…/data-log`.
    """

    def __init__(self, logs: "CloudWatchLogsClient", group: str, job: str) -> None:
        self._logs = logs
        self._group = group
        self._prefix = f"{job}/"
        self._tokens: dict[str, str] = {}

    def read(self) -> list[Line]:
        """Return the lines that are new, stream after stream."""
        return [
            Line(timestamp, host, text)
            for stream, host in self._hosts().items()
            for timestamp, text in self._new_events(stream)
        ]

    def _hosts(self) -> dict[str, str]:
        """Return each stream with its host's name, as far as that tells one from another."""
        names = {
            stream: re.sub(r"-\d+(?=/|$)", "", stream.removeprefix(self._prefix), count=1)
            for stream in self._streams()
        }
        hosts = {name.partition("/")[0] for name in names.values()}
        if len(hosts) > 1:
            return names
        return {stream: name.partition("/")[2] for stream, name in names.items()}

    def _streams(self) -> list[str]:
        pages = self._logs.get_paginator("describe_log_streams").paginate(
            logGroupName=self._group, logStreamNamePrefix=self._prefix
        )
        try:
            return [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
        except self._logs.exceptions.ResourceNotFoundException:
            return []  # no job of the account has ever written a line

    def _new_events(self, stream: str) -> list[tuple[int, str]]:
        """Read a stream to its end, which the same token twice in a row marks."""
        events: list[tuple[int, str]] = []
        while True:
            token = self._tokens.get(stream)
            since: dict[str, Any] = {"nextToken": token} if token else {"startFromHead": True}
            page = self._logs.get_log_events(
                logGroupName=self._group, logStreamName=stream, **since
            )
            events += [(event["timestamp"], event["message"]) for event in page["events"]]
            self._tokens[stream] = page["nextForwardToken"]
            if self._tokens[stream] == token:
                return events
