"""The hyperparameters of SageMaker's XGBoost.

As in "XGBoost hyperparameters" of https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost.html, and
as its container checks them (https://github.com/aws/sagemaker-xgboost-container, of version 1.7-1):
what is refused here would fail the job, or be ignored by it.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence

from pydantic_core import InitErrorDetails

from workloads.schema.builtin_values import FINITE, Rule, each, integer, misfit, number, one_of
from workloads.schema.model import Model
from workloads.schema.ranges import CategoricalRange, Range
from workloads.schema.section import hint, not_allowed, problem, shown


def _is_metric(name: str) -> bool:
    name, at, threshold = name.partition("@")
    if at:
        return name in {"error", "ndcg", "map"} and FINITE.accepts(threshold)
    return name in EVAL_METRICS


def _are_constraints(value: str) -> bool:
    # A comma after each, also after the only one: in Python, "(1)" is the number.
    return re.fullmatch(r"\((\s*(-1|0|1)\s*,)+(\s*(-1|0|1)\s*|\s*)\)", value) is not None


def _are_interactions(value: str) -> bool:
    try:
        groups = ast.literal_eval(value)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return False
    return isinstance(groups, list) and all(
        isinstance(group, list) and all(type(item) is int and item >= 1 for item in group)
        for group in groups
    )


_NOT_NEGATIVE = number("of at least 0", lambda x: x >= 0)
_POSITIVE = number("above 0", lambda x: x > 0)
_PART = number("from 0 to 1", lambda x: 0 <= x <= 1)
_POSITIVE_PART = number("above 0, at most 1", lambda x: 0 < x <= 1)
_SWITCH = one_of("0", "1")
_BOOLEAN = one_of("true", "false")
EVAL_METRICS = (
    *("accuracy", "aft-nloglik", "auc", "aucpr", "balanced_accuracy", "cox-nloglik", "error"),
    *("f1", "f1_binary", "f1_macro", "gamma-deviance", "gamma-nloglik"),
    *("interval-regression-accuracy", "logloss", "mae", "map", "mape", "merror", "mlogloss"),
    *("mphe", "mse", "ndcg", "poisson-nloglik", "precision", "precision_macro"),
    *("precision_micro", "r2", "recall", "recall_macro", "recall_micro", "rmse", "rmsle"),
    "tweedie-nloglik",
)
_OBJECTIVES = (
    *("reg:squarederror", "reg:squaredlogerror", "reg:logistic", "reg:pseudohubererror"),
    *("reg:absoluteerror", "reg:gamma", "reg:tweedie", "binary:logistic", "binary:logitraw"),
    *("binary:hinge", "count:poisson", "survival:aft", "survival:cox", "multi:softmax"),
    *("multi:softprob", "rank:pairwise", "rank:ndcg", "rank:map"),
    "reg:linear",  # what reg:squarederror was called until 0.90
)
_GROWING = ("grow_colmaker", "distcol", "grow_histmaker", "grow_local_histmaker")
_UPDATING = ("refresh", "prune")
_LINEAR = ("shotgun", "coord_descent")
_UPDATERS = (*_GROWING, "grow_skmaker", "sync", *_UPDATING, *_LINEAR)
_RULES: Mapping[str, Rule] = {
    "aft_loss_distribution": one_of("normal", "logistic", "extreme"),
    "aft_loss_distribution_scale": _NOT_NEGATIVE,
    "alpha": _NOT_NEGATIVE,
    "base_score": _NOT_NEGATIVE,
    "booster": one_of("gbtree", "gblinear", "dart"),
    "colsample_bylevel": _POSITIVE_PART,
    "colsample_bynode": _POSITIVE_PART,
    "colsample_bytree": _POSITIVE_PART,
    "csv_weights": _SWITCH,
    "deterministic_histogram": _BOOLEAN,
    "dsplit": one_of("row", "col"),
    "early_stopping_rounds": integer(1),
    "eta": _PART,
    "eval_metric": each(
        f"{', '.join(EVAL_METRICS)}, or error@, ndcg@, map@ and a number", _is_metric
    ),
    "gamma": _NOT_NEGATIVE,
    "grow_policy": one_of("depthwise", "lossguide"),
    "interaction_constraints": Rule(
        'lists of features, such as "[[1, 2], [3, 4, 5]]"', _are_interactions
    ),
    "lambda": _NOT_NEGATIVE,
    "lambda_bias": _PART,
    "max_bin": integer(0),
    "max_delta_step": _NOT_NEGATIVE,
    "max_depth": integer(0),
    "max_leaves": integer(0),
    "min_child_weight": _NOT_NEGATIVE,
    "monotone_constraints": Rule(
        '-1, 0 or 1 for each feature, such as "(1, 0, -1)" or "(1,)"', _are_constraints
    ),
    "normalize_type": one_of("tree", "forest"),
    "nthread": integer(1),
    "num_class": integer(2),
    "num_parallel_tree": integer(1),
    "num_round": integer(1),
    "objective": one_of(*_OBJECTIVES),
    "one_drop": _SWITCH,
    "predictor": one_of("auto", "cpu_predictor", "gpu_predictor"),
    "prob_buffer_row": integer(2),
    "process_type": one_of("default", "update"),
    "rate_drop": _PART,
    "refresh_leaf": _SWITCH,
    "sample_type": one_of("uniform", "weighted"),
    "sampling_method": one_of("uniform", "gradient_based"),
    "save_model_on_termination": _BOOLEAN,
    "scale_pos_weight": _POSITIVE,
    "seed": integer(-(2**31) + 1, 2**31 - 2),
    "single_precision_histogram": _BOOLEAN,
    "sketch_eps": number("above 0, below 1", lambda x: 0 < x < 1),
    "skip_drop": _PART,
    "subsample": _POSITIVE_PART,
    "tree_method": one_of("auto", "exact", "approx", "hist", "gpu_hist"),
    "tweedie_variance_power": number("above 1, below 2", lambda x: 1 < x < 2),
    "updater": each(", ".join(_UPDATERS), _UPDATERS.__contains__),
    "use_dask_gpu_training": _BOOLEAN,
    "verbosity": integer(0, 3),
}
_ALIASES = {
    "learning_rate": "eta",
    "min_split_loss": "gamma",
    "reg_lambda": "lambda",
    "reg_alpha": "alpha",
}
_TUNABLE = (
    *("alpha", "colsample_bylevel", "colsample_bynode", "colsample_bytree", "eta", "gamma"),
    *("lambda", "max_delta_step", "max_depth", "min_child_weight", "num_round", "subsample"),
)
_ONLY_WITH = {
    "interaction_constraints": ("tree_method", ("exact", "hist", "approx")),
    "monotone_constraints": ("tree_method", ("exact", "hist")),
    # The container takes it anywhere, but XGBoost then wants as many labels for each row.
    "num_class": ("objective", ("multi:softmax", "multi:softprob")),
}
"""Hyperparameters that fail a job where another has none of these values."""
_IGNORED_WITHOUT = {
    "aft_loss_distribution": ("objective", ("survival:aft",)),
    "aft_loss_distribution_scale": ("objective", ("survival:aft",)),
    "lambda_bias": ("booster", ("gblinear",)),
    "normalize_type": ("booster", ("dart",)),
    "one_drop": ("booster", ("dart",)),
    "rate_drop": ("booster", ("dart",)),
    "sample_type": ("booster", ("dart",)),
    "skip_drop": ("booster", ("dart",)),
    "tweedie_variance_power": ("objective", ("reg:tweedie",)),
}
"""Hyperparameters that XGBoost does not use where another has none of these values."""
_SINCE = {"reg:absoluteerror": (1, 7)}
"""Objectives that only newer versions of the image have."""


def misfits(model: Model) -> Iterator[InitErrorDetails]:
    """Yield what XGBoost would not train a model with, or not heed, at the model's keys."""
    given = model.hyperparameters
    names = (*_RULES, *_ALIASES)
    for name in given:
        if name not in names:
            there = f"one of XGBoost's{hint(name, names)}"
            yield problem(f"unknown key; allowed: {there}", "hyperparameters", name)
    ranges = model.tuning.ranges if model.tuning else {}
    for name, range_ in ranges.items():
        yield from _range_misfits(_ALIASES.get(name, name), range_, "tuning", "ranges", name)
    if "num_round" not in given and "num_round" not in ranges:
        missing = f"missing; allowed: {_RULES['num_round'].text}"
        yield problem(missing, "hyperparameters", "num_round")
    for found in (*failures(given, str(model.image.version)), *_ignored(model)):
        yield {**found, "loc": ("hyperparameters", *found.get("loc", ()))}


def failures(hyperparameters: Mapping[str, str], version: str) -> Iterator[InitErrorDetails]:
    """Yield, by its name, each known hyperparameter that fails a job of the image's version."""
    for name, value in hyperparameters.items():
        rule = _RULES.get(_ALIASES.get(name, name))
        if rule is not None and not rule.accepts(value):
            yield misfit(value, rule, name)
    for name, (other, values) in _ONLY_WITH.items():
        if name in hyperparameters and hyperparameters.get(other) not in values:
            yield problem(f"found without it; allowed: {_only_with(other, values)}", name)
    yield from _objective_failures(hyperparameters, version)
    yield from _metric_failures(hyperparameters)
    yield from _updater_failures(hyperparameters)


def _only_with(other: str, values: Sequence[str]) -> str:
    return "only with " + " or ".join(f"{other} = {shown(value)}" for value in values)


def _objective_failures(
    hyperparameters: Mapping[str, str], version: str
) -> Iterator[InitErrorDetails]:
    objective = hyperparameters.get("objective", "")
    since = _SINCE.get(objective)
    if since and tuple(map(int, version.partition("-")[0].split("."))) < since:
        there = f"others in version {version}: this one is there from {'.'.join(map(str, since))}"
        yield not_allowed(objective, there, "objective")
    if objective.startswith("multi:") and "num_class" not in hyperparameters:
        missing = f"missing; allowed: {_RULES['num_class'].text}, for objective = {objective}"
        yield problem(missing, "num_class")


def _metric_failures(hyperparameters: Mapping[str, str]) -> Iterator[InitErrorDetails]:
    if "eval_metric" not in hyperparameters:
        return
    objective = hyperparameters.get("objective")
    if objective is None:  # the container looks it up, whatever the metric
        yield problem("found without it; allowed: only with objective", "eval_metric")
        return
    metrics = hyperparameters["eval_metric"].split(",")
    if "auc" in metrics and not objective.startswith(("binary:", "rank:")):
        there = "other metrics with this objective: auc is of binary: and rank:"
        yield not_allowed("auc", there, "eval_metric")
    if "aft-nloglik" in metrics and objective != "survival:aft":
        there = "other metrics with this objective: aft-nloglik is of survival:aft"
        yield not_allowed("aft-nloglik", there, "eval_metric")


def _updater_failures(hyperparameters: Mapping[str, str]) -> Iterator[InitErrorDetails]:
    names = hyperparameters.get("updater", "").split(",")
    if not set(names) <= set(_UPDATERS):
        return
    there = None
    if hyperparameters.get("booster") == "gblinear":
        if len(names) > 1 or names[0] not in _LINEAR:
            there = f'one of {", ".join(_LINEAR)} with booster = "gblinear"'
    elif hyperparameters.get("process_type") == "update":
        if not set(names) <= set(_UPDATING):
            there = f'{", ".join(_UPDATING)} with process_type = "update"'
    elif set(names) & set(_LINEAR):
        there = f'{", ".join(_LINEAR)} only with booster = "gblinear"'
    elif sum(name in _GROWING for name in names) > 1:
        there = f"at most one of {', '.join(_GROWING)}"
    if there:
        yield not_allowed(hyperparameters["updater"], there, "updater")


def _ignored(model: Model) -> Iterator[InitErrorDetails]:
    given = model.hyperparameters
    for name, (other, values) in _IGNORED_WITHOUT.items():
        if name in given and given.get(other) not in values:
            there = f"{_only_with(other, values)}; else XGBoost ignores it"
            yield problem(f"found without it; allowed: {there}", name)
    if "early_stopping_rounds" in given:
        # The container takes a metric on the validation data, and says nothing without them.
        decides = "eval_metric" in given or model.tuning is not None
        if not decides:
            there = "only with eval_metric, whose last metric decides, and a channel validation"
            yield problem(f"found without them; allowed: {there}", "early_stopping_rounds")
        elif "validation" not in model.channels:
            there = "only with a channel validation, on which the metric decides"
            yield problem(f"found without it; allowed: {there}", "early_stopping_rounds")


def _range_misfits(name: str, range_: Range, *key: str) -> Iterator[InitErrorDetails]:
    if name not in _TUNABLE:
        there = f"those that SageMaker can tune of XGBoost: {', '.join(_TUNABLE)}"
        yield problem(f"found {shown(name)}; allowed: {there}{hint(name, _TUNABLE)}", *key)
        return
    rule = _RULES[name]
    if isinstance(range_, CategoricalRange):
        for at, value in enumerate(range_.values):
            if not rule.accepts(value):
                yield misfit(value, rule, *key, "values", at)
        return
    if range_.type != rule.kind:
        yield not_allowed(range_.type, f'"{rule.kind}", "categorical"', *key, "type")
        return
    for end in ("min", "max"):
        if not rule.accepts(value := str(getattr(range_, end))):
            yield misfit(value, rule, *key, end)
