"""The [models.<name>.tuning] of a workload: many training jobs, of which the best is the model."""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import InitErrorDetails

from workloads.schema.hyperparameters import HyperParameterKey
from workloads.schema.ranges import CategoricalRange, Range
from workloads.schema.sagemaker import DAY, Flag
from workloads.schema.section import Allowed, Section, hint, not_allowed, problem, raise_any
from workloads.schema.training import REGEX, MetricName, MetricRegex, Training

# The limits that the shapes of CreateHyperParameterTuningJob do not have are those of AWS's
# "Resource Limits for Automatic Model Tuning".
JOBS = 750
"""How many training jobs a tuning job makes at most."""
_MAX_JOBS = f"an integer from 1 to {JOBS}"
METRICS = 20
"""How many metrics a tuning job has at most."""
HYPERPARAMETERS = 99
"""How many hyperparameters each training job has at most: 100 with the one that SageMaker adds,
_tuning_objective_metric."""
ENVIRONMENT = 48
"""HyperParameterTrainingJobEnvironmentMap."""


class Objective(Section):
    """The metric by which training jobs are compared: HyperParameterTuningJobObjective."""

    metric: MetricName
    goal: Annotated[str, Allowed.one_of(("Minimize", "Maximize"))]
    regex: MetricRegex | None = None
    """How the logs are searched for the metric; None when training.metrics says it."""


class Resource(Section):
    """MinResource and MaxResource of Hyperband, in what the program counts, such as epochs."""

    min: Annotated[int, Field(ge=1), Allowed("an integer of at least 1")] = 1
    max: Annotated[int, Field(ge=2, le=20_000), Allowed("an integer from 2 to 20000")]

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.min >= self.max:
            raise_any([not_allowed(self.min, f"less than max, {self.max}", "min")])
        return self


class Tuning(Section):
    """How hyperparameters are searched: HyperParameterTuningJobConfig."""

    strategy: Annotated[str, Allowed.one_of(("Bayesian", "Random", "Grid", "Hyperband"))] = (
        "Bayesian"
    )
    objective: Objective
    max_jobs: Annotated[int, Field(ge=1, le=JOBS), Allowed(_MAX_JOBS)] | None = None
    """None only with Grid, which has a job for each combination of values."""
    max_parallel_jobs: Annotated[
        int,
        Field(ge=1, le=100),  # 10 in an account whose quota was not raised
        Allowed("an integer from 1 to 100"),
    ] = 1
    max_runtime: Annotated[
        int,
        Field(ge=120, le=DAY),
        Allowed(f"an integer from 120 to {DAY} (seconds): a deploy waits a day at most"),
    ] = 10_800
    """Seconds of the whole search."""
    early_stopping: Flag = False
    """TrainingJobEarlyStoppingType: Auto when true."""
    warm_start: (
        Annotated[str, Allowed.one_of(("IdenticalDataAndAlgorithm", "TransferLearning"))] | None
    ) = None
    """How the search begins with what the last tuning of this model has found."""
    random_seed: (
        Annotated[int, Field(ge=0, le=2**31 - 1), Allowed("an integer from 0 to 2147483647")] | None
    ) = None
    resource: Resource | None = None
    """What Hyperband gives to the training jobs; None with every other strategy."""
    ranges: Annotated[
        Mapping[HyperParameterKey, Range],
        Field(min_length=1, max_length=30),
        Allowed("a table of 1 to 30 hyperparameters"),
    ]

    @model_validator(mode="after")
    def _fits_its_strategy(self) -> Self:
        misfits = self._grid_misfits() if self.strategy == "Grid" else self._search_misfits()
        raise_any([*misfits, *self._hyperband_misfits()])
        return self

    def _grid_misfits(self) -> Iterator[InitErrorDetails]:
        if self.max_jobs is not None:
            there = "none with Grid, which has a job for each combination of values"
            yield not_allowed(self.max_jobs, there, "max_jobs")
        others = {
            name: searched.type
            for name, searched in self.ranges.items()
            if not isinstance(searched, CategoricalRange)
        }
        for name, kind in others.items():
            there = '"categorical", the only type with Grid'
            yield not_allowed(kind, there, "ranges", name, "type")
        if not others and self._combinations > JOBS:
            found = f"found {self._combinations} combinations"
            yield problem(f"{found}; allowed: at most {JOBS}", "ranges")

    @property
    def _combinations(self) -> float:
        return math.prod(searched.count for searched in self.ranges.values())

    def _search_misfits(self) -> Iterator[InitErrorDetails]:
        if self.max_jobs is None:
            yield problem(f"missing; allowed: {_MAX_JOBS}", "max_jobs")
        elif self.max_jobs > self._combinations:
            # CreateHyperParameterTuningJob: "You don't have enough combinations"
            there = f"at most {self._combinations}, as many as ranges has combinations of values"
            yield not_allowed(self.max_jobs, there, "max_jobs")
        elif self.max_parallel_jobs > self.max_jobs:
            there = f"at most max_jobs, {self.max_jobs}"
            yield not_allowed(self.max_parallel_jobs, there, "max_parallel_jobs")

    def _hyperband_misfits(self) -> Iterator[InitErrorDetails]:
        if self.strategy != "Hyperband":
            if self.resource is not None:
                found = f"found with {self.strategy}"
                yield problem(f"{found}; allowed: only with Hyperband", "resource")
            return
        if self.early_stopping:
            there = "false with Hyperband, which stops training jobs early by itself"
            yield not_allowed(True, there, "early_stopping")
        if self.resource is None:
            yield problem("missing; allowed: a table of min, max", "resource")


def misfits(
    tuning: Tuning, training: Training, hyperparameters: Mapping[str, str]
) -> Iterator[InitErrorDetails]:
    """Yield what of a model's other tables does not fit the tuning of it, by the model's keys."""
    for name in tuning.ranges:
        if name in hyperparameters:
            there = "a key that is not one of hyperparameters, which do not change"
            yield not_allowed(name, there, "tuning", "ranges", name)
    if (total := len(tuning.ranges) + len(hyperparameters)) > HYPERPARAMETERS:
        found = f"found {total} hyperparameters, with those of tuning.ranges"
        yield problem(f"{found}; allowed: at most {HYPERPARAMETERS}", "hyperparameters")
    names = {tuning.objective.metric, *(metric.name for metric in training.metrics)}
    if (metrics := len(names)) > METRICS:
        found = f"found {metrics} metrics, with the objective"
        yield problem(f"{found}; allowed: at most {METRICS} with tuning", "training", "metrics")
    if len(training.environment) > ENVIRONMENT:
        found = f"found {len(training.environment)} keys"
        there = f"at most {ENVIRONMENT} with tuning"
        yield problem(f"{found}; allowed: {there}", "training", "environment")
    if training.experiment is not None:
        there = "none with tuning, whose training jobs cannot be put into one"
        yield not_allowed(training.experiment, there, "training", "experiment")


def objective_misfits(tuning: Tuning, training: Training) -> Iterator[InitErrorDetails]:
    """Yield why nothing, or two things, say how an image of one's own reports the objective."""
    objective, names = tuning.objective, [metric.name for metric in training.metrics]
    if objective.metric in names and objective.regex is not None:
        there = f"none, as training.metrics says how {objective.metric} is found"
        yield not_allowed(objective.regex, there, "tuning", "objective", "regex")
    if objective.metric not in names and objective.regex is None:
        defined = f"{REGEX}, or a metric of training.metrics{hint(objective.metric, names)}"
        yield problem(f"missing; allowed: {defined}", "tuning", "objective", "regex")
