"""The [models.<name>.training] of a workload: the training job of a model."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

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
)

# MetricName and MetricRegex of CreateTrainingJob.
MetricName = Annotated[
    str,
    Field(pattern=r"^[^\x00-\x1f]{1,255}$"),
    Allowed('the name of a metric, such as "validation:rmse", at most 255 characters'),
]
MetricRegex = Annotated[
    str,
    Field(pattern=r"^[^\x00-\x1f]{1,500}$"),
    Allowed('a regular expression of 1 to 500 characters, such as "rmse=([0-9.]+)"'),
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
    """Seconds for waiting for spot capacity and training together; once loaded, None without
    `spot`, and never with it."""
    checkpoints: (
        Annotated[
            str, Field(pattern=r"^/\S+$", max_length=4096), Allowed("an absolute path of a folder")
        ]
        | None
    ) = None
    """LocalPath of CheckpointConfig."""
    max_attempts: Annotated[int, Field(ge=1, le=30), Allowed("an integer from 1 to 30")] | None = (
        None
    )
    """MaximumRetryAttempts of RetryStrategy."""
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
    encrypt_volume: Flag = False
    """Whether the app's key encrypts the instance's disk; SageMaker's own key does otherwise."""
    experiment: (
        Annotated[
            str,
            Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,119}$"),
            Allowed("the name of an experiment: 1 to 120 letters, digits and inner hyphens"),
        ]
        | None
    ) = None
    metrics: Annotated[
        Several[Metric],
        Field(max_length=40),
        Allowed('a list of at most 40 { name = "...", regex = "..." }'),
    ] = ()
    revision: (
        Annotated[
            str, Field(min_length=1, max_length=256), Allowed("a string of 1 to 256 characters")
        ]
        | None
    ) = None
    """Trains again when it changes, though the data and the settings are the same."""

    @model_validator(mode="after")
    def _waits_for_spot_capacity(self) -> Self:
        if self.spot and self.max_wait is None:
            return self.model_copy(update={"max_wait": self.max_runtime})
        return self
