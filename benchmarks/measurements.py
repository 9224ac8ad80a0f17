"""What was measured: a figure of ours beside a peer's, round by round, and what it has to reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

Direction = Literal["at least", "at most"]


@dataclass(frozen=True)
class Limit:
    """What a ratio (ours / peer's), or where there is no peer our own figure, has to reach."""

    direction: Direction
    bound: float

    def holds(self, figure: float) -> bool:
        """Tell whether a figure is within it."""
        return figure >= self.bound if self.direction == "at least" else figure <= self.bound


@dataclass(frozen=True)
class Measurement:
    """One line of the table.

    `ours` has a figure for each round, `peer` one of the same rounds or nothing; the two were
    measured in turn, so that what else the machine did met both.
    """

    what: str
    unit: str
    ours: Sequence[float]
    peer: Sequence[float] = ()
    limit: Limit | None = None

    def __post_init__(self) -> None:
        if not self.ours or (self.peer and len(self.peer) != len(self.ours)):
            raise ValueError(f"{self.what}: {len(self.ours)} rounds, the peer {len(self.peer)}")

    @property
    def ratios(self) -> list[float]:
        """Ours / peer's, a round each; empty without a peer."""
        return [ours / peer for ours, peer in zip(self.ours, self.peer, strict=bool(self.peer))]

    @property
    def decisive(self) -> list[float]:
        """The figures that the limit is about, a round each."""
        return self.ratios or list(self.ours)

    @property
    def met(self) -> bool | None:
        """Whether the median is within the limit; None without one."""
        return None if self.limit is None else self.limit.holds(median(self.decisive))

    def to_json(self) -> dict[str, Any]:
        """Describe it as results.json keeps it."""
        limit = self.limit and {"direction": self.limit.direction, "bound": self.limit.bound}
        return {
            "what": self.what,
            "unit": self.unit,
            "ours": [round(figure, 6) for figure in self.ours],
            "peer": [round(figure, 6) for figure in self.peer],
            "limit": limit,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Measurement:
        """Read what `to_json` wrote."""
        limit = kept["limit"] and Limit(**kept["limit"])
        return cls(kept["what"], kept["unit"], kept["ours"], kept["peer"], limit)


@dataclass(frozen=True)
class Findings:
    """What a section found: its lines of the table, and what else there is to read, in Markdown."""

    measurements: Sequence[Measurement]
    notes: str = ""


def at_least(bound: float) -> Limit:
    """Return a limit that more is better for."""
    return Limit("at least", bound)


def at_most(bound: float) -> Limit:
    """Return a limit that less is better for."""
    return Limit("at most", bound)
