"""How far predictions are from what was measured."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score, f1_score, log_loss

from toolkit.formats import as_decimal

Metrics = dict[str, float | None]


def regression_metrics(
    actual: npt.NDArray[np.float64], predicted: npt.NDArray[np.float64]
) -> Metrics:
    """Measure in the target's unit, but r2, which is None where the target does not vary."""
    error = predicted - actual
    spread = float(np.sum((actual - actual.mean()) ** 2))
    return {
        "rmse": float(np.sqrt(np.mean(error**2))),
        "mae": float(np.mean(np.abs(error))),
        "r2": 1 - float(np.sum(error**2)) / spread if spread > 0 else None,
        "max_error": float(np.max(np.abs(error))),
    }


def classification_metrics(
    actual: npt.NDArray[np.intp],
    predicted: npt.NDArray[np.intp],
    probabilities: npt.NDArray[np.float64] | None,
    classes: int,
) -> Metrics:
    """Measure positions of classes, and probabilities where there are any.

    f1_macro is the mean of the F1 of those classes that are there or predicted.
    """
    metrics: Metrics = {
        "accuracy": float(accuracy_score(actual, predicted)),
        "f1_macro": float(f1_score(actual, predicted, average="macro", zero_division=0)),
    }
    if probabilities is not None:
        metrics["log_loss"] = float(log_loss(actual, probabilities, labels=np.arange(classes)))
    return metrics


def metric_lines(stage: str, metrics: Mapping[str, float | None]) -> list[str]:
    """Write lines as MetricDefinitions look for them: `stage:name=value`."""
    return [
        f"{stage}:{name}={'NA' if value is None else as_decimal(value)}"
        for name, value in metrics.items()
    ]
