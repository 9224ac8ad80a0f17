"""The log streams of jobs: /aws/sagemaker/TrainingJobs and its like hold the whole account's."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_MAX_LINE = 200  # characters: a few lines must fit into CloudFormation's response


def last_lines(group: str, prefix: str, count: int, logs: "CloudWatchLogsClient") -> list[str]:
    """Return the last lines of the first stream that begins with `prefix`, cut to be quoted."""
    try:
        stream = next(_streams(group, prefix, logs), None)
        if stream is None:
            return []
        events = logs.get_log_events(
            logGroupName=group, logStreamName=stream, limit=count, startFromHead=False
        )["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []  # no job has written a line yet
    return [event["message"].rstrip()[:_MAX_LINE] for event in events]


def delete_streams(group: str, prefix: str, logs: "CloudWatchLogsClient") -> None:
    """Delete the streams that begin with `prefix`: the group would keep them for ever."""
    try:
        for stream in list(_streams(group, prefix, logs)):
            logs.delete_log_stream(logGroupName=group, logStreamName=stream)
    except logs.exceptions.ResourceNotFoundException:
        return  # no job ever wrote a line, or the same event has deleted them already


def _streams(group: str, prefix: str, logs: "CloudWatchLogsClient") -> Iterator[str]:
    pages = logs.get_paginator("describe_log_streams").paginate(
        logGroupName=group, logStreamNamePrefix=prefix
    )
    return (stream["logStreamName"] for page in pages for stream in page["logStreams"])
