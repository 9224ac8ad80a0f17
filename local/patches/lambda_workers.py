"""When a function's processes start and end: no more, and no later or sooner, than on AWS."""

import threading
import time
from collections import defaultdict, deque
from typing import Any

from ministack.core import lambda_runtime
from ministack.core.concurrency import spawn_background
from ministack.services import lambda_svc

PATIENCE = 0.5
"""Seconds, for each process that there is, that an invocation waits for one before it starts one.

About what a start takes.
"""


def apply() -> None:
    """Replace how workers are ended, and when there are more of them."""
    _end_when_idle()
    _survive_what_is_raised()
    _start_reluctantly()


def _end_when_idle() -> None:
    kill_workers = lambda_runtime.kill_workers

    # AWS lets running invocations finish when a function is changed or deleted, or when another
    # of its environments fails. MiniStack ends every worker of the function at once and deletes
    # its folder: one that was still unpacking its code there failed with "No such file or
    # directory". They are out of the pool by now, so a busy one serves this invocation and no more.
    def kill_idle_workers(workers: list[lambda_runtime.Worker]) -> None:
        busy = [worker for worker in workers if worker._lock.locked()]
        kill_workers([worker for worker in workers if worker not in busy])
        for worker in busy:
            spawn_background(kill_when_idle, worker, thread_name="lambda worker's end")

    def kill_when_idle(worker: lambda_runtime.Worker) -> None:
        with worker._lock:
            kill_workers([worker])

    lambda_runtime.kill_workers = kill_idle_workers


def _survive_what_is_raised() -> None:
    invoke = lambda_runtime.Worker.invoke

    # MiniStack ends a process whose handler raises, so that the next invocation is a cold start: of
    # all those, too, with which a Provider says "not yet". AWS ends one only if it crashes. The
    # preambles answer with what was raised as if it were a result.
    def invoked(worker: lambda_runtime.Worker, *arguments: Any, **options: Any) -> Any:
        result = invoke(worker, *arguments, **options)
        raised = result.pop("raised", {})
        return {**result, **raised}

    lambda_runtime.Worker.invoke = invoked


class _Waiting:
    """An invocation that waits for a process."""

    def __init__(self) -> None:
        self.called = threading.Event()
        self.worker: lambda_runtime.Worker | None = None


def _start_reluctantly() -> None:
    acquire_worker, release_worker = lambda_svc.acquire_worker, lambda_svc.release_worker
    lines: defaultdict[str, deque[_Waiting]] = defaultdict(deque)
    lock = threading.Lock()

    # MiniStack starts a process for every invocation that finds all others busy, as AWS does, which
    # has cores for them. Here a start takes half a second of a core from those that are at work: a
    # moment's delay under load, and there would be hundreds of them, none of which gets anywhere.
    # So an invocation first stands in line. That has an end because a function may invoke itself.
    def acquire(name: str, config: dict[str, Any], code: bytes, **options: Any) -> Any:
        pool = lambda_runtime._worker_key(name, config, options["qualifier"])
        line = lines[pool]
        with lock:
            if not line and not _all_busy(pool):
                return acquire_worker(name, config, code, **options)
            waiting = _Waiting()
            line.append(waiting)
        start = time.monotonic()
        while (left := start + PATIENCE * len(_workers(pool)) - time.monotonic()) > 0:
            if waiting.called.wait(left):
                return waiting.worker, "reused"
        with lock:
            if waiting.worker is not None:
                return waiting.worker, "reused"
            line.remove(waiting)
            return acquire_worker(name, config, code, **options)

    def release(worker: lambda_runtime.Worker | None) -> None:
        with lock:
            if worker is not None:
                pool = lambda_runtime._worker_key(
                    worker.func_name, worker.config, worker.config.get("Version", "$LATEST")
                )
                if lines[pool] and worker in _workers(pool):
                    waiting = lines[pool].popleft()
                    waiting.worker = worker
                    waiting.called.set()
                    return
            release_worker(worker)

    lambda_svc.acquire_worker = acquire
    lambda_svc.release_worker = release


def _workers(pool: str) -> list[lambda_runtime.Worker]:
    found: list[lambda_runtime.Worker] = lambda_runtime._workers.get(pool, [])
    return found


def _all_busy(pool: str) -> bool:
    """Whether there are processes, and none is free."""
    workers = _workers(pool)
    return bool(workers) and all(worker.in_use for worker in workers)
