"""The waits of an execution are short at first: what takes AWS minutes takes this machine seconds.

AWS waits as long as the state machine says from the first time on, and so does MiniStack. Its own
SFN_WAIT_SCALE would make all waits shorter, and with them the hour that a Provider may wait.
"""

import threading

from ministack.services import stepfunctions

FIRST_SECONDS = 0.25
"""The first wait of an execution, at most."""
GROWTH = 1.5
"""How much longer each one after it may be: the last one is half of all those before it."""


class _Execution(threading.local):
    """Each execution has a thread of its own."""

    longest = FIRST_SECONDS
    """Seconds that its next wait takes at most."""


def apply() -> None:
    """Let the first waits of each execution be shorter than its state machine says."""
    scaled_sleep = stepfunctions._scaled_sleep
    execution = _Execution()

    def sleep(seconds: float) -> None:
        scaled_sleep(min(seconds, execution.longest))
        execution.longest *= GROWTH

    stepfunctions._scaled_sleep = sleep
