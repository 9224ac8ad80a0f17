"""Runs a command and ends it, with all that it started, when the server that started us ends.

`python tether.py <grace seconds> <command> …`, alone and without site-packages. The server holds
the other end of our standard input: its end, even by SIGKILL, is an end of file here.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time

ORPHAN_GRACE = 3
"""Seconds from SIGTERM to SIGKILL when it is the server that is gone."""


def main() -> int:
    """Run the command of our arguments and return its exit code."""
    grace, command = float(sys.argv[1]), sys.argv[2:]
    asked_to_stop, wake = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(wake, b"t"))
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    signal.signal(signal.SIGCHLD, lambda *_: os.write(wake, b"c"))
    stopping_until = None
    while child.poll() is None:
        wait = None if stopping_until is None else max(0, stopping_until - time.monotonic())
        watched = [asked_to_stop] if stopping_until else [asked_to_stop, sys.stdin.fileno()]
        ready, _, _ = select.select(watched, [], [], wait)
        if asked_to_stop in ready:
            stop = b"t" in os.read(asked_to_stop, 100)
        else:
            stop, grace = bool(ready), ORPHAN_GRACE
        if stop and stopping_until is None:
            child.send_signal(signal.SIGTERM)
            stopping_until = time.monotonic() + grace
        elif stopping_until and time.monotonic() >= stopping_until:
            break
    with contextlib.suppress(ProcessLookupError):  # as in a container, nothing of it goes on
        os.killpg(child.pid, signal.SIGKILL)
    code = child.wait()
    return 128 - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main())
