"""Requests: a body to predictions, a problem to the status and words of SageMaker's container."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from algorithm import CSV, LIBSVM
from tables import numbers, sparse
from xgboost import DMatrix

_LIBSVM = (LIBSVM, "libsvm", "text/x-libsvm")
_CSV = (CSV, "csv")


class RequestError(Exception):
    """A request that is not answered with predictions; the text is the body."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Predictor:
    """A model, and what it says of the body of a request."""

    def __init__(self, booster: Any) -> None:
        booster.set_param({"nthread": 1})  # several requests at a time, each on its own thread
        self._booster = booster
        self._features: int = booster.num_features()
        self._batch = os.environ.get("SAGEMAKER_BATCH", "").lower() == "true"

    def answer(self, body: bytes, content_type: str | None) -> str:
        """Return the answer, which is CSV in any case. Raises RequestError."""
        predictions = self._booster.predict(self._matrix(body, content_type)).tolist()
        if self._batch:
            return "".join(f"{each}\n" for each in predictions)
        return ",".join(map(str, predictions))

    def _matrix(self, body: bytes, content_type: str | None) -> Any:
        kind = (content_type or LIBSVM).partition(";")[0].strip().lower()
        if kind not in (*_CSV, *_LIBSVM):
            accepted = ", ".join((*_CSV, *_LIBSVM))
            raise RequestError(415, f"{content_type} is not an accepted ContentType: {accepted}.")
        name = "csv" if kind in _CSV else "libsvm"
        try:
            lines = body.strip().decode().splitlines()
            table = _csv(lines) if name == "csv" else sparse(lines, labelled=False)[2]
        except ValueError as error:
            raise RequestError(
                415,
                f"Loading {name} data failed with Exception, please ensure data is in {name} "
                f"format:\n {type(error)}\n {error}",
            ) from error
        self._assert_fits(table.shape[1], name)
        return DMatrix(table)

    def _assert_fits(self, found: int, name: str) -> None:
        if found != self._features if name == "csv" else found > self._features:
            raise RequestError(
                400,
                f"Unable to evaluate payload provided: Feature size of {name} inference data "
                f"{found} is not consistent with feature size of trained model {self._features}.",
            )


def _csv(lines: Sequence[str]) -> Any:
    if not lines:
        raise ValueError("found no row, expected numbers with commas between them")
    try:
        delimiter = csv.Sniffer().sniff(lines[0][:512], delimiters=",;\t|").delimiter
    except csv.Error:
        delimiter = ","  # one column, or no CSV
    table = numbers(lines, delimiter)
    if np.isinf(table).any():
        raise ValueError("found an infinite number, expected finite ones")
    return table
