"""Where SageMaker puts things, and how its files are read.

Amazon SageMaker AI developer guide, "How Amazon SageMaker AI provides training information" and
"How Amazon SageMaker Processing configures input and output". SAGEMAKER_BASE_DIR moves all of it,
for a run without Docker.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.problems import UserError


@dataclass(frozen=True)
class Paths:
    """The files and folders of the contract, below a base folder."""

    base: Path

    @classmethod
    def from_environ(cls) -> Paths:
        """Read SAGEMAKER_BASE_DIR, /opt/ml by default."""
        return cls(Path(os.environ.get("SAGEMAKER_BASE_DIR") or "/opt/ml"))

    @property
    def hyperparameters(self) -> Path:
        """A training job's hyperparameters, all of them strings."""
        return self.base / "input" / "config" / "hyperparameters.json"

    @property
    def channels(self) -> Path:
        """A training job's channels, as the job's request describes them."""
        return self.base / "input" / "config" / "inputdataconfig.json"

    @property
    def resources(self) -> Path:
        """A training job's instances."""
        return self.base / "input" / "config" / "resourceconfig.json"

    @property
    def data(self) -> Path:
        """A training job's channels: a folder each, or a named pipe."""
        return self.base / "input" / "data"

    @property
    def model(self) -> Path:
        """The model that training leaves and serving loads."""
        return self.base / "model"

    @property
    def failure(self) -> Path:
        """Why a training job failed."""
        return self.base / "output" / "failure"

    # A processing job's own: the workload's settings name these folders.

    @property
    def artifact(self) -> Path:
        """The model as training's output holds it, packed."""
        return self.base / "processing" / "model" / "model.tar.gz"

    @property
    def held_out(self) -> Path:
        """The folder of the one channel to evaluate on."""
        return self.base / "processing" / "input"

    @property
    def evaluation(self) -> Path:
        """What an evaluation leaves."""
        return self.base / "processing" / "evaluation"

    @property
    def message(self) -> Path:
        """Why a processing job failed."""
        return self.base / "output" / "message"


def read_config(file: Path) -> dict[str, Any]:
    """Read one of the job's own JSON files; empty where it is missing, as in a run by hand."""
    if not file.exists():
        return {}
    try:
        content = json.loads(read_text(file))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file.name}: {error}") from error
    if not isinstance(content, dict):
        raise UserError(f"{file.name}: expected a JSON object")
    return content


def read_text(file: Path) -> str:
    """Read a UTF-8 file whole; a UserError where it is something else."""
    return as_text(file.read_bytes(), file.name)


def as_text(content: bytes, what: str) -> str:
    """Decode UTF-8, without a byte order mark."""
    if b"\0" in content:
        raise UserError(f"{what} holds NUL bytes, expected UTF-8 text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{what} is not UTF-8 text") from error
