"""Training data: which channels there are, and their files as matrices for XGBoost."""

from __future__ import annotations

import csv
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from algorithm import CSV, LIBSVM, UserError
from tables import numbers, sparse
from xgboost import DMatrix

_TYPES = {
    **dict.fromkeys(("csv", "text/csv"), CSV),
    **dict.fromkeys(("libsvm", "text/libsvm", "text/x-libsvm"), LIBSVM),
}
_NOT_HERE = "the embedded AWS's stand-in for SageMaker's XGBoost"

logger = logging.getLogger(__name__)


def content_type(channels: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the type of the data, which that of `train` says. Raises UserError."""
    if "train" not in channels:
        raise UserError("Missing required channel: train")
    for name, channel in channels.items():
        if name not in ("train", "validation"):
            raise UserError(f"Extraneous channel found: {name}")
        if channel.get("ContentType", LIBSVM).lower() not in _TYPES:
            types = ", ".join(_TYPES)
            raise UserError(
                f"Channel configuration for '{name}' channel is not supported: "
                f"{dict(channel)}. {_NOT_HERE} reads {types}"
            )
        if channel.get("TrainingInputMode") == "Pipe":
            raise UserError(f"{_NOT_HERE} reads no Pipe: use the input mode File or FastFile")
    return _TYPES[channels["train"].get("ContentType", LIBSVM).lower()]


def matrix(folder: Path, kind: str, *, weights: bool) -> Any:
    """Read a channel as a DMatrix. Raises UserError, naming the file and the line."""
    files = [
        file
        for file in sorted(folder.rglob("*"))
        if file.is_file() and not file.name.startswith((".", "_")) and file.stat().st_size
    ]
    if not files:
        raise UserError(f"No data in {folder.name} channel path {folder}")
    if kind == LIBSVM:
        lines = [line for file in files for line in _lines(file)]
        try:
            labels, row_weights, features = sparse(lines, labelled=True)
        except ValueError as error:
            raise UserError(f"Failed to load libsvm data with exception:\n{error}") from error
        return DMatrix(features, label=labels, weight=row_weights)
    first = 2 if weights else 1
    table = np.vstack(_same_width([(file.name, _csv(file)) for file in files]))
    if table.shape[1] <= first:
        raise UserError(
            f"Failed to load csv data with exception:\n{files[0].name} has {table.shape[1]} "
            f"columns, expected the label{', the weight' * weights} and at least one feature"
        )
    if np.isnan(table[:, :first]).any():
        row = int(np.isnan(table[:, :first]).any(axis=1).argmax()) + 1
        raise UserError(f"Failed to load csv data with exception:\nrow {row} has no label")
    return DMatrix(table[:, first:], label=table[:, 0], weight=table[:, 1] if weights else None)


def _csv(file: Path) -> Any:
    lines = list(_lines(file))
    try:
        dialect = csv.Sniffer().sniff(lines[0], delimiters=",;\t|")
    except csv.Error as error:
        raise UserError(
            f"Could not determine delimiter on line {lines[0][:50]}:\n{error}"
        ) from error
    logger.info("Determined delimiter of CSV input is '%s'", dialect.delimiter)
    try:
        return numbers(lines, dialect.delimiter)
    except ValueError as error:
        raise UserError(
            f"Failed to load csv data with exception:\n{file.name}, {error}; SageMaker's XGBoost "
            "reads numbers without a header line, the label first"
        ) from error


def _lines(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8", errors="replace") as text:
        for line in text:
            if line.strip():
                yield line.rstrip("\r\n")


def _same_width(tables: list[tuple[str, Any]]) -> list[Any]:
    first, expected = tables[0][0], tables[0][1].shape[1]
    for name, table in tables:
        if table.shape[1] != expected:
            raise UserError(
                f"Failed to load csv data with exception:\n{name} has {table.shape[1]} columns, "
                f"expected {expected} as in {first}"
            )
    return [table for _, table in tables]
