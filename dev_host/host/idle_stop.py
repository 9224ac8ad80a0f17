"""Stops the host when nobody has worked on it for a while; sagestack-idle-stop.service.

The instance is shut down from within, which stops it: the volume stays, and only the volume costs.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from host.settings import Settings

INTERVAL = 60
"""Seconds between two looks."""
BUSY = 0.1
"""How much of one core makes a host busy: RStudio and the agents, idle, take a hundredth."""


@dataclass(frozen=True)
class Look:
    """What a host is doing at a moment."""

    cpu_seconds: float
    """That all cores together have worked since the boot."""
    logins: int
    """Shells, and tunnels of Session Manager: through one of these RStudio is reached."""


def idle_for(
    minutes: float, look: Callable[[], Look], clock: Callable[[], float]
) -> Iterator[bool]:
    """Look at the host each time that the caller asks, and tell whether it was idle for so long.

    Idle is a host where nobody is logged in and nothing computes, be it R, a build or a training.
    """
    last, at = look(), clock()
    active = at
    while True:
        yield at - active >= minutes * 60
        now, then = look(), at
        at = clock()
        busy = (now.cpu_seconds - last.cpu_seconds) > BUSY * (at - then)
        if busy or now.logins:
            active = at
        last = now


def look(proc: Path = Path("/proc")) -> Look:
    """Look at this host."""
    _, *jiffies = (proc / "stat").read_text().splitlines()[0].split()
    user, nice, system, _idle, _iowait, *interrupts = map(int, jiffies)
    worked = user + nice + system + sum(interrupts[:2])
    return Look(cpu_seconds=worked / 100, logins=_shells() + _tunnels(proc))


def _shells() -> int:
    return len(subprocess.run(["who"], check=True, capture_output=True).stdout.splitlines())


def _tunnels(proc: Path) -> int:
    """Count the sessions of Session Manager: its agent starts a process for each."""
    workers = 0
    for file in proc.glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes()
        except OSError:  # the process has ended since
            continue
        workers += b"ssm-session-worker" in command.split(b"\0", 1)[0]
    return workers


def main() -> None:
    """Look each minute, until it is time to stop."""
    minutes = Settings.load().idle_minutes
    # the monotonic clock stands still while the machine sleeps, and nobody can set it
    for idle in idle_for(minutes, look, time.monotonic):
        if idle:
            print(f"nobody has worked here for {minutes} minutes: stopping", flush=True)
            subprocess.run(["systemctl", "poweroff"], check=True)
            return
        time.sleep(INTERVAL)


if __name__ == "__main__":
    main()
