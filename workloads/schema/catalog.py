"""The entry by which the API knows a workload: the value of an SSM parameter, JSON."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # which checks that its entry fits into the parameter
    from workloads.schema.workload import Workload

PARAMETER_BYTES = 8192
"""What an SSM parameter of the advanced tier holds."""


class Served(NamedTuple):
    """What of a model the endpoint serves, as CloudFormation knows it when it is deployed."""

    version: str
    """The name of the SageMaker Model, which is another one with each image and artifact."""
    artifact: str
    """The S3 URI of its model.tar.gz."""


def entry(
    workload: "Workload", endpoint_name: str, async_folder: str, models: Mapping[str, Served]
) -> str:
    """Write the entry.

    `async_folder` is the S3 URI below which an asynchronous workload's requests and answers are;
    `models` says of each model what of it serves.
    """
    api = workload.api
    served = {variant.model: models[variant.model] for variant in workload.variants}
    found: dict[str, Any] = {
        "name": workload.name,
        "description": workload.description,
        "endpoint": endpoint_name,
        "kind": _kind(workload),
        "variants": [
            {"name": variant.name, "model": variant.model, "weight": variant.weight}
            for variant in workload.variants
        ],
        "models": {name: model._asdict() for name, model in served.items()},
        "content_type": api.content_type,
        "header": api.header,
        "features": [feature.model_dump(exclude_defaults=True) for feature in api.features],
    }
    if workload.async_inference is not None:
        found["async_folder"] = async_folder
    return json.dumps(found, separators=(",", ":"))


def longest_entry(workload: "Workload") -> str:
    """Write it with the longest names that AWS gives: most have 63 characters at most."""
    name = "x" * 63
    folder = f"s3://{name}/{workload.name}"
    models = {
        key: Served(name, model.artifact or f"{folder}/models/{key}/{name}/output/model.tar.gz")
        for key, model in workload.models.items()
    }
    return entry(workload, name, f"{folder}/async", models)


def _kind(workload: "Workload") -> str:
    if workload.async_inference is not None:
        return "asynchronous"
    return "serverless" if workload.variants[0].serverless else "instances"
