"""What SageMaker's XGBoost takes: its hyperparameters, metrics, channels and requests.

As in "XGBoost hyperparameters", "Tune an XGBoost Model" and "Input/Output Interface" of
https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost.html, and as its container checks them
(https://github.com/aws/sagemaker-xgboost-container): what is refused here would fail the job.
"""

import ast
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic_core import InitErrorDetails

from workloads.content import files_of
from workloads.schema.api import Api
from workloads.schema.builtin_values import FINITE, Rule, each, integer, misfit, number, one_of
from workloads.schema.data import Channel
from workloads.schema.ranges import CategoricalRange, Range
from workloads.schema.section import hint, not_allowed, problem, shown

METRICS = tuple(
    f"validation:{name}"
    for name in (
        *("accuracy", "auc", "error", "f1", "logloss", "mae", "map", "merror", "mlogloss"),
        *("mse", "ndcg", "rmse"),
    )
)
"""What a tuning can be judged by: the metrics that SageMaker finds in the log."""
CHANNELS = ("train", "validation")
_CONTENT_TYPE = re.compile(r"text/csv( ?; ?header=absent)?|text/(x-)?libsvm")


def _is_metric(name: str) -> bool:
    name, at, threshold = name.partition("@")
    if at:
        return name in {"error", "ndcg", "map"} and FINITE.accepts(threshold)
    return name in EVAL_METRICS


def _are_constraints(value: str) -> bool:
    return re.fullmatch(r"\(\s*(-1|0|1)(\s*,\s*(-1|0|1))*\s*,?\s*\)", value) is not None


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
    *("reg:gamma", "reg:tweedie", "binary:logistic", "binary:logitraw", "binary:hinge"),
    *("count:poisson", "survival:aft", "survival:cox", "multi:softmax", "multi:softprob"),
    *("rank:pairwise", "rank:ndcg", "rank:map"),
    "reg:linear",  # what reg:squarederror was called until 0.90
)
_UPDATERS = (
    *("grow_colmaker", "distcol", "grow_histmaker", "grow_local_histmaker", "grow_skmaker"),
    *("sync", "refresh", "prune", "shotgun", "coord_descent"),
)
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
        '-1, 0 or 1 for each feature, such as "(1, 0, -1)"', _are_constraints
    ),
    "normalize_type": one_of("tree", "forest"),
    "nthread": integer(1),
    "num_class": integer(2),
    "num_parallel_tree": integer(1),
    "num_round": integer(1),
    "objective": one_of(*_OBJECTIVES),
    "one_drop": _SWITCH,
    "predictor": one_of("auto", "cpu_predictor", "gpu_predictor"),
    "prob_buffer_row": number("above 1", lambda x: x > 1),
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
    "aft_loss_distribution": ("objective", ("survival:aft",)),
    "aft_loss_distribution_scale": ("objective", ("survival:aft",)),
    "interaction_constraints": ("tree_method", ("exact", "hist", "approx")),
    "lambda_bias": ("booster", ("gblinear",)),
    "monotone_constraints": ("tree_method", ("exact", "hist")),
    "normalize_type": ("booster", ("dart",)),
    "num_class": ("objective", ("multi:softmax", "multi:softprob")),
    "one_drop": ("booster", ("dart",)),
    "rate_drop": ("booster", ("dart",)),
    "sample_type": ("booster", ("dart",)),
    "skip_drop": ("booster", ("dart",)),
    "tweedie_variance_power": ("objective", ("reg:tweedie",)),
}
"""Hyperparameters that mean something only where another has one of these values."""


def hyperparameter_misfits(
    hyperparameters: Mapping[str, str], ranges: Mapping[str, Range], channels: Sequence[str]
) -> Iterator[InitErrorDetails]:
    """Yield what XGBoost would not train with, at the model's keys."""
    names = (*_RULES, *_ALIASES)
    for name, value in hyperparameters.items():
        rule = _RULES.get(_ALIASES.get(name, name))
        if rule is None:
            there = f"one of XGBoost's{hint(name, names)}"
            yield problem(f"unknown key; allowed: {there}", "hyperparameters", name)
        elif not rule.accepts(value):
            yield misfit(value, rule, "hyperparameters", name)
    for name, range_ in ranges.items():
        yield from _range_misfits(_ALIASES.get(name, name), range_, "tuning", "ranges", name)
    if "num_round" not in hyperparameters and "num_round" not in ranges:
        missing = f"missing; allowed: {_RULES['num_round'].text}"
        yield problem(missing, "hyperparameters", "num_round")
    yield from _contradictions(hyperparameters, channels)


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


def _contradictions(
    hyperparameters: Mapping[str, str], channels: Sequence[str]
) -> Iterator[InitErrorDetails]:
    objective = hyperparameters.get("objective", "reg:squarederror")
    for name, (other, values) in _ONLY_WITH.items():
        if name in hyperparameters and hyperparameters.get(other) not in values:
            there = " or ".join(f"{other} = {shown(value)}" for value in values)
            found = f"found without it; allowed: only with {there}"
            yield problem(found, "hyperparameters", name)
    if objective.startswith("multi:") and "num_class" not in hyperparameters:
        missing = f"missing; allowed: {_RULES['num_class'].text}, for objective = {objective}"
        yield problem(missing, "hyperparameters", "num_class")
    metrics = hyperparameters.get("eval_metric", "").split(",")
    if "auc" in metrics and not objective.startswith(("binary:", "rank:")):
        there = "other metrics with this objective: auc is of binary: and rank:"
        yield not_allowed("auc", there, "hyperparameters", "eval_metric")
    # The container takes its last metric on the validation data, and says nothing without them.
    if "early_stopping_rounds" in hyperparameters and (
        metrics == [""] or "validation" not in channels
    ):
        there = "only with eval_metric, whose last metric decides, and a channel validation"
        found = f"found without them; allowed: {there}"
        yield problem(found, "hyperparameters", "early_stopping_rounds")


def channel_misfits(
    channels: Sequence[str],
    data: Mapping[str, Channel],
    hyperparameters: Mapping[str, str],
    features: int,
) -> Iterator[InitErrorDetails]:
    """Yield what XGBoost does not read of a model's channels, at the keys of [data]."""
    weights = hyperparameters.get("csv_weights") == "1"
    if "train" not in channels:
        found = f"found {', '.join(channels)}" if channels else "found none"
        yield problem(f"{found}; allowed: train, and validation beside it", "data")
    for name in channels:
        channel = data[name]
        if name not in CHANNELS:
            there = "train, validation, the only channels of SageMaker's XGBoost"
            yield problem(f"found as one to train on; allowed: {there}", "data", name)
        elif not _CONTENT_TYPE.fullmatch(channel.content_type or ""):
            there = (
                '"text/csv" (without a header line), "text/libsvm": what SageMaker\'s XGBoost reads'
            )
            found = f"found {shown(channel.content_type)}" if channel.content_type else "missing"
            yield problem(f"{found}; allowed: {there}", "data", name, "content_type")
        elif channel.path is not None and str(channel.content_type).startswith("text/csv"):
            yield from _csv_misfits(channel.path, features, weights, "data", name, "path")


def _csv_misfits(path: Path, features: int, weights: bool, *key: str) -> Iterator[InitErrorDetails]:
    """Look at the first line of each file: a header, text or another number of columns."""
    before = ["the label", *(["the weight"] if weights else [])]
    there = f"numbers without a header line: {', '.join(before)}, then the {features} features"
    for file in files_of(path):
        with file.open(newline="", encoding="utf-8", errors="replace") as lines:
            cells = next(csv.reader(lines), [])
        text = next((cell for cell in cells if cell and not FINITE.accepts(cell)), None)
        if text is not None:
            found = f"found {shown(text)} in line 1 of {file.name}"
            yield problem(f"{found}; allowed: {there} of api.features", *key)
        elif len(cells) != len(before) + features:
            found = f"found {len(cells)} columns in {file.name}"
            yield problem(f"{found}; allowed: {len(before) + features}: {there}", *key)


def api_misfits(api: Api) -> Iterator[InitErrorDetails]:
    """Yield what XGBoost would not take of a request, at the keys of [api]."""
    if api.content_type != "text/csv":
        there = '"text/csv", which SageMaker\'s XGBoost takes'
        yield not_allowed(api.content_type, there, "content_type")
    if api.header:
        there = "false: SageMaker's XGBoost takes the features by their order"
        yield not_allowed(True, there, "header")
    for at, feature in enumerate(api.features):
        if feature.type not in {"number", "integer"}:
            there = '"number", "integer": SageMaker\'s XGBoost takes numbers only'
            yield not_allowed(feature.type, there, "features", at, "type")
