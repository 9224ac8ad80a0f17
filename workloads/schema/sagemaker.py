"""Types of SageMaker's own words, and the enumerations that botocore knows of them."""

from collections.abc import Callable
from functools import cache, partial
from typing import Annotated

import botocore.session
from botocore.model import ServiceModel
from pydantic import Field

from workloads.schema.section import Allowed

SAGEMAKER_NAME = r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"
"""SageMaker's pattern of VariantName, EndpointName and TrainingJobName."""


@cache
def _service_model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("sagemaker")


@cache
def enumeration(shape: str) -> tuple[str, ...]:
    """List the values of one of SageMaker's enumerations, as botocore knows them."""
    return tuple(_service_model().shape_for(shape).metadata["enum"])


def _known(shape: str) -> Callable[[], tuple[str, ...]]:
    return partial(enumeration, shape)


Name = Annotated[
    str,
    Field(pattern=SAGEMAKER_NAME),
    Allowed("1 to 63 letters, digits and inner hyphens"),
]
ContentType = Annotated[
    str,
    Field(pattern=r"^[a-z0-9.+-]+/[a-z0-9.+-]+$", max_length=256),
    Allowed('a media type such as "text/csv"'),
]
TrainingInstanceType = Annotated[
    str,
    Allowed(
        'an instance type of SageMaker training, such as "ml.m5.large"',
        choices=_known("TrainingInstanceType"),
    ),
]
HostingInstanceType = Annotated[
    str,
    Allowed(
        'an instance type of SageMaker hosting, such as "ml.t2.medium"',
        choices=_known("ProductionVariantInstanceType"),
    ),
]
Count = Annotated[int, Field(ge=1), Allowed("an integer of at least 1")]
