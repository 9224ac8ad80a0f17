from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from sklearn.base import is_classifier, is_regressor

from model import FAMILIES, HYPERPARAMETERS, build
from toolkit.hyperparameters import own_settings, parse_hyperparameters
from toolkit.problems import UserError

PAIRS = [
    (name, task)
    for name, family in FAMILIES.items()
    for task in ("regression", "classification")
    if getattr(family, task)
]
GIVEN = {
    "alpha": "0.5",
    "C": "2",
    "class_weight": "balanced",
    "fit_intercept": "false",
    "positive": "true",
    "max_iter": "500",
    "n_neighbors": "3",
    "weights": "distance",
    "n_estimators": "7",
    "max_depth": "2",
    "max_features": "0.5",
    "min_samples_leaf": "2",
    "min_samples_split": "3",
    "bootstrap": "false",
    "learning_rate": "0.2",
    "subsample": "0.5",
    "random_state": "9",
}


def made(task: str, **given: str) -> Any:
    settings = parse_hyperparameters(HYPERPARAMETERS, {"target": "y", **given})
    return build(own_settings(settings), task)


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_an_estimator_gets_what_is_given_under_its_own_names(name: str, task: str) -> None:
    takes = FAMILIES[name].takes
    estimator = made(task, estimator=name, **{key: GIVEN[key] for key in takes})
    assert is_regressor(estimator) if task == "regression" else is_classifier(estimator)
    parameters = estimator.get_params()
    spelled = {key: str(parameters[key]).lower() for key in takes}
    assert spelled == {key: str(HYPERPARAMETERS[key].read(GIVEN[key])).lower() for key in takes}
    # two rows of each class
    x = [[0.0, 1.0], [1.0, 0.0], [5.0, 4.0], [4.0, 5.0], [9.0, 8.0], [8.0, 9.0]]
    assert len(estimator.fit(x, [0, 0, 1, 1, 2, 2]).predict(x)) == 6


@pytest.mark.parametrize(("name", "task"), PAIRS)
def test_what_is_not_given_is_scikit_learns_default_but_the_seed(name: str, task: str) -> None:
    estimator = made(task, estimator=name)
    defaults = type(estimator)().get_params()
    expected = {**defaults, **FAMILIES[name].fixed}
    if "random_state" in FAMILIES[name].takes:
        expected["random_state"] = 0
    assert estimator.get_params() == expected


def test_every_hyperparameter_belongs_to_an_estimator() -> None:
    taken = {key for family in FAMILIES.values() for key in family.takes}
    assert taken == HYPERPARAMETERS.keys() - {"estimator"} == GIVEN.keys()


def test_what_does_not_belong_to_the_estimator_is_refused() -> None:
    with pytest.raises(UserError) as error:
        made("regression", estimator="ridge", max_depth="3", alpha="1", C="1")
    assert str(error.value) == (
        "hyperparameter 'C' does not belong to estimator 'ridge', "
        "allowed: alpha, fit_intercept, positive; "
        "hyperparameter 'max_depth' does not belong to estimator 'ridge', "
        "allowed: alpha, fit_intercept, positive"
    )


@pytest.mark.parametrize(
    ("name", "task", "allowed"),
    [
        (
            "logistic",
            "regression",
            "linear, ridge, lasso, k_neighbors, random_forest, gradient_boosting",
        ),
        ("linear", "classification", "logistic, k_neighbors, random_forest, gradient_boosting"),
    ],
)
def test_an_estimator_for_another_task_is_refused(name: str, task: str, allowed: str) -> None:
    with pytest.raises(UserError) as error:
        made(task, estimator=name)
    assert str(error.value) == (
        f"hyperparameter 'estimator': found '{name}', allowed: one of {allowed} for {task}"
    )


def test_a_forest_is_grown_unless_something_else_is_asked_for() -> None:
    assert type(made("classification")).__name__ == "RandomForestClassifier"
