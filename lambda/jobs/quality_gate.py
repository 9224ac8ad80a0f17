"""Custom::SageMakerQualityGate: a model whose metrics are out of bounds does not get any further.

ResourceProperties: ModelName, EvaluationS3Uri, ServingEvaluationS3Uri (that of the model now
serving; empty or absent when there is none), Bounds {metric: {Min, Max, NotWorseThanServing,
Tolerance}}, each optional. Attribute: Metrics, a JSON object of the model's metrics.

What is to be judged is in evaluation.json of the evaluation's folder: {"metrics": {"rmse": 0.31}}.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from jobs.clients import Clients, is_transient
from jobs.coerce import boolean
from jobs.events import Accepted, Event, Progress, ResourceError, fitting, log
from jobs.stack_status import stack_status

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_FILE = "evaluation.json"
_MAX_METRICS_BYTES = 1_500  # an attribute must fit into CloudFormation's response


class QualityGateError(ResourceError):
    """The model is not good enough, or it cannot be told how good it is."""


@dataclass(frozen=True)
class _Bound:
    """What one metric must be; None where the bound does not say."""

    metric: str
    minimum: float | None
    maximum: float | None
    not_worse_than_serving: bool
    tolerance: float

    @classmethod
    def of(cls, metric: str, bound: Mapping[str, Any]) -> "_Bound":
        return cls(
            metric=metric,
            minimum=float(bound["Min"]) if "Min" in bound else None,
            maximum=float(bound["Max"]) if "Max" in bound else None,
            not_worse_than_serving=boolean(bound.get("NotWorseThanServing", False)),
            tolerance=float(bound.get("Tolerance", 0)),
        )

    def breach(self, value: float) -> str | None:
        """Say how the metric breaks the bound, if it does."""
        low = self.minimum is not None and value < self.minimum
        high = self.maximum is not None and value > self.maximum
        if not (low or high):
            return None
        allowed = [
            f"{words} {_short(limit)}"
            for words, limit in (("at least", self.minimum), ("at most", self.maximum))
            if limit is not None
        ]
        return f"{self.metric} is {_short(value)}, allowed: {' and '.join(allowed)}"

    def worse(self, value: float, serving: float) -> str | None:
        """Say how the metric is worse than the serving model's, if it is.

        Up to a maximum, less is better; from a minimum, more is.
        """
        loss = value - serving if self.maximum is not None else serving - value
        # 0.4 - 0.38 is a little more than 0.02
        if loss < self.tolerance or math.isclose(loss, self.tolerance, abs_tol=1e-12):
            return None
        tolerance = f" (tolerance {_short(self.tolerance)})" if self.tolerance else ""
        return (
            f"{self.metric} is {_short(value)}, the model now serving has "
            f"{_short(serving)}{tolerance}"
        )


def on_event(event: Event, clients: Clients) -> Accepted:  # noqa: ARG001 - the handlers' signature
    """Name the gate after its model; there is nothing to make, and nothing to delete."""
    if event["RequestType"] == "Delete":
        return {}
    return {"PhysicalResourceId": f"{event['ResourceProperties']['ModelName']}-quality-gate"}


def is_complete(event: Event, clients: Clients) -> Progress:
    """Let the model pass, or raise QualityGateError with every figure that is out of bounds.

    While the stack rolls back a breach is only logged: a gate must never hold up a rollback.
    """
    if event["RequestType"] == "Delete":
        return {"IsComplete": True}
    rolling_back = stack_status(clients.cloudformation, event).rolling_back
    metrics: Mapping[str, object] = {}
    try:
        metrics = _metrics(event["ResourceProperties"]["EvaluationS3Uri"], clients.s3)
        _judge(event["ResourceProperties"], metrics, clients.s3)
    except (QualityGateError, ClientError) as error:
        if not rolling_back:
            raise
        log(event, "the gate is open while the stack rolls back", reason=str(error))
    numbers = {name: _number(value) for name, value in metrics.items()}
    short = {name: float(_short(number)) for name, number in numbers.items() if number is not None}
    text = json.dumps(short, sort_keys=True)
    return {"IsComplete": True, "Data": {"Metrics": fitting(text, _MAX_METRICS_BYTES)}}


def _judge(properties: Mapping[str, Any], metrics: Mapping[str, object], s3: "S3Client") -> None:
    bounds = [_Bound.of(*bound) for bound in properties.get("Bounds", {}).items()]
    numbers = {bound: _number(metrics.get(bound.metric)) for bound in bounds}
    problems = [
        _no_number(bound.metric, metrics) if number is None else bound.breach(number)
        for bound, number in numbers.items()
    ]
    compared = {
        bound: number
        for bound, number in numbers.items()
        if bound.not_worse_than_serving and number is not None
    }
    folder = properties.get("ServingEvaluationS3Uri")
    if folder and compared:
        serving = _metrics(folder, s3)
        problems += [_against(serving, bound, number) for bound, number in compared.items()]
    if found := [problem for problem in problems if problem]:
        raise QualityGateError(
            f"Quality gate of {properties['ModelName']}: {'; '.join(found)}\n"
            f"Its evaluation: {properties['EvaluationS3Uri']}"
        )


def _against(serving: Mapping[str, object], bound: _Bound, number: float) -> str | None:
    """Compare with the serving model; what cannot be compared does not pass as good."""
    reference = _number(serving.get(bound.metric))
    if reference is None:
        return (
            f"{_no_number(bound.metric, serving)} for the model now serving: "
            "deploy once without not_worse_than_serving"
        )
    return bound.worse(number, reference)


def _metrics(folder: str, s3: "S3Client") -> dict[str, object]:
    """Read the metrics that an evaluation has left in its folder, numbers or not."""
    uri = f"{folder.rstrip('/')}/{_FILE}"
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    try:
        text = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if is_transient(error):
            raise
        # who may not list a bucket is told AccessDenied of an object that is not there
        raise QualityGateError(
            f"{uri} cannot be read: did the container's evaluate write {_FILE}? {error}"
        ) from error
    try:
        evaluation = json.loads(text)
    except ValueError as error:
        raise QualityGateError(f"{uri} is not JSON: {error}") from error
    metrics = evaluation.get("metrics") if isinstance(evaluation, dict) else None
    if not isinstance(metrics, dict):
        raise QualityGateError(f'{uri} has no object "metrics"')
    return metrics


def _no_number(metric: str, metrics: Mapping[str, object]) -> str:
    if metric in metrics:
        return f"{metric} is {json.dumps(metrics[metric])}, which is not a number"
    meant = get_close_matches(metric, metrics, n=1)
    question = f", did you mean {meant[0]}?" if meant else ""
    known = ", ".join(sorted(metrics)) or "none"
    return f"there is no metric {metric}{question} (there are: {known})"


def _number(value: object) -> float | None:
    """Read a finite number: R writes NA as null or "NA", and Python NaN as NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _short(number: float) -> str:
    return f"{number:.6g}"
