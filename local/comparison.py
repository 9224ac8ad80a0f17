"""The metrics of what is deployed beside those of the same models made by hand."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console

from cli.report import show, table
from local.by_hand import FOLDER, ByHand
from local.results import Metrics

DIGITS = 6
"""How many of a metric's leading digits are the same by hand, unless its script says otherwise."""
ROUNDING = 1e-12
"""What may be left of a metric that should be 0, such as the mean of errors or a perfect fit's."""


@dataclass(frozen=True)
class Compared:
    """A metric of a deployed model, and by hand where there is a script."""

    workload: str
    model: str
    metric: str
    deployed: float
    by_hand: float | None
    tolerance: float | None
    """As a part of the value."""

    @property
    def difference(self) -> float:
        """By how much they differ; 0 when there is nothing to compare with."""
        return 0.0 if self.by_hand is None else self.deployed - self.by_hand

    @property
    def allowed(self) -> float:
        """By how much they may differ: half of what the last digit counts, or what is said."""
        value = abs(self.by_hand or 0.0)
        if self.tolerance is not None:
            return max(ROUNDING, value * self.tolerance)
        digit = 10.0 ** (math.floor(math.log10(value)) + 1 - DIGITS) if value else 0.0
        return max(ROUNDING, digit / 2)

    @property
    def holds(self) -> bool:
        """Whether they are equal."""
        return abs(self.difference) <= self.allowed

    @property
    def verdict(self) -> str:
        """Whether they are equal, and how closely that is judged."""
        if self.by_hand is None:
            return ""
        how = f"to {DIGITS} digits" if self.tolerance is None else f"within {self.tolerance:g}"
        return how if self.holds else f"NOT {how}"


def compare(workload: str, deployed: Metrics, by_hand: ByHand | None) -> list[Compared]:
    """Pair the metrics. Raises RuntimeError for one by hand that the deployed models do not have.

    Else a misspelt metric would compare with nothing, and so be right.
    """
    told = by_hand.metrics if by_hand else {}
    if by_hand and (not told or told.keys() - deployed.keys()):
        odd = ", ".join(":".join(key) for key in sorted(told.keys() - deployed.keys())) or "nothing"
        there = ", ".join(":".join(key) for key in sorted(deployed)) or "no metric of held-out data"
        raise RuntimeError(f"by hand {workload} has {odd}; what is deployed has {there}")
    return [
        Compared(
            workload,
            model,
            metric,
            value,
            told.get((model, metric)),
            by_hand.tolerance if by_hand else None,
        )
        for (model, metric), value in sorted(deployed.items())
    ]


def show_compared(compared: Iterable[Compared], console: Console) -> None:
    """Print a table of them, and what is different in red."""
    figures = ("deployed", "by hand", "difference")
    rows = table("workload", "model", "metric", figures=figures)
    rows.add_column("equal", no_wrap=True)
    for each in compared:
        made = each.by_hand is not None
        rows.add_row(
            each.workload,
            each.model,
            each.metric,
            f"{each.deployed:.{DIGITS}g}",
            f"{each.by_hand:.{DIGITS}g}" if made else "",
            f"{each.difference:.0e}" if each.difference else "0" if made else "",
            each.verdict,
            style="" if each.holds else "bold red",
        )
    show(rows, console)


def assert_equal(compared: Iterable[Compared]) -> None:
    """Raise RuntimeError that names each metric that is not the same by hand."""
    wrong = [
        f"{each.metric} of {each.workload}, model {each.model}: deployed {each.deployed!r}, "
        f"by hand {each.by_hand!r}, which may differ by {each.allowed:.1g}"
        for each in compared
        if not each.holds
    ]
    if wrong:
        told = f"not what the scripts of {FOLDER}/ give:"
        raise RuntimeError("\n  ".join([told, *wrong]))
