"""The [[variants]] and the [shadow_variant] of a workload: what its endpoint runs."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import InitErrorDetails

from workloads.schema.autoscaling import Autoscaling
from workloads.schema.sagemaker import Count, HostingInstanceType, Name
from workloads.schema.section import Allowed, Section, not_allowed, problem, raise_any

Weight = Annotated[
    float, Field(ge=0, allow_inf_nan=False), Allowed("a finite number of at least 0")
]
StartupTimeout = Annotated[
    int, Field(ge=60, le=3600), Allowed("an integer from 60 to 3600 (seconds)")
]
# MemorySizeInMB of ProductionVariantServerlessConfig, "in 1 GB increments".
_MEMORY_SIZES = (1024, 2048, 3072, 4096, 5120, 6144)
Concurrency = Annotated[int, Field(ge=1, le=200), Allowed("an integer from 1 to 200")]


class Serverless(Section):
    """ServerlessConfig: machines that are there only while requests come."""

    memory_size_mb: Annotated[int, Allowed.one_of(_MEMORY_SIZES)] = 2048
    max_concurrency: Concurrency = 5
    """Requests at the same time; what is beyond is refused with 429."""
    provisioned_concurrency: Concurrency | None = None
    """How many are kept ready, and paid for by the hour."""

    @model_validator(mode="after")
    def _provisions_no_more_than_there_is(self) -> Self:
        if (self.provisioned_concurrency or 0) > self.max_concurrency:
            there = f"at most max_concurrency, {self.max_concurrency}"
            raise_any([not_allowed(self.provisioned_concurrency, there, "provisioned_concurrency")])
        return self


class Variant(Section):
    """A model on its instances, and its share of the requests: weight / sum of weights."""

    name: Name
    model: Name = ""
    """A key of [models]. May be left out when there is only one; the workload fills it in."""
    weight: Weight = 1.0
    instance_type: HostingInstanceType = "ml.t2.medium"
    instance_count: Count = 1
    """With autoscaling, of a new variant only: a deploy keeps the count of one that is there."""
    startup_timeout: StartupTimeout | None = None
    """ContainerStartupHealthCheckTimeoutInSeconds."""
    serverless: Serverless | None = None
    """In place of instances."""
    autoscaling: Autoscaling | None = None

    @property
    def fewest_instances(self) -> int:
        """How many instances it may have at least while it is updated."""
        return self.autoscaling.lowest if self.autoscaling else self.instance_count

    @property
    def most_instances(self) -> int:
        """How many instances it may have at most while it is updated."""
        return self.autoscaling.highest if self.autoscaling else self.instance_count

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        raise_any(self._of_instances() if self.serverless else ())
        if self.autoscaling is not None:
            raise_any(_misfits(self, self.autoscaling))
        return self

    def _of_instances(self) -> Iterator[InitErrorDetails]:
        for key in ("instance_type", "instance_count", "startup_timeout"):
            if key in self.model_fields_set:
                yield problem("found with serverless; allowed: only for instances", key)


class ShadowVariant(Section):
    """A variant that gets copies of requests, and whose answers nobody gets."""

    name: Name
    model: Name = ""
    """A key of [models]. May be left out when there is only one; the workload fills it in."""
    sampling_percentage: Annotated[
        float, Field(gt=0, le=100), Allowed("a number above 0, at most 100 (percent)")
    ] = 100.0
    """How many of the requests are copied."""
    instance_type: HostingInstanceType = "ml.t2.medium"
    instance_count: Count = 1
    startup_timeout: StartupTimeout | None = None


def is_burstable(instance_type: str) -> bool:
    """Whether it is of the ml.t families, which Application Auto Scaling does not scale.

    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
    """
    return instance_type.startswith("ml.t") and instance_type[4:5].isdigit()


def _misfits(variant: Variant, scaling: Autoscaling) -> Iterator[InitErrorDetails]:
    """Yield what the variant's own kind does not allow of its autoscaling."""
    if variant.serverless is not None:
        yield from _serverless_misfits(variant.serverless, scaling)
        return
    if is_burstable(variant.instance_type):
        there = (
            "a type that is not burstable (ml.t...): Application Auto Scaling leaves those alone"
        )
        yield not_allowed(variant.instance_type, there, "instance_type")
    # left out, it is 1, and Application Auto Scaling goes to min_capacity from there
    if "instance_count" in variant.model_fields_set:
        yield from _outside(variant.instance_count, scaling, "instance_count")


def _serverless_misfits(serverless: Serverless, scaling: Autoscaling) -> Iterator[InitErrorDetails]:
    """Yield what is not allowed where it is provisioned concurrency that is scaled."""
    provisioned, key = serverless.provisioned_concurrency, "provisioned_concurrency"
    if provisioned is None:
        there = f"only with serverless.{key}, which is what is scaled"
        yield problem(f"found without serverless.{key}; allowed: {there}", "autoscaling")
    else:
        yield from _outside(provisioned, scaling, "serverless", key)
    there = f"at most serverless.max_concurrency, {serverless.max_concurrency}"
    limits: list[tuple[int, tuple[str | int, ...]]] = [(scaling.max_capacity, ())]
    limits += [(each.max_capacity, ("schedule", at)) for at, each in enumerate(scaling.schedule)]
    for found, where in limits:
        if found > serverless.max_concurrency:
            yield not_allowed(found, there, "autoscaling", *where, "max_capacity")


def _outside(found: int, scaling: Autoscaling, *key: str) -> Iterator[InitErrorDetails]:
    """Yield a capacity to begin with that autoscaling would change at once."""
    low, high = scaling.min_capacity, scaling.max_capacity
    if not low <= found <= high:
        there = f"from autoscaling.min_capacity to autoscaling.max_capacity, {low} to {high}"
        yield not_allowed(found, there, *key)
