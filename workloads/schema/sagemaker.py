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
# A bucket's name, then at least one character of a key; S3Uri is 1024 characters at most.
_S3_URI = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+"
# RFC 9110: a type, and parameters whose values are tokens or quoted.
_MEDIA_TYPE = r'^[a-z0-9.+-]+/[a-z0-9.+-]+( ?; ?[A-Za-z0-9_-]+=([\w.+-]+|"[^"\\\x00-\x1f]*"))*$'


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
    Field(pattern=_MEDIA_TYPE, max_length=256),
    Allowed('a media type such as "text/csv" or "text/csv; header=absent"'),
]
S3Uri = Annotated[
    str,
    Field(pattern=f"{_S3_URI}$", max_length=1024),
    Allowed('"s3://bucket/key" or the prefix of several keys, at most 1024 characters'),
]
ArtifactUri = Annotated[
    str,
    Field(pattern=rf"{_S3_URI}\.tar\.gz$", max_length=1024),
    Allowed('"s3://bucket/key/model.tar.gz", at most 1024 characters'),
]
KeyArn = Annotated[
    str,
    # Not an alias: a role is allowed the use of a key by the key's own ARN.
    Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", max_length=2048),
    Allowed('the ARN of a key, "arn:aws:kms:<region>:<account>:key/..."'),
]
TrainingInstanceType = Annotated[
    str,
    Allowed(
        'an instance type of SageMaker training, such as "ml.m5.large"',
        choices=_known("TrainingInstanceType"),
    ),
]
ProcessingInstanceType = Annotated[
    str,
    Allowed(
        'an instance type of SageMaker processing, such as "ml.m5.large"',
        choices=_known("ProcessingInstanceType"),
    ),
]
TransformInstanceType = Annotated[
    str,
    Allowed(
        'an instance type of SageMaker batch transform, such as "ml.m5.large"',
        choices=_known("TransformInstanceType"),
    ),
]
HostingInstanceType = Annotated[
    str,
    Allowed(
        'an instance type of SageMaker hosting, such as "ml.t2.medium"',
        choices=_known("ProductionVariantInstanceType"),
    ),
]
NotebookInstanceType = Annotated[
    str,
    Allowed(
        'an instance type of SageMaker notebooks, such as "ml.t3.medium"',
        choices=_known("InstanceType"),
    ),
]
InputMode = Annotated[str, Allowed.one_of(("File", "FastFile", "Pipe"))]
Count = Annotated[int, Field(ge=1), Allowed("an integer of at least 1")]
VolumeSize = Annotated[
    int,
    Field(ge=1, le=16384),  # the largest gp2 volume
    Allowed("an integer from 1 to 16384 (GB)"),
]
Flag = Annotated[bool, Allowed("true, false")]

# The keys' pattern is that of every operation's Environment; 256 characters are processing's limit,
# the lowest of them.
EnvironmentKey = Annotated[
    str,
    Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=256),
    Allowed("a key of 1 to 256 letters, digits and underscores, not beginning with a digit"),
]

DAY = 86_400
"""The longest that a deploy waits for one job, in seconds: the default of MaxRuntimeInSeconds in
CreateTrainingJob."""
# What a deploy waits for beside training, which has a way to take longer.
Runtime = Annotated[
    int,
    Field(ge=1, le=DAY),
    Allowed(f"an integer from 1 to {DAY} (seconds): a deploy waits a day at most"),
]
