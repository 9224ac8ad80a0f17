"""What training and processing jobs share: how they run and how they end."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn

from toolkit.problems import UserError

# FailureReason and ExitMessage hold 1 KB.
LONGEST_REASON = 1024
# prctl(2): the signal that a process gets when its parent dies
_PR_SET_PDEATHSIG = 1


def run_job(work: Callable[[], None], reason_file: Path) -> int:
    """Run a job's work and return its exit code, with its reason in a file if it failed."""
    try:
        work()
    except UserError as error:
        reason = str(error)
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        said = "" if isinstance(error, SystemExit) else str(error)
        reason = f"internal error{_own_place(error)}: {said or type(error).__name__}"
    else:
        return 0
    tell_reason(reason, reason_file)
    return 1


def _own_place(error: BaseException) -> str:
    """Say where in model.py an error was raised or what raised it was called, if it was there."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).name == "model.py"]
    return f" in model.py, line {own[-1].lineno}" if own else ""


def tell_reason(reason: str, file: Path) -> None:
    """Write what SageMaker shows as the job's reason, and log it."""
    print(reason, file=sys.stderr)
    file.parent.mkdir(parents=True, exist_ok=True)
    # what is left of a character that was cut in two is dropped
    short = reason.encode()[:LONGEST_REASON].decode(errors="ignore")
    file.write_text(short, encoding="utf-8")


def run_apart(job: Callable[[], int], reason_file: Path, result: Path) -> int:
    """Run a job in a process group of its own, and return its exit code.

    SIGTERM ends all of it at once: compiled code that does not listen, and processes that the job
    has started. A job that the kernel has ended has a reason, too. No failed job leaves a result.
    """
    child = os.fork()
    if child == 0:
        _run_child(job)
    with contextlib.suppress(OSError):  # the child does the same, and may be through
        os.setpgid(child, child)

    def stop(number: int, _frame: FrameType | None) -> None:
        _kill_group(child)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)
        remove(result)
        os._exit(128 + number)

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    _kill_group(child)
    if code != 0:
        remove(result)
    if code >= 0:
        return code
    name = signal.Signals(-code).name
    tell_reason(f"internal error: ended by {name}, as for want of memory", reason_file)
    return 1


def _run_child(job: Callable[[], int]) -> NoReturn:
    os.setpgid(0, 0)
    end_with_parent()
    code = 1
    try:
        code = job()
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()
        os._exit(code)


def _kill_group(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def end_with_parent() -> None:
    """Have the kernel end this process when its parent is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def remove(result: Path) -> None:
    """Remove a folder with what is in it; the latter alone where SageMaker has mounted it."""
    shutil.rmtree(result, ignore_errors=True)
