"""How often each class was taken for each, and how sure of the right one the model was."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from toolkit.columns import Matrix
from toolkit.drawing import FAINT, GREY, INK, PALETTE, Picture, dots, frame
from toolkit.fitting import Compared
from toolkit.metrics import Metrics
from toolkit.problems import shorten

Mask = npt.NDArray[np.bool_]

_RIGHT, _WRONG = PALETTE[0], PALETTE[1]
# more classes than these have no room for their counts, or for their names
_MOST_COUNTS, _MOST_NAMES = 15, 40


def draw(
    title: str, target: str, classes: tuple[str, ...], rows: Compared, metrics: Metrics
) -> Picture:
    """Draw the report of predicted classes."""
    picture = Picture(title, _figures(rows, metrics), widths=(10, 10))
    right = rows.actual == rows.predicted.values
    look = {"marker": "o", "markeredgecolor": "white"}
    picture.legend(
        [
            ("predicted right", {"color": _RIGHT, **look}),
            ("taken for another", {"color": _WRONG, **look}),
        ]
    )
    names = [shorten(name, 22) for name in classes]
    _confusion(picture.left, target, names, rows)
    if rows.predicted.probabilities is None:
        _recall(picture.right, names, rows, right)
    else:
        _probabilities(picture.right, names, rows, rows.predicted.probabilities, right)
    return picture


def _confusion(axes: Axes, target: str, names: list[str], rows: Compared) -> None:
    """Draw a square for each pair of classes: the actual one, and the one it was taken for."""
    count = len(names)
    counts = np.zeros((count, count), dtype=int)
    np.add.at(counts, (rows.actual, rows.predicted.values), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # one that happens at all can be seen
    shades = np.where(counts > 0, 0.15 + 0.85 * shares, 0)
    frame(axes, f"Predicted {target}", f"Actual {target}")
    axes.grid(visible=False)
    diagonal = np.eye(count, dtype=bool)
    for cells, colour in ((diagonal, _RIGHT), (~diagonal, _WRONG)):
        scale = LinearSegmentedColormap.from_list("", ["white", colour])
        axes.imshow(np.ma.array(shades, mask=~cells), cmap=scale, vmin=0, vmax=1, aspect="auto")
    for place in np.arange(count + 1) - 0.5:
        axes.axhline(place, color=FAINT, linewidth=1)
        axes.axvline(place, color=FAINT, linewidth=1)
    if count <= _MOST_COUNTS:
        for (row, column), value in np.ndenumerate(counts):
            colour = "white" if shares[row, column] > 0.5 else INK
            text = f"{value:,}" if value else "\N{MIDDLE DOT}"
            axes.text(
                column,
                row,
                text,
                ha="center",
                va="center",
                size=_size(count),
                color=colour if value else GREY,
            )
    _name(axes, names, "x", "y")


def _probabilities(
    axes: Axes, names: list[str], rows: Compared, probabilities: Matrix, right: Mask
) -> None:
    """Draw a dot for each row: the probability that its actual class was given."""
    given = probabilities[np.arange(len(rows.actual)), rows.actual]
    frame(axes, "Probability that the model gave the actual class", "")
    # beside each other where they would hide each other, and the same in each drawing
    aside = np.random.default_rng(0).uniform(-0.28, 0.28, len(given))
    for among, colour in ((right, _RIGHT), (~right, _WRONG)):
        axes.scatter(given[among], (rows.actual + aside)[among], **dots(colour, len(given)))
    axes.set(xlim=(-0.02, 1.02), ylim=(len(names) - 0.5, -0.5))
    axes.set_xticks(np.arange(0, 1.01, 0.25), ["0", "0.25", "0.5", "0.75", "1"])
    axes.grid(visible=False, axis="y")
    for place in np.arange(1, len(names)) - 0.5:
        axes.axhline(place, color=FAINT, linewidth=1)
    _name(axes, names, "y")


def _recall(axes: Axes, names: list[str], rows: Compared, right: Mask) -> None:
    """Draw a bar for each class: the share of it that was recognised."""
    each = np.arange(len(names))
    there = np.array([np.sum(rows.actual == code) for code in each])
    hit = np.array([np.sum(right[rows.actual == code]) for code in each])
    shares = hit / np.maximum(there, 1)
    frame(axes, "Share of the class that was recognised", "")
    axes.grid(visible=False, axis="y")
    axes.barh(each, shares, height=0.5, color=_RIGHT)
    axes.barh(each, 1 - shares, left=shares, height=0.5, color=_WRONG, alpha=0.25)
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5))
    _name(axes, names, "y")


def _name(axes: Axes, names: list[str], *which: str) -> None:
    """Put the classes at an axis, or some of them where there is no room for all."""
    step = -(-len(names) // _MOST_NAMES)
    size = 13 if len(names) <= _MOST_COUNTS else 8
    for axis in which:
        places = np.arange(0, len(names), step)
        getattr(axes, f"set_{axis}ticks")(places, names[::step], size=size)
    if "x" in which and len(names) > 6:
        axes.tick_params(axis="x", rotation=90)


def _size(count: int) -> float:
    return max(8.0, 20.0 - count)


def _figures(rows: Compared, metrics: Metrics) -> list[str]:
    right = int(np.sum(rows.actual == rows.predicted.values))
    texts = [
        f"Accuracy {metrics['accuracy']:.3f} ({right:,} of {len(rows.actual):,})",
        f"F1, mean of the classes {metrics['f1_macro']:.3f}",
    ]
    if "log_loss" in metrics:
        texts.append(f"Log loss {metrics['log_loss']:.3f}")
    return texts
