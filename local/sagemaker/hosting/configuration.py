"""Models and endpoint configurations: plain records."""

from itertools import chain
from typing import Any

from local.runners import ImageError, registry
from local.sagemaker import network, records, s3_data, tags, volume_keys
from local.sagemaker.errors import already_exists, could_not_find, invalid, not_supported
from local.sagemaker.hosting import async_inference, data_capture
from local.sagemaker.hosting.variant_rules import assert_variants
from local.sagemaker.records import LOCK, Record, arn
from local.sagemaker.roles import RoleSession
from local.sagemaker.validation import now

_CONTAINER_MEMBERS = {"Image", "ModelDataUrl", "Environment", "ContainerHostname", "Mode"}


def create_model(request: Record) -> Record:
    """CreateModel. The role, the image and the archive must be there, as on AWS."""
    name = request["ModelName"]
    model_arn = arn("model", name)
    container = _container(request)
    role_arn = request.get("ExecutionRoleArn")
    if role_arn is None:
        raise invalid("ExecutionRoleArn is required: a model's image and data are read with it")
    role = RoleSession(role_arn, name)
    _assert_image(container["Image"], role)
    if vpc := request.get("VpcConfig"):
        network.assert_there(vpc["Subnets"], vpc["SecurityGroupIds"])
    if url := container.get("ModelDataUrl"):
        s3_data.assert_model_readable(url, role.client("s3"), role_arn)
    with LOCK:
        if name in records.models:
            raise already_exists("model", model_arn)
        records.models[name] = {
            "EnableNetworkIsolation": False,
            **_without_tags(request),
            "ModelArn": model_arn,
            "CreationTime": now(),
        }
        tags.put(model_arn, request.get("Tags", []))
    return {"ModelArn": model_arn}


def describe_model(request: Record) -> Record:
    """DescribeModel."""
    return dict(find_model(request["ModelName"]))


def list_models(request: Record) -> Record:
    """ListModels."""
    found, rest = records.page(records.models.values(), request, "ModelName")
    columns = ("ModelName", "ModelArn", "CreationTime")
    return {"Models": [{c: model[c] for c in columns} for model in found], **rest}


def delete_model(request: Record) -> Record:
    """DeleteModel; endpoints that run it go on."""
    model = find_model(request["ModelName"])
    records.models.pop(model["ModelName"], None)
    tags.forget(model["ModelArn"])
    return {}


def create_endpoint_config(request: Record) -> Record:
    """CreateEndpointConfig."""
    name = request["EndpointConfigName"]
    config_arn = arn("endpoint-config", name)
    if request.get("ExplainerConfig"):
        raise not_supported("CreateEndpointConfig's ExplainerConfig")
    assert_variants(request, find_model)
    variants = chain(request["ProductionVariants"], request.get("ShadowProductionVariants", []))
    types = [variant["InstanceType"] for variant in variants if "InstanceType" in variant]
    volume_keys.assert_taken(request.get("KmsKeyId"), types)
    data_capture.validate(request)
    async_inference.validate(request)
    weighted: Record = {
        member: [{"InitialVariantWeight": 1.0, **variant} for variant in request[member]]
        for member in ("ProductionVariants", "ShadowProductionVariants")
        if member in request
    }
    with LOCK:
        if name in records.endpoint_configs:
            raise already_exists("endpoint configuration", config_arn)
        records.endpoint_configs[name] = {
            "EnableNetworkIsolation": False,
            **_without_tags(request),
            **weighted,
            "EndpointConfigArn": config_arn,
            "CreationTime": now(),
        }
        tags.put(config_arn, request.get("Tags", []))
    return {"EndpointConfigArn": config_arn}


def describe_endpoint_config(request: Record) -> Record:
    """DescribeEndpointConfig."""
    return dict(find_endpoint_config(request["EndpointConfigName"]))


def list_endpoint_configs(request: Record) -> Record:
    """ListEndpointConfigs."""
    found, rest = records.page(records.endpoint_configs.values(), request, "EndpointConfigName")
    columns = ("EndpointConfigName", "EndpointConfigArn", "CreationTime")
    return {"EndpointConfigs": [{c: config[c] for c in columns} for config in found], **rest}


def delete_endpoint_config(request: Record) -> Record:
    """DeleteEndpointConfig; endpoints that use it go on."""
    config = find_endpoint_config(request["EndpointConfigName"])
    records.endpoint_configs.pop(config["EndpointConfigName"], None)
    tags.forget(config["EndpointConfigArn"])
    return {}


def find_model(name: str) -> Record:
    """Return a model's record. Raises SageMakerError."""
    model: Record | None = records.models.get(name)
    if model is None:
        raise could_not_find("model", arn("model", name))
    return model


def find_endpoint_config(name: str) -> Record:
    """Return an endpoint configuration's record. Raises SageMakerError."""
    config: Record | None = records.endpoint_configs.get(name)
    if config is None:
        raise could_not_find("endpoint configuration", arn("endpoint-config", name))
    return config


def container_of(model: Record) -> Record:
    """Return the one container of a model."""
    container: Record = model.get("PrimaryContainer") or model["Containers"][0]
    return container


def _container(request: Record) -> Record:
    if ("PrimaryContainer" in request) == bool(request.get("Containers")):
        raise invalid("A model has either PrimaryContainer or Containers")
    if len(request.get("Containers", [])) > 1:
        raise not_supported("inference pipelines: models of several containers")
    container = container_of(request)
    _assert_members("a model's container", container, _CONTAINER_MEMBERS)
    if "Image" not in container:
        raise invalid("A model's container needs an Image")
    if container.get("Mode", "SingleModel") != "SingleModel":
        raise not_supported("multi-model containers")
    return container


def _assert_members(what: str, given: dict[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(given) - known):
        raise not_supported(f"{', '.join(unknown)} of {what}")


def _assert_image(image: str, role: RoleSession) -> None:
    try:
        found = registry.find(image, role.client("ecr"), role.endpoint)
    except ImageError as error:
        raise invalid(str(error)) from error
    if found is None:
        raise invalid(f"Requested image {image} not found.")


def _without_tags(request: Record) -> Record:
    return {member: value for member, value in request.items() if member != "Tags"}
