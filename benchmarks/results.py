"""What `make bench` found: kept in results.json, shown as one table, written to RESULTS.md."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measurements import Findings, Measurement
from benchmarks.sections import Section

FOLDER = Path(__file__).parent
KEPT = FOLDER / "results.json"
WRITTEN = FOLDER / "RESULTS.md"

_WIDE = 200
"""Columns of a line, also where the terminal has fewer: a table that wraps is hard to read."""
_HEAD = ("ours", "peer", "ratio", "spread of the ratio", "limit", "met")


@dataclass(frozen=True)
class SectionResult:
    """What one section found, how, when and of which commit."""

    title: str
    method: str
    findings: Findings
    date: str
    commit: str
    load: float
    """How many processes wanted a core just before it, on average over a minute."""


def read_results(machine: str) -> dict[str, SectionResult]:
    """Read the results of earlier runs on this machine, by section."""
    if not KEPT.exists():
        return {}
    kept = json.loads(KEPT.read_text())
    if kept["machine"] != machine:  # figures of two machines do not belong in one table
        return {}
    return {name: _from_json(section) for name, section in kept["sections"].items()}


def write_results(
    machine: str, sections: Sequence[Section], results: Mapping[str, SectionResult]
) -> None:
    """Write results.json, and RESULTS.md from it."""
    order = [section for section in sections if section.name in results]
    kept: dict[str, Any] = {
        "machine": machine,
        "sections": {section.name: _to_json(results[section.name]) for section in order},
    }
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    # as it is kept, rounded, so that the next run writes the same of what it leaves
    WRITTEN.write_text(_markdown(machine, [_from_json(each) for each in kept["sections"].values()]))


def print_results(
    console: Console, sections: Sequence[Section], results: Mapping[str, SectionResult]
) -> None:
    """Print one table of some sections' measurements."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("", *_HEAD):
        table.add_column(heading, no_wrap=True)
    for section in sections:
        table.add_row(f"[bold]{section.title}[/]")
        for measurement in results[section.name].findings.measurements:
            table.add_row(f"  {measurement.what}", *_cells(measurement))
    Console(file=console.file, width=_WIDE, highlight=False).print(table)


def figure(value: float) -> str:
    """Write a figure with three digits that mean something: 0.0123, 1.23, 12.3, 123, 12,345."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    text = f"{value:.3g}"
    return f"{value:.4f}" if "e" in text else text


def _cells(measurement: Measurement) -> list[str]:
    ratios, limit = measurement.ratios, measurement.limit
    peer = f"{figure(median(measurement.peer))} {measurement.unit}" if measurement.peer else ""
    spread = measurement.decisive
    return [
        f"{figure(median(measurement.ours))} {measurement.unit}".strip(),
        peer.strip(),
        f"{figure(median(ratios))} x" if ratios else "",
        f"{figure(min(spread))} to {figure(max(spread))}" if len(spread) > 1 else "",
        f"{limit.direction} {figure(limit.bound)}{' x' if ratios else ''}" if limit else "",
        {True: "yes", False: "no", None: ""}[measurement.met],
    ]


def _markdown(machine: str, results: Sequence[SectionResult]) -> str:
    lines = [
        "# How fast it is",
        "",
        f"`make bench` measured this on: {machine}.",
        "Ours and the peer's in turn, round by round; each figure is the median of its rounds, a "
        "ratio is ours / the peer's of the same round. docs/benchmarks.md says how to do it again.",
        "",
        f"| | {' | '.join(_HEAD)} |",
        f"|---|{'---|' * len(_HEAD)}",
    ]
    for result in results:
        lines.append(f"| **{result.title}** |{' |' * len(_HEAD)}")
        for measurement in result.findings.measurements:
            lines.append(f"| {measurement.what} | {' | '.join(_cells(measurement))} |")
    for result in results:
        rounds = max(len(each.ours) for each in result.findings.measurements)
        lines += ["", f"## {result.title}", "", result.method, ""]
        lines.append(
            f"*{result.date}, commit {result.commit}, up to {rounds} rounds; "
            f"load before it {result.load:.1f}.*"
        )
        if result.findings.notes:
            lines += ["", result.findings.notes.strip()]
    return "\n".join(lines) + "\n"


def _to_json(result: SectionResult) -> dict[str, Any]:
    return {
        "title": result.title,
        "method": result.method,
        "date": result.date,
        "commit": result.commit,
        "load": round(result.load, 2),
        "measurements": [each.to_json() for each in result.findings.measurements],
        "notes": result.findings.notes,
    }


def _from_json(kept: Mapping[str, Any]) -> SectionResult:
    measurements = [Measurement.from_json(each) for each in kept["measurements"]]
    findings = Findings(measurements, kept["notes"])
    about = (kept[name] for name in ("date", "commit", "load"))
    return SectionResult(kept["title"], kept["method"], findings, *about)
