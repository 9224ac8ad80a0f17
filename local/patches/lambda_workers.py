"""No function's process ends under an invocation."""

from ministack.core import lambda_runtime
from ministack.core.concurrency import spawn_background


def apply() -> None:
    """Replace how workers are ended."""
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
