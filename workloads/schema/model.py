"""The [models] of a workload: each is trained, tuned or given, and becomes a SageMaker Model."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from workloads.schema.data import ChannelKey
from workloads.schema.hyperparameters import HyperParameterKey, HyperParameterValue
from workloads.schema.sagemaker import ArtifactUri
from workloads.schema.section import (
    Allowed,
    Project,
    Section,
    Several,
    hint,
    problem,
    raise_any,
    repeated,
    shown,
)
from workloads.schema.training import Training
from workloads.schema.tuning import Tuning, misfits

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


class Model(Section):
    """A model: its image, and where its artifact comes from."""

    image: Image
    hyperparameters: Annotated[
        Mapping[HyperParameterKey, HyperParameterValue],
        Field(max_length=100),
        Allowed("a table of at most 100 keys"),
    ] = {}
    """Strings once loaded, as on the wire."""
    channels: Annotated[
        Several[ChannelKey],
        Field(min_length=1),
        Allowed("a list of at least one key of [data]"),
    ] = ()
    """What it is trained on. Left out, the workload fills in all that is not held out; only that
    of an `artifact` stays empty."""
    training: Training = Training()
    tuning: Tuning | None = None
    """A tuning job, whose training jobs are as `training` says, instead of one training job."""
    artifact: ArtifactUri | None = None
    """A model that was trained elsewhere, instead of training."""

    @field_validator("channels")
    @classmethod
    def _channels_are_unique(cls, channels: tuple[str, ...]) -> tuple[str, ...]:
        raise_any(repeated(channels))
        return channels

    @model_validator(mode="after")
    def _is_made_in_one_way(self) -> Self:
        if self.artifact is not None:
            raise_any(
                problem("found with artifact; allowed: only for a model that is trained here", key)
                for key in ("hyperparameters", "channels", "training", "tuning")
                if key in self.model_fields_set
            )
        elif self.tuning is not None:
            raise_any(misfits(self.tuning, self.training, self.hyperparameters))
        return self
