"""The machine that was measured on."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path


def describe_machine() -> str:
    """Return the processor, its cores, memory, kernel and Python on one line."""
    fields = dict(
        line.split(":", 1) for line in Path("/proc/cpuinfo").read_text().splitlines() if ":" in line
    )
    model = {name.strip(): value.strip() for name, value in fields.items()}.get("model name")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{model or platform.machine()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, "
        f"Linux {platform.release().split('-')[0]}, Python {sys.version.split()[0]}"
    )


def load_now() -> float:
    """Return how many processes wanted a core in the last minute, on average."""
    return os.getloadavg()[0]
