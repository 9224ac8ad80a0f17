"""The [evaluation] of a workload: how good its models are on data that they were not trained on."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import InitErrorDetails

from workloads.schema.data import ChannelKey
from workloads.schema.sagemaker import (
    EnvironmentKey,
    Flag,
    ProcessingInstanceType,
    Runtime,
    VolumeSize,
)
from workloads.schema.section import Allowed, Section, not_allowed, problem, raise_any, shown
from workloads.schema.training import MetricName

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

    @model_validator(mode="after")
    def _says_what_is_worse(self) -> Self:
        raise_any(self._contradictions())
        return self

    def _contradictions(self) -> Iterator[InitErrorDetails]:
        if self.min is None and self.max is None:
            yield problem("found no bound; allowed: min, max or both")
        elif self.min is not None and self.max is not None:
            if self.min > self.max:
                yield not_allowed(self.min, f"at most max, {shown(self.max)}", "min")
            if self.not_worse_than_serving:
                there = "true with either min or max, which says what is worse: less or more"
                yield not_allowed(True, there, "not_worse_than_serving")
        if "tolerance" in self.model_fields_set and not self.not_worse_than_serving:
            there = "only with not_worse_than_serving = true"
            yield not_allowed(self.tolerance, there, "tolerance")


class Evaluation(Section):
    """A processing job for each model, which runs its image's `evaluate`."""

    channel: ChannelKey
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
    gate: Annotated[
        Mapping[MetricName, Bound],
        Field(min_length=1),
        Allowed("a table of at least one <metric> = { max = ... }"),
    ] = {}
    """Bounds of the metrics that the program writes to evaluation.json; it alone knows them."""

    @property
    def compares(self) -> bool:
        """Whether a bound asks for the model now serving."""
        return any(bound.not_worse_than_serving for bound in self.gate.values())
