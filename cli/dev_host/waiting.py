"""Waits for what AWS does with a machine, and shows how far it is."""

from collections.abc import Callable
from time import monotonic, sleep

from rich.console import Console

from cli.problems import HostFailed

INTERVAL = 2.0
"""Seconds between two looks."""

Look = Callable[[], tuple[bool, str]]
"""Tells whether it is there, and in which state it is."""


def wait_until(console: Console, what: str, look: Look, *, timeout: float, advice: str) -> None:
    """Look until it is there, with a line for each new state; nothing is said if it is at once.

    Raises HostFailed with the last state and the advice after `timeout` seconds.
    """
    started, said = monotonic(), ""
    with console.status(what) as spinner:
        while True:
            there, state = look()
            waited = monotonic() - started
            if state != said and not (there and not said):
                took = f" after {waited:.0f} s" if there else ""
                console.print(f"{what}: {state}{took}", markup=False, soft_wrap=True)
                said = state
            if there:
                return
            if waited >= timeout:
                raise HostFailed(f"{what}: {state}, after {waited:.0f} s; {advice}")
            spinner.update(f"{what}: {state}, {waited:.0f} s")
            sleep(INTERVAL)
