"""The sections of the report, in its order; each is a module of this folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.measurements import Findings

Report = Callable[[str], None]
"""Says what is being done now."""


@dataclass(frozen=True)
class Section:
    """One module's part of the report."""

    name: str
    """As ONLY= knows it."""
    title: str
    method: str
    """How it was measured, and what the peer is."""
    rounds: int
    """How often ours and the peer's are measured in turn, unless ROUNDS= says it."""
    run: Callable[[int, Report], Findings]
    """Measures so many rounds."""


def all_sections() -> list[Section]:
    """Return every section, in the order of the report."""
    from benchmarks import (  # noqa: PLC0415 - they import Section from here
        demo,
        image_size,
        lifecycle,
        load,
        parallel,
        proxy,
        serving_python,
        serving_r,
        synth,
    )

    modules = (serving_r, serving_python, lifecycle, image_size, proxy, synth, demo, load, parallel)
    return [module.SECTION for module in modules]
