"""The [models.<name>.tuning] of a workload: many training jobs, of which the best is the model."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from workloads.schema.hyperparameters import HyperParameterKey
from workloads.schema.ranges import Range
from workloads.schema.sagemaker import DAY, Flag
from workloads.schema.section import Allowed, Section
from workloads.schema.training import MetricName, MetricRegex

JOBS = 750
"""How many training jobs a tuning job makes at most: AWS's quota, which only Random's exceeds."""


class Objective(Section):
    """The metric by which training jobs are compared; HyperParameterTuningJobObjective."""

    metric: MetricName
    goal: Annotated[str, Allowed.one_of(("Minimize", "Maximize"))]
    regex: MetricRegex | None = None
    """None when training.metrics defines the metric."""


class Resource(Section):
    """MinResource and MaxResource of Hyperband, in what the training program counts: epochs."""

    min: Annotated[int, Field(ge=1), Allowed("an integer of at least 1")] = 1
    max: Annotated[int, Field(ge=1, le=20_000), Allowed("an integer from 1 to 20000")]


class Tuning(Section):
    """How the hyperparameters of a model are searched: CreateHyperParameterTuningJob."""

    strategy: Annotated[str, Allowed.one_of(("Bayesian", "Random", "Grid", "Hyperband"))] = (
        "Bayesian"
    )
    objective: Objective
    max_jobs: (
        Annotated[int, Field(ge=1, le=JOBS), Allowed(f"an integer from 1 to {JOBS}")] | None
    ) = None
    """None only with Grid, which has a job for each combination of values."""
    max_parallel_jobs: Annotated[
        int,
        Field(ge=1, le=100),  # of a raised quota; 10 in a new account
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
    """How the last tuning of this model is taken into account."""
    random_seed: (
        Annotated[int, Field(ge=0, le=2**31 - 1), Allowed("an integer from 0 to 2147483647")] | None
    ) = None
    resource: Resource | None = None
    """Of Hyperband, and only of it."""
    ranges: Annotated[
        Mapping[HyperParameterKey, Range],
        # AWS's quota of the hyperparameters that can be searched.
        Field(min_length=1, max_length=30),
        Allowed("1 to 30 hyperparameters"),
    ]
