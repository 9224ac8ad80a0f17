"""Models of SageMaker's built-in algorithms: what these do not take, and what none can do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic_core import InitErrorDetails

from workloads.builtin_images import BUILTINS
from workloads.schema import builtin_xgboost
from workloads.schema.api import Api
from workloads.schema.data import Channel
from workloads.schema.evaluation import Evaluation
from workloads.schema.model import Model
from workloads.schema.ranges import Range
from workloads.schema.section import not_allowed, problem
from workloads.schema.smoke import Smoke

Problems = Iterator[InitErrorDetails]


@dataclass(frozen=True)
class _Algorithm:
    metrics: Sequence[str]
    """What a tuning can be judged by."""
    hyperparameter_misfits: Callable[
        [Mapping[str, str], Mapping[str, Range], Sequence[str]], Problems
    ]
    """Of hyperparameters, a tuning's ranges and the model's channels, at keys of the model."""
    channel_misfits: Callable[
        [Sequence[str], Mapping[str, Channel], Mapping[str, str], int], Problems
    ]
    """Of a model's channels, [data], its hyperparameters and how many features there are."""
    api_misfits: Callable[[Api], Problems]


_ALGORITHMS = {
    "xgboost": _Algorithm(
        builtin_xgboost.METRICS,
        builtin_xgboost.hyperparameter_misfits,
        builtin_xgboost.channel_misfits,
        builtin_xgboost.api_misfits,
    )
}


def misfits(
    models: Mapping[str, Model],
    data: Mapping[str, Channel],
    api: Api,
    smoke: Smoke,
    evaluation: Evaluation | None,
) -> Problems:
    """Yield, at keys of the workload and once, what its models of built-in algorithms cannot do."""
    told = set()
    for each in _misfits(models, data, api, smoke, evaluation):
        identity = (each.get("loc"), str(each["type"]))  # two models may read one channel
        if identity not in told:
            yield each
        told.add(identity)


def _misfits(
    models: Mapping[str, Model],
    data: Mapping[str, Channel],
    api: Api,
    smoke: Smoke,
    evaluation: Evaluation | None,
) -> Problems:
    builtin = {key: model for key, model in models.items() if model.image.builtin is not None}
    for key, model in builtin.items():
        yield from _model_misfits(key, model, data, api)
        if evaluation is not None:
            there = "only where each model's image is your own"
            why = f"{_title(model)}, models.{key}, has no program evaluate"
            yield problem(f"found; allowed: {there}: {why}", "evaluation")
    for name in dict.fromkeys(str(model.image.builtin) for model in builtin.values()):
        yield from _below(("api",), _ALGORITHMS[name].api_misfits(api))
        if smoke.content_type != api.content_type:
            there = f'"{api.content_type}", which {BUILTINS[name].title} takes'
            yield not_allowed(smoke.content_type, there, "smoke", "content_type")


def _model_misfits(key: str, model: Model, data: Mapping[str, Channel], api: Api) -> Problems:
    if model.artifact is not None:  # trained already
        return
    algorithm, given = _ALGORITHMS[str(model.image.builtin)], model.hyperparameters
    ranges = model.tuning.ranges if model.tuning else {}
    yield from _below(
        ("models", key), algorithm.hyperparameter_misfits(given, ranges, model.channels)
    )
    yield from _below(("models", key), _metric_misfits(model, algorithm))
    yield from algorithm.channel_misfits(model.channels, data, given, len(api.features))


def _metric_misfits(model: Model, algorithm: _Algorithm) -> Problems:
    own = f"{_title(model)} has metrics of its own"
    if model.training.metrics:
        yield problem(f"found; allowed: none: {own}", "training", "metrics")
    if model.tuning is None:
        return
    objective = model.tuning.objective
    if objective.regex is not None:
        key = ("tuning", "objective", "regex")
        yield not_allowed(objective.regex, f"none: {own}", *key)
    if objective.metric not in algorithm.metrics:
        there = f"{', '.join(algorithm.metrics)}"
        key = ("tuning", "objective", "metric")
        yield not_allowed(objective.metric, there, *key, choices=algorithm.metrics)


def _title(model: Model) -> str:
    return BUILTINS[str(model.image.builtin)].title


def _below(key: Sequence[str], problems: Problems) -> Problems:
    for each in problems:
        yield {**each, "loc": (*key, *each.get("loc", ()))}
