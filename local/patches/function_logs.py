"""Functions' logs: in a group only while that exists, without a wait, and not for ever."""

import queue
import threading
import time
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import cloudwatch_logs, lambda_svc

END_OF_LOG = "\x01sagestack: the invocation has logged all that it will"
"""What a function's preamble prints behind the log of an invocation, before it answers."""
LATE = 5.0
"""Seconds that a log may come behind its answer, from a process that lives."""
DEAD = 0.25
"""Seconds that the log of one that has ended may."""

KEPT = 1000
"""Streams of a function's group; MiniStack writes one for each invocation."""


def apply() -> None:
    """Replace how logs are collected, and where they are written."""
    _collect_to_the_mark()
    _keep_the_newest()


def _collect_to_the_mark() -> None:
    drain = lambda_runtime.Worker._drain_stderr_bounded

    # MiniStack waits 5 ms for one more line, and 50 ms for the first one, with the process that
    # could serve the next invocation.
    def drained(worker: lambda_runtime.Worker, *waits: float) -> str:
        if not worker.config["Runtime"].startswith(("python", "nodejs")):
            collected: str = drain(worker, *waits)
            return collected
        lines: list[str] = []
        until = time.monotonic() + LATE
        while time.monotonic() < until:
            try:
                line = worker._stderr_queue.get(timeout=DEAD)
            except queue.Empty:
                if worker._proc is None:
                    break
                continue
            before, mark, _ = line.partition(END_OF_LOG)
            if before:
                lines.append(before)
            if mark:
                break
        return "\n".join(lines)

    lambda_runtime.Worker._drain_stderr_bounded = drained


def _keep_the_newest() -> None:
    emit = lambda_svc._emit_lambda_logs
    groups = cloudwatch_logs._log_groups
    trimming = threading.Lock()

    # MiniStack makes the group anew, whatever the function's role may do. On AWS a late line makes
    # no group unless the role has logs:CreateLogGroup, which the functions of the stacks lack.
    def emitted(func: dict[str, Any], *arguments: Any, **options: Any) -> None:
        config = func.get("config") or func
        name = (config.get("LoggingConfig") or {}).get("LogGroup")
        there = groups.get(name)
        if name is not None and there is None:
            return
        emit(func, *arguments, **options)
        written = groups.get(name or f"/aws/lambda/{config['FunctionName']}")
        if there is not None and written is not there:  # deleted just now, and made anew
            groups.pop(name, None)
        elif written is not None:
            trim(written["streams"])

    # AWS keeps them for the days of the group's retention; here they are in the server's memory,
    # which a load would fill.
    def trim(streams: dict[str, Any]) -> None:
        with trimming:
            for stream in list(streams)[:-KEPT]:
                del streams[stream]

    lambda_svc._emit_lambda_logs = emitted
