"""Models of SageMaker's built-in algorithms: what these do not take, and what none can do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic_core import InitErrorDetails

from workloads.builtin_images import BUILTINS
from workloads.schema import builtin_xgboost, xgboost_hyperparameters
from workloads.schema.api import Api
from workloads.schema.data import Channel
from workloads.schema.evaluation import Evaluation
from workloads.schema.model import Model
from workloads.schema.section import not_allowed, problem
from workloads.schema.smoke import Smoke

Problems = Iterator[InitErrorDetails]


@dataclass(frozen=True)
class _Algorithm:
    metrics: Sequence[str]
    """What a tuning can be judged by."""
    hyperparameter_misfits: Callable[[Model], Problems]
    """Of hyperparameters and a tuning's ranges, at keys of the model."""
    channel_misfits: Callable[
        [Sequence[str], Mapping[str, Channel], Mapping[str, str], int], Problems
    ]
    """Of a model's channels, [data], its hyperparameters and how many features there are."""
    api_misfits: Callable[[Api], Problems]


_ALGORITHMS = {
    "xgboost": _Algorithm(
        builtin_xgboost.METRICS,
        xgboost_hyperparameters.misfits,
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
    algorithm = _ALGORITHMS[str(model.image.builtin)]
    yield from _below(("models", key), algorithm.hyperparameter_misfits(model))
    yield from _below(("models", key), _metric_misfits(model, algorithm))
    yield from algorithm.channel_misfits(
        model.channels, data, model.hyperparameters, len(api.features)
    )


def _metric_misfits(model: Model, algorithm: _Algorithm) -> Problems:
    own = f"{_title(model)} has metrics of its own"
    if model.training.metrics:
        yield problem(f"found; allowed: none: {own}", "training", "metrics")
    if model.tuning is None:
        return
    objective = model.tuning.objective
    if objective.regex is not None:
        yield not_allowed(objective.regex, f"none: {own}", "tuning", "objective", "regex")
    key = ("tuning", "objective", "metric")
    if objective.metric not in algorithm.metrics:
        there = f"{', '.join(algorithm.metrics)}"
        yield not_allowed(objective.metric, there, *key, choices=algorithm.metrics)
    elif (channel := objective.metric.partition(":")[0]) not in model.channels:
        there = f"only with a channel {channel}, on which it is measured"
        yield not_allowed(objective.metric, there, *key)


def _title(model: Model) -> str:
    return BUILTINS[str(model.image.builtin)].title


def _below(key: Sequence[str], problems: Problems) -> Problems:
    for each in problems:
        yield {**each, "loc": (*key, *each.get("loc", ()))}
