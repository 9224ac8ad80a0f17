"""The memory of an embedded AWS's processes, by what they are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from local.run_directory import processes_of
from local.session import EmbeddedAWS

SERVER = "embedded AWS"
_KINDS = {
    "_worker": "Lambda functions",
    "haproxy": "HAProxy",
    "/exec/R": "model server",
    "/usr/bin/python3": "model server",
}
"""By a part of a process's command line."""
_REST = "shells"


def resident(aws: EmbeddedAWS) -> dict[str, float]:
    """Return the MiB that are resident, by what the processes are; shared pages by their share."""
    found = Counter({SERVER: _pss(aws.pid)})
    for pid in processes_of((aws.state / f"run-{aws.pid}").resolve()):
        found[_kind(pid)] += _pss(pid)
    return {kind: kib / 1024 for kind, kib in found.items() if kib}


def _kind(pid: int) -> str:
    command = _read(pid, "cmdline").replace("\0", " ")
    return next((kind for part, kind in _KINDS.items() if part in command), _REST)


def _pss(pid: int) -> int:
    lines = _read(pid, "smaps_rollup").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _read(pid: int, what: str) -> str:
    try:
        return Path("/proc", str(pid), what).read_text()
    except OSError:  # ended meanwhile
        return ""
