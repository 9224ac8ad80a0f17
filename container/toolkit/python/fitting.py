"""Fitting the estimator of a model.py to a table of text, and predicting with it.

A container in Python is a folder with a Dockerfile, apt-packages.txt (Debian's packages that the
model needs besides the toolkit's) and model.py, which says what the model is. Columns, types,
checks, CSV, JSON, metrics, the report and the failure file are done here. A random forest's
model.py is this, whole:

    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    from toolkit.hyperparameters import choice, number, whole_number

    HYPERPARAMETERS = {
        "n_estimators": whole_number("how many trees", least=1, default=500),
        "max_features": choice(["sqrt", "log2"]) | number("of the columns", above=0, most=1),
    }


    def build(settings, task):
        forest = RandomForestRegressor if task == "regression" else RandomForestClassifier
        return forest(random_state=0, **settings)

- HYPERPARAMETERS: rules by name, made by number(), whole_number(), flag() or choice(), see
  hyperparameters.py. Every container also takes `target`, the name of the column to predict;
  `task`, by default what the target's cells are (numbers: regression, text: classification); and
  `probabilities`.
- build(settings, task) returns an estimator, or a pipeline or a search of them, not fitted yet.
  `settings` are the hyperparameters that were given or have a default, without the toolkit's own.
  refuse(), also of hyperparameters.py, fails a job for one that its rule alone cannot judge.
- PACKAGES, if there: what a fitted estimator is made of besides scikit-learn and NumPy, such as
  ["lightgbm"]; its pickle would be refused, see artifact.py.

The estimator is fitted to a matrix of floats without missing values: a number as it is, a category
as a column of 0 and 1 for each of its levels, in their order. The target is numbers or, for a
classifier, 0, 1, 2, ... for the classes in their order, which answers call by their names.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from joblib import parallel_backend
from sklearn.base import is_classifier, is_regressor

from toolkit.artifact import Model
from toolkit.columns import Matrix, as_numbers, check_table, describe_columns, design_matrix
from toolkit.csv_tables import Table
from toolkit.formats import as_decimal
from toolkit.hyperparameters import Settings, own_settings, refuse
from toolkit.metrics import Metrics, classification_metrics, regression_metrics
from toolkit.problems import UserError

Build = Callable[[Settings, str], Any]
"""A model.py's `build(settings, task)`."""

CLASSIFICATION, REGRESSION = "classification", "regression"
# Numbers of a matrix that are there at once for a request: 64 MB.
_MOST_NUMBERS = 8_000_000


@dataclass(frozen=True)
class Predicted:
    """Numbers; or positions of classes, and each class's probability where it was asked for."""

    values: npt.NDArray[Any]
    probabilities: Matrix | None = None


@dataclass(frozen=True)
class Compared:
    """Predictions for rows whose target is known, beside it."""

    actual: npt.NDArray[Any]
    predicted: Predicted

    def metrics(self, model: Model) -> Metrics:
        """Measure how far they are apart."""
        values, probabilities = self.predicted.values, self.predicted.probabilities
        if model.classes is None:
            metrics = regression_metrics(self.actual, values)
        else:
            count = len(model.classes)
            metrics = classification_metrics(self.actual, values, probabilities, count)
        # the log and the files say the same, to the last digit
        return {name: v if v is None else float(as_decimal(v)) for name, v in metrics.items()}


def fit_model(table: Table, settings: Settings, build: Build, *, header: bool) -> Model:
    """Fit the estimator that `build` makes from the settings to training data."""
    name, wanted = settings["target"], settings.get("task")
    numeric_target = None if wanted is None else wanted == REGRESSION
    described = describe_columns(table, name, numeric_target=numeric_target)
    target = described[table.names.index(name)]
    columns = tuple(column for column in described if column is not target)
    task = REGRESSION if target.is_number else CLASSIFICATION
    estimator = build(own_settings(settings), task)
    _check_task(estimator, task, target.name)
    if settings["probabilities"] and not (task == CLASSIFICATION and has_probabilities(estimator)):
        refuse("probabilities", True, f"false with {type(estimator).__name__}, which has none")
    matrix = design_matrix(columns, table.select([column.name for column in columns]))
    cells = table.column(name)
    estimator.fit(matrix, as_numbers([cells])[0] if target.is_number else target.codes(cells))
    model = Model(
        estimator=estimator,
        columns=columns,
        target=target,
        header=header,
        metadata={
            "task": task,
            "estimator": type(estimator).__name__,
            "hyperparameters": settings,
            "rows": table.rows,
            "example": {column.name: table.column(column.name)[0] for column in columns},
        },
    )
    return measured(model, train=compare_rows(model, table))


def measured(model: Model, **stages: Compared) -> Model:
    """Add the metrics of rows to the model's metadata, by stage."""
    metrics = {stage: rows.metrics(model) for stage, rows in stages.items()}
    model.metadata["metrics"] = {**model.metadata.get("metrics", {}), **metrics}
    return model


def predict_rows(model: Model, table: Table) -> Predicted:
    """Predict rows; their columns are taken by name.

    With probabilities where the hyperparameter of that name asks for them.
    """
    asked = bool(model.metadata["hyperparameters"]["probabilities"])
    at_once = max(1, _MOST_NUMBERS // model.width)
    if table.rows <= at_once:
        return predict(model, design_matrix(model.columns, table), probabilities=asked)
    # what is wrong is told of all rows, by their numbers in the request
    check_table(model.columns, table)
    parts = [
        predict(model, design_matrix(model.columns, rows), probabilities=asked)
        for rows in table.blocks(at_once)
    ]
    both = [part.probabilities for part in parts if part.probabilities is not None]
    return Predicted(
        np.concatenate([part.values for part in parts]), np.concatenate(both) if both else None
    )


def predict(model: Model, matrix: Matrix, *, probabilities: bool) -> Predicted:
    """Predict the rows of a design matrix as the estimator itself does."""
    values = np.ravel(model.estimator.predict(matrix))
    if model.classes is None:
        return Predicted(values)
    # which need not be the most probable class: of an SVC, for one, it often is another
    codes = values.astype(np.intp)
    if not probabilities or not has_probabilities(model.estimator):
        return Predicted(codes)
    return Predicted(codes, model.estimator.predict_proba(matrix))


def one_thread() -> parallel_backend:
    """Return a context in which an estimator predicts in one thread, whatever its `n_jobs`.

    Sums are then in one order, and no threads are started for a request. It takes longer to enter
    than to predict a row.
    """
    return parallel_backend("sequential")


def has_probabilities(estimator: Any) -> bool:
    """Whether a classifier tells how probable each class is."""
    return hasattr(estimator, "predict_proba")


def compare_rows(model: Model, table: Table) -> Compared:
    """Predict rows whose target is known."""
    columns = (*model.columns, model.target)
    names = [column.name for column in columns]
    # More columns than the model takes are no problem: the model now serving may be older than one.
    if set(names) <= set(table.names):
        table = table.select(names)
    matrix = design_matrix(columns, table)
    features = matrix.shape[1] - (len(model.classes) if model.classes else 1)
    actual = matrix[:, features:]
    with one_thread():
        predicted = predict(model, matrix[:, :features], probabilities=True)
    return Compared(
        actual=actual[:, 0] if model.classes is None else np.argmax(actual, axis=1),
        predicted=predicted,
    )


def _check_task(estimator: Any, task: str, target: str) -> None:
    name = type(estimator).__name__
    fits = is_regressor(estimator) if task == REGRESSION else is_classifier(estimator)
    if fits:
        return
    if task == REGRESSION:
        raise UserError(
            f"column '{target}' holds numbers, which {name} cannot predict: expected a regressor, "
            f"or hyperparameter 'task': {CLASSIFICATION}"
        )
    raise UserError(
        f"column '{target}' holds classes, which {name} cannot predict: expected a classifier"
    )
