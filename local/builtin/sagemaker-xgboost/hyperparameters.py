"""Hyperparameters: strings as SageMaker gives them, checked and made what XGBoost takes."""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Mapping
from typing import Any

from algorithm import UserError

EXACT_ROWS = 4 << 20
"""Up to so many rows XGBoost 1.x grew trees exactly by default."""
GONE = (
    *("deterministic_histogram", "dsplit", "predictor", "prob_buffer_row", "silent"),
    *("single_precision_histogram", "sketch_eps", "use_dask_gpu_training"),
)
"""What the newest library no longer has."""
_ALIASES = {
    "learning_rate": "eta",
    "min_split_loss": "gamma",
    "reg_lambda": "lambda",
    "reg_alpha": "alpha",
}


def _list(value: str) -> list[str]:
    return value.split(",")


def _tuple(value: str) -> tuple[int, ...]:
    items = ast.literal_eval(value)
    return tuple(int(item) for item in (items if isinstance(items, tuple | list) else [items]))


_PARSERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(
        (
            *("aft_loss_distribution", "booster", "deterministic_histogram", "dsplit"),
            *("grow_policy", "interaction_constraints", "normalize_type", "objective"),
            *("predictor", "process_type", "sample_type", "sampling_method"),
            *("save_model_on_termination", "single_precision_histogram", "tree_method"),
            *("updater", "use_dask_gpu_training", "_tuning_objective_metric"),
        ),
        str,
    ),
    **dict.fromkeys(
        (
            *("csv_weights", "early_stopping_rounds", "max_bin", "max_depth", "max_leaves"),
            *("nthread", "num_class", "num_parallel_tree", "num_round", "one_drop"),
            *("refresh_leaf", "seed", "silent", "verbosity"),
        ),
        int,
    ),
    **dict.fromkeys(
        (
            *("aft_loss_distribution_scale", "alpha", "base_score", "colsample_bylevel"),
            *("colsample_bynode", "colsample_bytree", "eta", "gamma", "lambda", "lambda_bias"),
            *("max_delta_step", "min_child_weight", "prob_buffer_row", "rate_drop"),
            *("scale_pos_weight", "sketch_eps", "skip_drop", "subsample"),
            "tweedie_variance_power",
        ),
        float,
    ),
    "eval_metric": _list,
    "monotone_constraints": _tuple,
}


def parsed(given: Mapping[str, str]) -> dict[str, Any]:
    """Return each hyperparameter as what it is. Raises UserError, in the real container's words."""
    named = {_ALIASES.get(name, name): value for name, value in given.items()}
    if "num_round" not in named:
        raise UserError("Missing required hyperparameter: num_round")
    values = {}
    for name, value in named.items():
        if name not in _PARSERS:
            raise UserError(f"Extraneous hyperparameter found: {name}")
        try:
            values[name] = _PARSERS[name](value)
        except (ValueError, SyntaxError) as error:
            raise UserError(f"Hyperparameter {name}: could not parse value {value!r}") from error
    if values["num_round"] < 1:
        raise UserError(f"Hyperparameter num_round: {values['num_round']} is not in [1, +inf)")
    if str(values.get("objective")).startswith("multi:") and "num_class" not in values:
        raise UserError("Require input for parameter 'num_class' for multi-classification")
    return values


def version() -> tuple[int, int]:
    """Return the version of XGBoost in the image that this one stands for."""
    major, minor = os.environ["ALGORITHM_VERSION"].replace("-", ".").split(".")[:2]
    return int(major), int(minor)


def with_defaults_of(
    release: tuple[int, int], parameters: Mapping[str, Any], rows: int
) -> dict[str, Any]:
    """Add what an older XGBoost did where nothing was said; README.md has the sources."""
    of_then = {**parameters}
    objective = parameters.get("objective", "reg:squarederror")
    if objective == "reg:linear":  # its name until 0.90, with which early stopping fails by now
        of_then["objective"] = "reg:squarederror"
    if parameters.get("tree_method") == "gpu_hist":
        of_then["tree_method"] = "hist"
    if release < (2, 0):
        if objective != "reg:absoluteerror":  # the only one of then that was estimated
            of_then.setdefault("base_score", 0.5)
        trees = parameters.get("booster") != "gblinear"
        if trees and parameters.get("tree_method", "auto") == "auto":
            of_then["tree_method"] = "exact" if rows < EXACT_ROWS else "approx"
        if objective.startswith("rank:"):
            of_then.setdefault("lambdarank_pair_method", "mean")
    if release < (1, 3) and not parameters.get("eval_metric"):
        if objective == "binary:logistic":
            of_then["eval_metric"] = ["error"]
        elif objective.startswith("multi:"):
            of_then["eval_metric"] = ["merror"]
    return of_then
