"""Data, models of them, and jobs."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sklearn.linear_model import LinearRegression, LogisticRegression

from toolkit.artifact import Model, save_model
from toolkit.csv_tables import parse_csv
from toolkit.fitting import fit_model
from toolkit.hyperparameters import Settings, parse_hyperparameters
from toolkit.paths import Paths

CONTAINER = Path(__file__).resolve().parents[3]
IRIS = (CONTAINER.parent / "workloads" / "data" / "iris.csv").read_text()
Files = Mapping[str, str]


def estimator(_settings: Settings, task: str) -> Any:
    """The simplest one for each task."""
    return LinearRegression() if task == "regression" else LogisticRegression(max_iter=1000)


def fitted(text: str = IRIS, header: bool = True, **given: str) -> Model:
    """A model of a CSV's text."""
    settings = parse_hyperparameters({}, given, header=header)
    return fit_model(parse_csv(text), settings, estimator, header=header)


def training(
    paths: Paths,
    hyperparameters: Mapping[str, str],
    described: Mapping[str, Mapping[str, str]] | None = None,
    **channels: Files,
) -> Paths:
    """Give a job its hyperparameters, how its channels are described, and their files."""
    paths.hyperparameters.parent.mkdir(parents=True)
    paths.hyperparameters.write_text(json.dumps(hyperparameters))
    if described is not None:
        paths.channels.write_text(json.dumps(described))
    for channel, files in channels.items():
        for name, text in files.items():
            file = paths.data / channel / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, newline="")
    return paths


def evaluated(paths: Paths, model: Model, **channels: str) -> Paths:
    """Give an evaluation a model, packed, and channels of one file each."""
    save_model(model, paths.model)
    paths.artifact.parent.mkdir(parents=True)
    with tarfile.open(paths.artifact, "w:gz") as archive:
        archive.add(paths.model, arcname=".")
    paths.held_out.mkdir()
    for name, text in channels.items():
        (paths.held_out / name).mkdir()
        (paths.held_out / name / "rows.csv").write_text(text)
    return paths
