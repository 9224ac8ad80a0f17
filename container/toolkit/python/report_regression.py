"""Predicted against actual values, and the errors beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from toolkit.columns import Column
from toolkit.csv_tables import Table
from toolkit.drawing import (
    GREY,
    PALETTE,
    Picture,
    dots,
    frame,
    numbered,
    padded,
    readable,
    with_unit,
)
from toolkit.fitting import Compared
from toolkit.metrics import Metrics


class Group(NamedTuple):
    """A category that colours the points."""

    levels: tuple[str, ...]
    codes: npt.NDArray[np.intp]


def grouped(columns: Sequence[Column], table: Table) -> Group | None:
    """Return the first category with no more levels than there are colours."""
    for column in columns:
        if column.levels and len(column.levels) <= len(PALETTE):
            return Group(column.levels, column.codes(table.column(column.name)))
    return None


def draw(
    title: str, target: str, rows: Compared, metrics: Metrics, *, group: Group | None, unit: str
) -> Picture:
    """Draw the report of predicted numbers."""
    picture = Picture(title, _figures(metrics, unit), widths=(9, 11))
    palette = np.array(PALETTE, dtype=object)
    colours: Any = PALETTE[0]
    if group is not None:
        colours = palette[group.codes]
        looks = [{"marker": "o", "color": colour, "markeredgecolor": "white"} for colour in PALETTE]
        picture.legend(list(zip(group.levels, looks, strict=False)))
    _predictions(picture.left, target, rows, colours, unit)
    _errors(picture.right, target, rows, colours, unit)
    _mark(picture.right, metrics["rmse"] or 0.0)
    return picture


def _predictions(axes: Axes, target: str, rows: Compared, colours: Any, unit: str) -> None:
    actual, predicted = rows.actual, rows.predicted.values
    frame(axes, with_unit(f"Actual {target}", unit), with_unit("Predicted", unit))
    both = padded(np.concatenate([actual, predicted]))
    axes.plot(both, both, color=GREY, linewidth=1.5, zorder=1)
    axes.scatter(actual, predicted, **dots(colours, len(actual)))
    axes.set(xlim=both, ylim=both)
    numbered(axes.xaxis, axes.yaxis)


def _errors(axes: Axes, target: str, rows: Compared, colours: Any, unit: str) -> None:
    predicted = rows.predicted.values
    errors = predicted - rows.actual
    largest = max(float(np.max(np.abs(errors))), float(np.finfo(float).eps))
    label = "Predicted \N{MINUS SIGN} actual"
    frame(axes, with_unit(f"Predicted {target}", unit), with_unit(label, unit))
    axes.axhline(0, color=GREY, linewidth=1.5, zorder=1)
    axes.scatter(predicted, errors, **dots(colours, len(errors)))
    axes.set(xlim=padded(predicted), ylim=padded(np.array([-largest, largest])))
    numbered(axes.xaxis, axes.yaxis)


def _mark(axes: Axes, rmse: float) -> None:
    for height in (-rmse, rmse):
        axes.axhline(height, color=GREY, linewidth=1, linestyle=(0, (5, 3)), zorder=1)
    place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
    text = "\N{PLUS-MINUS SIGN} RMSE"
    axes.annotate(text, (1, rmse), (6, 0), **place, va="center", size=12, color=GREY)


def _figures(metrics: Metrics, unit: str) -> list[str]:
    """Write the metrics as the heading shows them, with three significant digits."""
    sized = {"RMSE": "rmse", "MAE": "mae", "Largest error": "max_error"}
    texts = [
        f"{label} {readable(metrics[key] or 0.0)} {unit}".strip() for label, key in sized.items()
    ]
    if (r2 := metrics["r2"]) is not None:
        texts.insert(2, f"R\N{SUPERSCRIPT TWO} {r2:.3f}".replace("-", "\N{MINUS SIGN}"))
    return texts
