"""Metrics that SageMaker's container adds to those of XGBoost itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def _classes(predictions: Any) -> Any:
    """Return the predicted class of each row: the likeliest, or the nearer of 0 and 1."""
    return predictions.argmax(axis=1) if predictions.ndim == 2 else np.rint(predictions)


def _per_class(labels: Any, predictions: Any) -> tuple[Any, Any, Any]:
    """Return precision, recall and F1 of each class that there is; 0 where one is undefined."""
    found = _classes(predictions)
    classes = np.union1d(labels, found)
    hits = np.array([((labels == c) & (found == c)).sum() for c in classes], dtype=float)
    predicted = np.array([(found == c).sum() for c in classes], dtype=float)
    there = np.array([(labels == c).sum() for c in classes], dtype=float)
    precision = np.divide(hits, predicted, out=np.zeros_like(hits), where=predicted > 0)
    recall = np.divide(hits, there, out=np.zeros_like(hits), where=there > 0)
    both = precision + recall
    f1 = np.divide(2 * precision * recall, both, out=np.zeros_like(hits), where=both > 0)
    return precision, recall, f1


def _accuracy(labels: Any, predictions: Any) -> float:
    return float((labels == _classes(predictions)).mean())


def _mse(labels: Any, predictions: Any) -> float:
    return float(((labels - predictions) ** 2).mean())


def _r2(labels: Any, predictions: Any) -> float:
    return 1.0 - _mse(labels, predictions) / float(labels.var())


def _balanced_accuracy(labels: Any, predictions: Any) -> float:
    _, recall, _ = _per_class(labels, predictions)
    there = np.isin(np.union1d(labels, _classes(predictions)), labels)
    return float(recall[there].mean())


def _macro(which: int) -> Callable[[Any, Any], float]:
    return lambda labels, predictions: float(_per_class(labels, predictions)[which].mean())


def _of_class_1(which: int) -> Callable[[Any, Any], float]:
    return lambda labels, predictions: float(_per_class(labels, predictions)[which][-1])


CUSTOM: dict[str, Callable[[Any, Any], float]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "f1": _macro(2),
    "f1_binary": _of_class_1(2),
    "f1_macro": _macro(2),
    "mse": _mse,
    "precision": _of_class_1(0),
    "precision_macro": _macro(0),
    "precision_micro": _accuracy,  # each row has one class: all the same
    "r2": _r2,
    "recall": _of_class_1(1),
    "recall_macro": _macro(1),
    "recall_micro": _accuracy,
}


def custom_metric(names: Sequence[str]) -> Callable[[Any, Any], list[tuple[str, float]]] | None:
    """Return what xgboost.train calls for these metrics after each round; None for none."""
    if not names:
        return None

    def measured(predictions: Any, data: Any) -> list[tuple[str, float]]:
        labels = data.get_label()
        return [(name, CUSTOM[name](labels, predictions)) for name in names]

    return measured


def named(given: Sequence[str], objective_metric: str | None) -> tuple[list[str], list[str]]:
    """Return XGBoost's own and the custom ones of `eval_metric` and a tuning's objective.

    The objective is written `validation:rmse`.
    """
    if objective_metric is not None:
        given = sorted({*given, _without_channel(objective_metric)})
    return [name for name in given if name not in CUSTOM], [n for n in given if n in CUSTOM]


def deciding(given: Sequence[str], objective_metric: str | None) -> str:
    """Return by what a job stops early: a tuning's objective, else the last of `eval_metric`."""
    return given[-1] if objective_metric is None else _without_channel(objective_metric)


def _without_channel(objective_metric: str) -> str:
    return objective_metric.rpartition(":")[2]


MAXIMIZED = ("auc", "aucpr", "map", "ndcg", *(name for name in CUSTOM if name != "mse"))
"""Metrics that are the better, the larger they are."""
