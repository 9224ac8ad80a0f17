"""A choice of scikit-learn's estimators, each with its hyperparameters under their own names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from toolkit.hyperparameters import choice, flag, number, refuse, whole_number
from toolkit.problems import report

_TREE = ("n_estimators", "max_depth", "max_features", "min_samples_leaf", "min_samples_split")


class Family(NamedTuple):
    """Estimators of one kind, and which of HYPERPARAMETERS they take."""

    regression: Callable[..., Any] | None
    classification: Callable[..., Any] | None
    takes: tuple[str, ...]
    fixed: dict[str, Any] = {}  # noqa: RUF012 - nobody changes it


FAMILIES = {
    "linear": Family(LinearRegression, None, ("fit_intercept", "positive")),
    "ridge": Family(Ridge, None, ("alpha", "fit_intercept", "positive")),
    "lasso": Family(Lasso, None, ("alpha", "fit_intercept", "positive", "max_iter")),
    "logistic": Family(
        None, LogisticRegression, ("C", "class_weight", "fit_intercept", "max_iter")
    ),
    "k_neighbors": Family(KNeighborsRegressor, KNeighborsClassifier, ("n_neighbors", "weights")),
    # trees grow on all cores, and come out the same on any number of them
    "random_forest": Family(
        RandomForestRegressor,
        RandomForestClassifier,
        (*_TREE, "bootstrap", "random_state"),
        {"n_jobs": -1},
    ),
    "gradient_boosting": Family(
        GradientBoostingRegressor,
        GradientBoostingClassifier,
        (*_TREE, "learning_rate", "subsample", "random_state"),
    ),
}

# What is not given stays at scikit-learn's own default, but random_state: that is 0, so that the
# same data give the same model.
HYPERPARAMETERS = {
    "estimator": choice(list(FAMILIES), "the kind of model", default="random_forest"),
    "alpha": number("the strength of the penalty", least=0),
    "C": number("the inverse of the penalty's strength", above=0),
    "class_weight": choice(["balanced"], "rare classes weigh as much as frequent ones"),
    "fit_intercept": flag("whether there is an intercept"),
    "positive": flag("whether coefficients have to be positive"),
    "max_iter": whole_number("the most iterations", least=1),
    "n_neighbors": whole_number("how many neighbours have a say", least=1),
    "weights": choice(["uniform", "distance"], "of the neighbours"),
    "n_estimators": whole_number("how many trees", least=1),
    "max_depth": whole_number("the most splits above a leaf", least=1),
    "max_features": choice(["sqrt", "log2"])
    | number("the share of the columns tried at each split", above=0, most=1),
    "min_samples_leaf": whole_number("the fewest rows in a leaf", least=1),
    "min_samples_split": whole_number("the fewest rows that are split", least=2),
    "bootstrap": flag("whether each tree grows on a sample of the rows"),
    "learning_rate": number("how much each tree counts", above=0),
    "subsample": number("the share of the rows for each tree", above=0, most=1),
    "random_state": whole_number("the seed of random numbers", least=0, most=2**32 - 1),
}


def build(settings: dict[str, Any], task: str) -> Any:
    """Return the estimator that `settings` choose; task is "regression" or "classification"."""
    name, given = settings["estimator"], dict(settings)
    del given["estimator"]
    family = FAMILIES[name]
    make = getattr(family, task)
    if make is None:
        fitting = [key for key, other in FAMILIES.items() if getattr(other, task) is not None]
        refuse("estimator", name, f"one of {', '.join(fitting)} for {task}")
    report(
        [
            f"hyperparameter '{key}' does not belong to estimator '{name}', "
            f"allowed: {', '.join(family.takes)}"
            for key in given
            if key not in family.takes
        ]
    )
    seed = {"random_state": 0} if "random_state" in family.takes else {}
    return make(**family.fixed, **{**seed, **given})
