"""`python -m benchmarks`: measure, print one table, write RESULTS.md."""

from __future__ import annotations

import argparse
import datetime
import subprocess
import sys
from collections.abc import Sequence

from rich.console import Console

from benchmarks.machine import describe_machine, load_now
from benchmarks.results import (
    WRITTEN,
    SectionResult,
    print_results,
    read_results,
    write_results,
)
from benchmarks.sections import Report, Section, all_sections
from local.progress import Stages


def main(words: Sequence[str] | None = None) -> int:
    """Run the sections asked for; return 0, or 2 for words that are none of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--only", default="", help="names of sections; all without it")
    parser.add_argument("--rounds", default="", help="how often each; the section's own without it")
    arguments = parser.parse_args(words)
    sections = all_sections()
    known = {section.name: section for section in sections}
    names = arguments.only.replace(",", " ").split() or list(known)
    allowed = ", ".join(known)
    problems = [f"ONLY: found {each!r}, allowed: {allowed}" for each in names if each not in known]
    if arguments.rounds and not (arguments.rounds.isdecimal() and int(arguments.rounds) > 0):
        problems.append(f"ROUNDS: found {arguments.rounds!r}, allowed: a whole number from 1")
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 2
    rounds = int(arguments.rounds) if arguments.rounds else None
    console, machine = Console(highlight=False), describe_machine()
    results = read_results(machine)
    chosen = [section for section in sections if section.name in names]
    stages = Stages(console)
    for section in chosen:
        with stages.stage(section.title) as report:
            results[section.name] = _measure(section, rounds or section.rounds, report)
        write_results(machine, sections, results)  # what is measured is not lost with the next
    print_results(console, chosen, results)
    console.print(f"\nwritten to {WRITTEN.relative_to(WRITTEN.parents[1])}")
    return 0


def _measure(section: Section, rounds: int, report: Report) -> SectionResult:
    load = load_now()
    findings = section.run(rounds, report)
    today = datetime.date.today().isoformat()
    return SectionResult(section.title, section.method, findings, today, _commit(), load)


def _commit() -> str:
    asked = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
