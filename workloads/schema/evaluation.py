"""The [evaluation] of a workload: how good its models are on data that they were not trained on."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from workloads.schema.sagemaker import (
    EnvironmentKey,
    Flag,
    ProcessingInstanceType,
    Runtime,
    VolumeSize,
)
from workloads.schema.section import Allowed, Section

Figure = Annotated[float, Field(allow_inf_nan=False), Allowed("a finite number")]


class Bound(Section):
    """What a metric of the evaluation must be for the model to be deployed."""

    min: Figure | None = None
    max: Figure | None = None
    not_worse_than_serving: Flag = False
    """Whether the model now serving, evaluated on the same data, is a bound as well."""
    tolerance: Annotated[
        float, Field(ge=0, allow_inf_nan=False), Allowed("a finite number of at least 0")
    ] = 0.0
    """How much worse than the model now serving it may be, in the metric's own unit."""


class Evaluation(Section):
    """A processing job for each model, which runs its image's `evaluate`."""

    channel: str
    """A key of [data]."""
    instance_type: ProcessingInstanceType = "ml.m5.large"
    volume_size_gb: VolumeSize = 10
    max_runtime: Runtime = 3600
    environment: Annotated[
        Mapping[
            EnvironmentKey,
            Annotated[str, Field(max_length=256), Allowed("a string of at most 256 characters")],
        ],
        Field(max_length=100),
        Allowed("a table of at most 100 keys"),
    ] = {}
    network_isolation: Flag = False
    inter_container_encryption: Flag = False
    gate: Mapping[str, Bound] = {}
    """Bounds of the metrics, which are whatever the program writes to evaluation.json."""
