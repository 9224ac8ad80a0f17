"""The [models.<name>.training] of a workload: the training job of a model."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_core import InitErrorDetails

from workloads.schema.sagemaker import (
    DAY,
    Count,
    EnvironmentKey,
    Flag,
    InputMode,
    TrainingInstanceType,
    VolumeSize,
)
from workloads.schema.section import (
    Allowed,
    Section,
    Several,
    not_allowed,
    problem,
    raise_any,
    repeated,
    shown,
)

REGEX = 'a regular expression of 1 to 500 characters, such as "rmse=([0-9.]+)"'


def _has_one_group(regex: str) -> str:
    """Check that a metric's value can be found: SageMaker takes it from the group."""
    try:
        groups = re.compile(regex).groups
    except (re.error, OverflowError, RecursionError) as error:
        raise_any([problem(f"found {shown(regex)}, where {error}; allowed: {REGEX}")])
    else:
        if groups != 1:
            there = "one, around the number; write others as (?:...)"
            raise_any([problem(f"found {groups} groups in {shown(regex)}; allowed: {there}")])
    return regex


# MetricName and MetricRegex of CreateTrainingJob.
MetricName = Annotated[
    str,
    Field(pattern=r"^[^\x00-\x1f]{1,255}$"),
    Allowed('the name of a metric, such as "validation:rmse", at most 255 characters'),
]
MetricRegex = Annotated[
    str,
    Field(pattern=r"^[^\x00-\x1f]{1,500}$"),
    AfterValidator(_has_one_group),
    Allowed(REGEX),
]


class Metric(Section):
    """A number that SageMaker finds in the logs of a training job: one of MetricDefinitions."""

    name: MetricName
    regex: MetricRegex


class Training(Section):
    """How a model is trained: what CreateTrainingJob takes beside data and hyperparameters."""

    instance_type: TrainingInstanceType = "ml.m5.large"
    instance_count: Count = 1
    volume_size_gb: VolumeSize = 10
    max_runtime: Annotated[
        int,
        Field(ge=1, le=DAY),
        Allowed(
            f"an integer from 1 to {DAY} (seconds): a deploy waits a day at most: train longer "
            "with `make train`, then name what it made by artifact ="
        ),
    ] = 3600
    input_mode: InputMode = "File"
    spot: Flag = False
    max_wait: (
        Annotated[
            int, Field(ge=1, le=DAY), Allowed(f"an integer from max_runtime to {DAY} (seconds)")
        ]
        | None
    ) = None
    """Seconds for waiting for spot capacity and training together; None only without `spot`."""
    checkpoints: (
        Annotated[
            # LocalPath of CheckpointConfig.
            str,
            Field(pattern=r"^/[^\x00-\x1f]+$", max_length=4096),
            Allowed('the absolute path of a folder, such as "/opt/ml/checkpoints"'),
        ]
        | None
    ) = None
    max_attempts: (
        # MaximumRetryAttempts of RetryStrategy.
        Annotated[int, Field(ge=1, le=30), Allowed("an integer from 1 to 30")] | None
    ) = None
    environment: Annotated[
        Mapping[
            EnvironmentKey,
            Annotated[str, Field(max_length=512), Allowed("a string of at most 512 characters")],
        ],
        Field(max_length=100),
        Allowed("a table of at most 100 keys"),
    ] = {}
    network_isolation: Flag = False
    inter_container_encryption: Flag = False
    experiment: (
        Annotated[
            str,
            Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}$"),  # ExperimentEntityName
            Allowed("the name of an experiment: 1 to 120 letters, digits and inner hyphens"),
        ]
        | None
    ) = None
    """An experiment that exists."""
    metrics: Annotated[
        Several[Metric],
        Field(max_length=40),  # MetricDefinitionList
        Allowed('a list of at most 40 { name = "...", regex = "..." }'),
    ] = ()
    revision: (
        Annotated[
            str, Field(min_length=1, max_length=256), Allowed("a string of 1 to 256 characters")
        ]
        | None
    ) = None
    """Trains again when it changes, though the data and the settings are the same."""

    @field_validator("metrics")
    @classmethod
    def _names_are_unique(cls, metrics: tuple[Metric, ...]) -> tuple[Metric, ...]:
        raise_any(repeated([metric.name for metric in metrics], "name"))
        return metrics

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        raise_any(self._contradictions())
        if self.spot and self.max_wait is None:
            return self.model_copy(update={"max_wait": self.max_runtime})
        return self

    def _contradictions(self) -> Iterator[InitErrorDetails]:
        if self.max_wait is not None and not self.spot:
            yield not_allowed(self.max_wait, "only with spot = true", "max_wait")
        elif self.max_wait is not None and self.max_wait < self.max_runtime:
            there = f"at least max_runtime, {self.max_runtime}, which it includes"
            yield not_allowed(self.max_wait, there, "max_wait")
