"""A histogram as SVG, for the docs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10
from statistics import quantiles

WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 24, 24, 56, 44
"""Pixels around the bars."""
BARS = 60


def histogram(values: Sequence[float], *, title: str, unit: str) -> str:
    """Draw how often values occur, from 0 to their 99.5th percentile; what is above is said.

    The median and the 99th percentile are marked. Raises ValueError for fewer than two values.
    """
    if len(values) < 2:
        raise ValueError(f"found {len(values)} values; a histogram takes at least 2")
    cuts = quantiles(values, n=1000, method="inclusive")
    reach = max(cuts[994], 1e-6)  # of nothing but zeros there is a picture as well
    tick = _round_step(reach)
    end = tick * ceil(reach / tick)
    counts = [0] * BARS
    above = 0
    for value in values:
        if value > end:
            above += 1
        else:
            counts[min(int(value / end * BARS), BARS - 1)] += 1
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    step, ground = width / BARS, TOP + height
    bars = "".join(
        f'<rect x="{LEFT + at * step:.1f}" y="{ground - tall:.1f}" width="{step - 1:.1f}" '
        f'height="{tall:.1f}" fill="#3b6ea5"/>'
        for at, count in enumerate(counts)
        if (tall := height * count / max(counts))
    )
    marks = "".join(
        _mark(LEFT + width * min(value / end, 1), ground, f"{name} {value:.0f} {unit}", row)
        for row, (name, value) in enumerate((("median", cuts[499]), ("99 %", cuts[989])))
    )
    ticks = "".join(
        _text(LEFT + width * at * tick / end, ground + 18, f"{at * tick:g}", "middle")
        for at in range(round(end / tick) + 1)
    )
    rest = f"{above:,} above, the slowest {max(values):,.0f} {unit}" if above else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12" fill="#333">\n'
        f'<title>{escape(title)}</title>\n<rect width="100%" height="100%" fill="#fff"/>\n'
        f"{_text(LEFT, 20, title, 'start', size=15)}\n{bars}\n"
        f'<path d="M{LEFT} {ground}H{WIDTH - RIGHT}" stroke="#333"/>\n{marks}\n{ticks}\n'
        f"{_text(LEFT, HEIGHT - 8, unit, 'start')}\n"
        f"{_text(WIDTH - RIGHT, HEIGHT - 8, rest, 'end')}\n</svg>\n"
    )


def _round_step(end: float) -> float:
    """Return a round number of which two to five reach to `end`."""
    size: float = 10 ** floor(log10(end / 2))
    return next(size * step for step in (5, 2, 1) if size * step <= end / 2)


def _mark(x: float, ground: float, text: str, row: int) -> str:
    top = TOP - 14 + row * 14
    line = f'<path d="M{x:.1f} {top}V{ground}" stroke="#c0392b" stroke-dasharray="4 3"/>'
    anchor, at = ("end", x - 5) if x > WIDTH / 2 else ("start", x + 5)
    return line + _text(at, top + 6, text, anchor)


def _text(x: float, y: float, text: str, anchor: str, *, size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">'
        f"{escape(text)}</text>"
    )
