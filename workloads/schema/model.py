"""The [models] of a workload: each is trained, tuned or given, and becomes a SageMaker Model."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from workloads.schema.data import ChannelKey
from workloads.schema.hyperparameters import HyperParameterKey, HyperParameterValue
from workloads.schema.image import Image
from workloads.schema.sagemaker import ArtifactUri, Flag
from workloads.schema.section import (
    Allowed,
    Section,
    Several,
    problem,
    raise_any,
    repeated,
)
from workloads.schema.training import Training
from workloads.schema.tuning import Tuning, misfits, objective_misfits


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
    network_isolation: Flag = False
    """EnableNetworkIsolation of the model that serves; training has a key of its own."""

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
            found = list(misfits(self.tuning, self.training, self.hyperparameters))
            if self.image.builtin is None:
                found += objective_misfits(self.tuning, self.training)
            raise_any(found)
        return self
