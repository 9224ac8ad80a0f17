"""The picture of an evaluation: what was predicted, against what is."""

from __future__ import annotations

from pathlib import Path

from toolkit import report_classification, report_regression
from toolkit.artifact import Model
from toolkit.csv_tables import Table
from toolkit.fitting import Compared
from toolkit.metrics import Metrics
from toolkit.problems import shorten


def write_report(
    file: Path, model: Model, table: Table, rows: Compared, *, metrics: Metrics, unit: str
) -> None:
    """Draw the report; `unit` is that of a target of numbers."""
    target = shorten(model.target.name, 32)
    count = len(rows.actual)
    title = f"{target}, predicted for {count:,} held-out {'row' if count == 1 else 'rows'}"
    if model.classes is None:
        group = report_regression.grouped(model.columns, table)
        picture = report_regression.draw(title, target, rows, metrics, group=group, unit=unit)
    else:
        picture = report_classification.draw(title, target, model.classes, rows, metrics)
    picture.save(file)
