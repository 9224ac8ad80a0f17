"""The [[variants]] of a workload: the ProductionVariants of its endpoint."""

from typing import Annotated

from pydantic import Field

from workloads.schema.sagemaker import Count, HostingInstanceType, Name
from workloads.schema.section import Allowed, Section


class Variant(Section):
    """A model on its instances, and its share of the requests: weight / sum of weights."""

    name: Name
    model: Name = ""
    """A key of [models]. May be left out when there is only one; the workload fills it in."""
    weight: Annotated[
        float, Field(ge=0, allow_inf_nan=False), Allowed("a finite number of at least 0")
    ] = 1.0
    instance_type: HostingInstanceType = "ml.t2.medium"
    instance_count: Count = 1
    startup_timeout: (
        Annotated[int, Field(ge=60, le=3600), Allowed("an integer from 60 to 3600 (seconds)")]
        | None
    ) = None
    """ContainerStartupHealthCheckTimeoutInSeconds."""
