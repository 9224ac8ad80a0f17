"""What SageMaker's XGBoost takes: its metrics, channels and requests.

As in "Tune an XGBoost Model" and "Input/Output Interface" of
https://docs.aws.amazon.com/sagemaker/latest/dg/xgboost.html.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic_core import InitErrorDetails

from workloads.content import files_of
from workloads.schema.api import Api
from workloads.schema.builtin_values import FINITE
from workloads.schema.data import Channel
from workloads.schema.section import not_allowed, problem, shown

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
