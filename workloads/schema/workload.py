"""A workload: one settings file, one stack."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Self, TypeVar

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import InitErrorDetails

from workloads.schema import builtins, serving_rules
from workloads.schema.api import Api
from workloads.schema.catalog import PARAMETER_BYTES, longest_entry
from workloads.schema.channels import misuses, unknown, with_channels
from workloads.schema.data import Channel
from workloads.schema.deployment import Alarms, Deployment
from workloads.schema.evaluation import Evaluation
from workloads.schema.hosting import ShadowVariant, Variant
from workloads.schema.model import Model
from workloads.schema.requests import AsyncInference, DataCapture
from workloads.schema.sagemaker import Name
from workloads.schema.section import (
    Allowed,
    Project,
    Section,
    Several,
    not_allowed,
    problem,
    raise_any,
    repeated,
    shown,
)
from workloads.schema.smoke import Smoke, misfits
from workloads.schema.transform import RECORD_TYPES, Transform

M = TypeVar("M", Variant, ShadowVariant, Transform)

RESERVED_NAMES = ("api", "dev-host", "network", "shared")
"""The stacks beside those of the workloads, which are all named by the app's name and this."""

# An endpoint's name is the app's (20 characters at most), a hyphen and this, 63 in all.
WorkloadName = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=42),
    Allowed("the file's name without .toml: 1 to 42 lowercase letters, digits and inner hyphens"),
]
# SageMaker takes 64 characters, but BucketDeployment 104 for the folder of an upload, which is
# <workload, 42>/data/<channel>/<hash, 16>.
ChannelName = Annotated[
    str,
    Field(pattern=r"^[A-Za-z0-9._-]{1,32}$"),
    Allowed("a channel of 1 to 32 letters, digits, dots, underscores and hyphens"),
]


class Workload(Section):
    """Data, the models trained on it, the endpoint that serves them and its API."""

    name: WorkloadName
    description: Annotated[
        str, Field(pattern=r"^[^\x00-\x1f]{1,256}$"), Allowed("1 to 256 characters on one line")
    ]
    data: Annotated[
        Mapping[ChannelName, Channel],
        Field(max_length=20),  # InputDataConfig of CreateTrainingJob
        Allowed("at most 20 tables [data.<channel>]"),
    ] = {}
    models: Annotated[
        Mapping[Name, Model], Field(min_length=1), Allowed("at least one table [models.<name>]")
    ]
    shadow_variant: ShadowVariant | None = None
    variants: Annotated[
        Several[Variant],
        Field(min_length=1, max_length=10),
        Allowed("1 to 10 tables [[variants]]"),
    ]
    api: Api
    smoke: Smoke
    evaluation: Evaluation | None = None
    transform: Transform | None = None
    deployment: Deployment | None = None
    alarms: Alarms | None = None
    """Once loaded, the usual ones with a deployment that names none."""
    data_capture: DataCapture | None = None
    async_inference: AsyncInference | None = None

    @field_validator("name")
    @classmethod
    def _is_the_name_of_the_file(cls, name: str, info: ValidationInfo) -> str:
        if name != (stem := Project.of(info).file.stem):
            raise_any([not_allowed(name, f"{shown(stem)}, the file's name without .toml")])
        if name in RESERVED_NAMES:
            raise_any([not_allowed(name, "another name: the app has a stack of this one")])
        return name

    @field_validator("models")
    @classmethod
    def _models_are_trained_on_channels(
        cls, models: Mapping[str, Model], info: ValidationInfo
    ) -> Mapping[str, Model]:
        if (data := info.data.get("data")) is not None:
            raise_any(
                unknown(channel, data, name, "channels", at)
                for name, model in models.items()
                for at, channel in enumerate(model.channels)
                if channel not in data
            )
        return models

    @field_validator("models")
    @classmethod
    def _models_have_outputs_of_their_own(cls, models: Mapping[str, Model]) -> Mapping[str, Model]:
        # an output of a stack begins with the model's name, and takes letters and digits only
        names: dict[str, str] = {}
        for name in models:
            other = names.setdefault(name.replace("-", "").lower(), name)
            if other != name:
                there = f"a name that differs from {shown(other)} in letters or digits"
                raise_any([problem(f"found {shown(name)}; allowed: {there}", name)])
        return models

    @field_validator("shadow_variant")
    @classmethod
    def _shadow_variant_serves_a_model(
        cls, shadow: ShadowVariant, info: ValidationInfo
    ) -> ShadowVariant:
        if models := list(info.data.get("models", ())):
            shadow = _of_the_only_model(shadow, models)
            raise_any(_without_model(shadow.model, models, "model"))
        return shadow

    @field_validator("variants")
    @classmethod
    def _variants_serve_the_models(
        cls, variants: tuple[Variant, ...], info: ValidationInfo
    ) -> tuple[Variant, ...]:
        problems = list(repeated([variant.name for variant in variants], "name"))
        if not any(variant.weight for variant in variants):
            problems.append(problem("found only weights of 0; allowed: at least one above 0"))
        if models := list(info.data.get("models", ())):
            variants = tuple(_of_the_only_model(variant, models) for variant in variants)
            problems += _unserved(models, variants, info.data.get("shadow_variant"))
        raise_any(problems)
        return variants

    @field_validator("smoke")
    @classmethod
    def _smoke_fits_the_features(cls, smoke: Smoke, info: ValidationInfo) -> Smoke:
        if api := info.data.get("api"):
            raise_any(problem(misfit, "body") for misfit in misfits(smoke, api))
        return smoke

    @field_validator("evaluation")
    @classmethod
    def _evaluation_reads_a_channel(
        cls, evaluation: Evaluation, info: ValidationInfo
    ) -> Evaluation:
        data = info.data.get("data")
        if data is not None and evaluation.channel not in data:
            raise_any([unknown(evaluation.channel, data, "channel")])
        if evaluation.channel == "model":
            there = "another name: the job has an input of this one, the model"
            raise_any([not_allowed(evaluation.channel, there, "channel")])
        return evaluation

    @field_validator("transform")
    @classmethod
    def _transform_fits_its_model_and_channel(
        cls, transform: Transform, info: ValidationInfo
    ) -> Transform:
        data, models, api = (info.data.get(key) for key in ("data", "models", "api"))
        if data is None or models is None or api is None:
            return transform  # their problems come first
        channel = data.get(transform.channel)
        given = transform.content_type or (channel.content_type if channel else None)
        content_type = given or api.content_type
        # SageMaker joins and filters only answers that are of the records' own type
        record_type = content_type.partition(";")[0] if transform.data_processing else None
        transform = _of_the_only_model(transform, list(models)).model_copy(
            update={"content_type": content_type, "accept": transform.accept or record_type}
        )
        problems = list(_without_model(transform.model, list(models), "model"))
        if transform.channel is not None and channel is None:
            problems.append(unknown(transform.channel, data, "channel"))
        if transform.data_processing and not transform.content_type.startswith(RECORD_TYPES):
            there = f"{', '.join(RECORD_TYPES)} with join_input, input_filter or output_filter"
            problems.append(not_allowed(transform.content_type, there, "content_type"))
        if record_type == "text/csv":  # "Associate Prediction Results with Input Records"
            for key in ("split_type", "assemble_with"):
                if (value := getattr(transform, key)) != "Line":
                    there = '"Line" with a join or a filter of CSV'
                    problems.append(not_allowed(value, there, key))
        if record_type and transform.accept != record_type:
            there = f"{shown(record_type)}, the records' own type, with a join or a filter"
            problems.append(not_allowed(transform.accept, there, "accept"))
        raise_any(problems)
        return transform

    @model_validator(mode="after")
    def _catalog_fits_its_parameter(self) -> Self:
        longest = longest_entry(self)
        if len(longest) > PARAMETER_BYTES:
            found = f"found features that take {len(longest)} bytes in the API's catalog"
            raise_any([problem(f"{found}; allowed: {PARAMETER_BYTES}", "api", "features")])
        return self

    @model_validator(mode="after")
    def _channels_are_readable(self) -> Self:
        models = with_channels(self.models, self.data, self.evaluation, self.transform)
        raise_any(misuses(models, self.data, self.evaluation, self.transform))
        raise_any(builtins.misfits(models, self.data, self.api, self.smoke, self.evaluation))
        return self.model_copy(update={"models": models})

    @model_validator(mode="after")
    def _serves_in_one_way(self) -> Self:
        workload = self
        if self.deployment is not None and self.alarms is None:
            workload = self.model_copy(update={"alarms": Alarms()})
        raise_any(serving_rules.misfits(workload))
        return workload

    @property
    def all_variants(self) -> tuple[Variant | ShadowVariant, ...]:
        """What the endpoint runs: the variants that answer, and the shadow variant."""
        return (*self.variants, *([self.shadow_variant] if self.shadow_variant else []))

    def endpoint_name(self, app_name: str) -> str:
        """Name the workload's endpoint."""
        return f"{app_name}-{self.name}"


def _of_the_only_model(user: M, models: list[str]) -> M:
    """Fill in the model that may be left out, as there is no other."""
    if user.model or len(models) != 1:
        return user
    return user.model_copy(update={"model": models[0]})


def _without_model(name: str, models: list[str], *key: str | int) -> Iterator[InitErrorDetails]:
    """Yield a problem when no model has the name, or none of several is named."""
    choices = f"a key of [models]: {', '.join(models)}"
    if not name:
        yield problem(f"missing; allowed: {choices}", *key)
    elif name not in models:
        yield not_allowed(name, choices, *key, choices=models)


def _unserved(
    models: list[str], variants: tuple[Variant, ...], shadow: ShadowVariant | None
) -> Iterator[InitErrorDetails]:
    """Yield the variants without a model that exists, and the models without a variant."""
    for at, variant in enumerate(variants):
        yield from _without_model(variant.model, models, at, "model")
    used = {variant.model for variant in variants} | ({shadow.model} if shadow else set())
    for name in models:
        if name not in used:
            yield problem(f"found no variant of models.{name}; allowed: at least one of each model")
