"""The [models] of a workload: each is one training job and one SageMaker Model."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from workloads.schema.sagemaker import Count, TrainingInstanceType
from workloads.schema.section import Allowed, Project, Section, hint, problem, raise_any, shown

# What SageMaker pulls: a private repository of ECR with a tag or a digest, 255 characters at most.
# Without either it would be whatever "latest" is at the moment, so that is not allowed.
_ECR_IMAGE = (
    r"^[0-9]{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.(com|com\.cn|eu)"
    r"/[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_.-]{1,128}|@sha256:[0-9a-f]{64})$"
)
_CONTAINER = "a folder of container/ that has a Dockerfile"


class Image(Section):
    """The image that trains and serves: a container folder of the project, or one in ECR."""

    container: Annotated[str, Allowed(_CONTAINER)] | None = None
    uri: (
        Annotated[
            str,
            Field(pattern=_ECR_IMAGE, max_length=255),
            Allowed('"<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>" or @sha256'),
        ]
        | None
    ) = None

    @field_validator("container")
    @classmethod
    def _is_built_from_a_dockerfile(cls, name: str, info: ValidationInfo) -> str:
        folders = Project.of(info).root / "container"
        names = sorted(file.parent.name for file in folders.glob("*/Dockerfile"))
        if name not in names:
            there = f"{_CONTAINER} ({', '.join(names) or 'there is none'}){hint(name, names)}"
            raise_any([problem(f"found {shown(name)}; allowed: {there}")])
        return name

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.container is None) == (self.uri is None):
            found = "neither" if self.container is None else "both"
            raise_any([problem(f"found {found}; allowed: exactly one of container, uri")])
        return self


class Training(Section):
    """How a model is trained: ResourceConfig and StoppingCondition of CreateTrainingJob."""

    instance_type: TrainingInstanceType = "ml.m5.large"
    instance_count: Count = 1
    volume_size_gb: Annotated[
        int,
        Field(ge=1, le=16384),  # the largest gp2 volume
        Allowed("an integer from 1 to 16384 (GB)"),
    ] = 10
    max_runtime: Annotated[
        int,
        Field(ge=1, le=2700),
        Allowed(
            "an integer from 1 to 2700 (seconds): CloudFormation waits an hour for a custom "
            "resource, and the instance, the image and the model's upload need some of it"
        ),
    ] = 2700
    revision: (
        Annotated[
            str, Field(min_length=1, max_length=256), Allowed("a string of 1 to 256 characters")
        ]
        | None
    ) = None
    """Trains again when it changes, though the data and the settings are the same."""


def as_hyperparameter(value: Any) -> Any:
    """Convert a scalar to the string that SageMaker takes; leave what is none, to be refused."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return repr(value)
        case _:
            return value


# The limits are those of HyperParameters in CreateTrainingJob.
HyperParameterKey = Annotated[
    str, Field(min_length=1, max_length=256), Allowed("a key of 1 to 256 characters")
]
HyperParameterValue = Annotated[
    str,
    Field(max_length=2500),
    BeforeValidator(as_hyperparameter),
    Allowed("a string of at most 2500 characters, a finite number, true or false"),
]


class Model(Section):
    """A model: its image, its hyperparameters (strings, as on the wire) and its training."""

    image: Image
    hyperparameters: Annotated[
        Mapping[HyperParameterKey, HyperParameterValue],
        Field(max_length=100),
        Allowed("a table of at most 100 keys"),
    ] = {}
    training: Training = Training()
