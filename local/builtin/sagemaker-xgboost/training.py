"""A training job: from input/ to model/xgboost-model."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from algorithm import BASE, MODEL, UserError
from channels import content_type, matrix
from hyperparameters import GONE, parsed, version, with_defaults_of
from metrics import MAXIMIZED, custom_metric, deciding, named
from xgboost import __version__ as installed
from xgboost import train as boosted
from xgboost.callback import EarlyStopping, EvaluationMonitor, TrainingCallback
from xgboost.core import XGBoostError

CHECKPOINT = "xgboost-checkpoint"
KEPT = 5
"""How many checkpoints there are at most."""

logger = logging.getLogger(__name__)


def train() -> None:
    """Train as input/config says. Raises UserError."""
    given = parsed(_config("hyperparameters"))
    channels = _config("inputdataconfig")
    kind = content_type(channels)
    if len(_config("resourceconfig")["hosts"]) > 1:
        raise UserError("the embedded AWS trains XGBoost on one instance only")
    weights = given.pop("csv_weights", 0) == 1
    data: dict[str, Any] = {
        name: matrix(BASE / "input" / "data" / name, kind, weights=weights)
        for name in ("train", "validation")
        if name in channels
    }
    rows, columns = data["train"].num_row(), data["train"].num_col()
    logger.info("Train matrix has %d rows and %d columns", rows, columns)
    if "validation" in data:
        logger.info("Validation matrix has %d rows", data["validation"].num_row())
    _save(_boosted(given, data), MODEL)


def _boosted(given: dict[str, Any], data: Mapping[str, Any]) -> Any:
    rounds = given.pop("num_round")
    metrics = given.pop("eval_metric", [])
    objective_metric = given.pop("_tuning_objective_metric", None)
    own, custom = named(metrics, objective_metric)
    early = given.pop("early_stopping_rounds", None)
    saves = given.pop("save_model_on_termination", "false") == "true"
    for name in GONE:
        if given.pop(name, None) is not None:
            logger.warning("%s is left out: XGBoost %s does not have it", name, installed)
    parameters = with_defaults_of(
        version(), {**given, **({"eval_metric": own} if own else {})}, data["train"].num_row()
    )
    checkpoints = _checkpoints()
    start, done = _last_checkpoint(checkpoints)
    callbacks: list[Any] = [EvaluationMonitor(logger=_print_line)]
    if early and (own or custom) and "validation" in data:
        metric = deciding(metrics, objective_metric)
        maximize = metric.partition("@")[0] in MAXIMIZED
        stop = EarlyStopping(
            rounds=early,
            metric_name=metric,
            data_name="validation",
            maximize=maximize,
            save_best=True,
        )
        callbacks.append(stop)
    if saves or checkpoints:
        callbacks.append(_Saver(checkpoints, done, saves))
    if saves:
        signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    try:
        return boosted(
            parameters,
            data["train"],
            rounds - done,
            evals=[(matrix, name) for name, matrix in data.items()],
            custom_metric=custom_metric(custom),
            callbacks=callbacks,
            xgb_model=start,
            verbose_eval=False,
        )
    except (XGBoostError, ValueError) as error:
        # its message, without the addresses where it arose
        raise UserError(
            "XGB train call failed with exception:\n " + str(error).partition("\nStack trace")[0]
        ) from error


class _Saver(TrainingCallback):  # type: ignore[misc]
    """Keeps the model of each round, as a checkpoint or for the end of a job that is stopped."""

    def __init__(self, checkpoints: Path | None, done: int, saves: bool) -> None:
        super().__init__()
        self._checkpoints = checkpoints
        self._done = done
        self._saves = saves

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
        """See TrainingCallback."""
        if self._checkpoints is not None:
            number = self._done + epoch
            _save(model, self._checkpoints / f"{CHECKPOINT}.{number}")
            (self._checkpoints / f"{CHECKPOINT}.{number - KEPT}").unlink(missing_ok=True)
        if self._saves:
            _save(model, MODEL)
        return False


def _checkpoints() -> Path | None:
    """Return the folder of checkpoints, where the job has one."""
    config = BASE / "input" / "config" / "checkpointconfig.json"
    if not config.is_file():
        return None
    path = Path(json.loads(config.read_text())["LocalPath"])
    folder = BASE / path.relative_to("/opt/ml")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _last_checkpoint(folder: Path | None) -> tuple[str | None, int]:
    """Return the model to go on from, and how many rounds it has."""
    files = folder.iterdir() if folder else ()
    numbers = [int(m[1]) for f in files if (m := re.fullmatch(rf"{CHECKPOINT}\.(\d+)", f.name))]
    if folder is None or not numbers:
        return None, 0
    last = max(numbers)
    logger.info("Checkpoint loaded from %s", folder / f"{CHECKPOINT}.{last}")
    logger.info("Resuming from iteration %d", last + 1)
    return str(folder / f"{CHECKPOINT}.{last}"), last + 1


def _save(model: Any, path: Path) -> None:
    """Write a model whole or not at all: an end in the middle leaves the one before."""
    unfinished = BASE / "unfinished.ubj"  # on the same disk, and not where files are uploaded from
    model.save_model(unfinished)
    unfinished.rename(path)


def _print_line(message: str) -> None:
    sys.stdout.write(message)
    sys.stdout.flush()


def _config(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((BASE / "input" / "config" / f"{name}.json").read_text())
    return loaded
