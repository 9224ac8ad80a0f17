"""How the pictures of an evaluation look: their colours, frames, headings and numbers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# Matplotlib keeps a list of the fonts it has found, and a home folder may not be there to write to.
os.environ.setdefault("MPLCONFIGDIR", tempfile.gettempdir())

import numpy as np
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, ScalarFormatter

from toolkit.problems import shorten

# a name is shown as it is, also where it has a dollar
rcParams["text.parse_math"] = False

# Okabe and Ito's colours, which colour-blind readers can tell apart (without black and yellow).
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
INK = "#222222"
GREY = "#808080"
FAINT = "#E8E8E8"
# 1600 x 800 pixels
_INCHES, _DPI = (16, 8), 100


class Picture:
    """Two plots beside each other below a heading."""

    def __init__(self, title: str, figures: Sequence[str], widths: tuple[float, float]) -> None:
        self._figure = Figure(figsize=_INCHES, dpi=_DPI)
        FigureCanvasAgg(self._figure)
        # the plots take what the axes' texts leave of the place below the heading
        self._figure.set_layout_engine(
            "constrained", rect=(0.012, 0.015, 0.976, 0.775), wspace=0.04
        )
        self._figure.text(0.02, 0.93, title, size=21, weight="bold", color=INK)
        x = 0.02
        for text in figures:
            x += self._width(self._figure.text(x, 0.868, text, size=15, color=INK)) + 0.03
        grid = self._figure.add_gridspec(1, 2, width_ratios=widths)
        self.left: Axes = self._figure.add_subplot(grid[0])
        self.right: Axes = self._figure.add_subplot(grid[1])

    def legend(self, entries: Sequence[tuple[str, dict[str, Any]]]) -> None:
        """Write what the markers mean, below the heading."""
        x = 0.026
        for text, marker in entries:
            axes = self._figure.add_axes((x - 0.01, 0.81, 0.02, 0.04), frame_on=False)
            axes.set(xticks=[], yticks=[])
            axes.set_in_layout(False)
            axes.plot([0], [0], linestyle="", markersize=10, **marker)
            written = self._figure.text(x + 0.01, 0.821, shorten(text, 24), size=13, color=INK)
            x += self._width(written) + 0.035

    def save(self, file: Path) -> None:
        """Write a PNG."""
        # nothing in it says when or by what version it was made
        self._figure.savefig(file, format="png", metadata={"Software": None})

    def _width(self, text: Any) -> float:
        canvas: Any = self._figure.canvas
        return float(text.get_window_extent(canvas.get_renderer()).width) / (_INCHES[0] * _DPI)


def frame(axes: Axes, x_label: str, y_label: str) -> None:
    """Label both axes over a faint grid, with nothing else around the plot."""
    axes.set_frame_on(False)
    axes.tick_params(length=0, labelsize=13, labelcolor=INK, pad=6)
    axes.grid(color=FAINT, linewidth=1)
    axes.set_axisbelow(True)
    axes.set_xlabel(x_label, size=14, color=INK, labelpad=10)
    axes.set_ylabel(y_label, size=14, color=INK, labelpad=10)


class _Numbers(ScalarFormatter):
    """Writes an axis' numbers with commas between thousands."""

    def __init__(self) -> None:
        super().__init__(useOffset=False)
        self.set_powerlimits((-4, 9))

    def __call__(self, value: float, position: int | None = None) -> str:
        text: str = super().__call__(value, position)
        whole, point, decimals = text.partition(".")
        digits = whole.lstrip("\N{MINUS SIGN}")
        if digits.isdecimal():
            whole = whole[: len(whole) - len(digits)] + f"{int(digits):,}"
        return whole + point + decimals


def numbered(*axes: Axis) -> None:
    """Put round numbers at an axis, fewer where they are long to write."""
    for axis in axes:
        long = np.max(np.abs(axis.get_view_interval())) >= 1e5
        axis.set_major_locator(MaxNLocator(4 if long else 6))
        axis.set_major_formatter(_Numbers())


def readable(value: float) -> str:
    """Write a number with three significant digits, as people do: 24,300 and 0.0302."""
    if value and not 1e-4 <= abs(value) < 1e9:
        text = f"{value:.3g}"
    else:
        text = f"{float(f'{value:.3g}'):,.10g}"
    return text.replace("-", "\N{MINUS SIGN}")


def padded(values: Any) -> tuple[float, float]:
    """Return a range with room for points at its ends; also one value gets a range."""
    least, most = float(np.min(values)), float(np.max(values))
    width = (most - least) or max(abs(most), 1.0)
    return least - 0.04 * width, most + 0.04 * width


def with_unit(label: str, unit: str) -> str:
    """Write a unit beside a label, where there is one."""
    return f"{label} ({unit})" if unit else label


def dots(colour: Any, count: int) -> dict[str, Any]:
    """Return how points look: fainter and smaller where there are many."""
    if count <= 500:
        return {"s": 75, "color": colour, "edgecolors": "white", "linewidths": 0.7}
    return {"s": 14, "color": colour, "alpha": 0.4, "linewidths": 0}
