"""Which variants SageMaker takes in CreateEndpointConfig, which of them together, and after which.

Shadow variants: https://docs.aws.amazon.com/sagemaker/latest/dg/shadow-tests-exclusions.html
Serverless: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html. AWS does not
document the words that it refuses with.
"""

from collections.abc import Callable
from itertools import chain

from local.sagemaker.errors import invalid, not_supported
from local.sagemaker.records import Record

_MEMBERS = {
    "VariantName",
    "ModelName",
    "InitialInstanceCount",
    "InstanceType",
    "InitialVariantWeight",
    "VolumeSizeInGB",
    "ModelDataDownloadTimeoutInSeconds",
    "ContainerStartupHealthCheckTimeoutInSeconds",
    "ServerlessConfig",
}
_OF_INSTANCES = ("InstanceType", "InitialInstanceCount")
_MEGABYTES = 1024
"""MemorySizeInMB is a multiple of it."""


def assert_variants(request: Record, find_model: Callable[[str], Record]) -> None:
    """Raise SageMakerError unless the variants of CreateEndpointConfig can be deployed."""
    production, shadows = request["ProductionVariants"], request.get("ShadowProductionVariants", [])
    variants = list(chain(production, shadows))
    names = [variant["VariantName"] for variant in variants]
    if len(set(names)) < len(names):
        raise invalid("Production variant names must be unique within an endpoint configuration")
    for variant in variants:
        model = find_model(variant.get("ModelName", ""))
        _assert_members(variant)
        if "ServerlessConfig" in variant:
            _assert_serverless(variant, model)
    if shadows:
        _assert_shadowed(request)
    if any("ServerlessConfig" in variant for variant in production):
        _assert_alone(request)


def assert_instances_stay(old: Record, new: Record) -> None:
    """Raise SageMakerError where an update would make a serverless endpoint of one with instances.

    Serverless to instances goes:
    https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-update.html
    """
    before, after = (
        any("ServerlessConfig" in variant for variant in config["ProductionVariants"])
        for config in (old, new)
    )
    if after and not before:
        raise invalid("Updating an endpoint with instances to a serverless one is not supported")


def _assert_members(variant: Record) -> None:
    if unknown := sorted(set(variant) - _MEMBERS):
        raise not_supported(f"{', '.join(unknown)} of a production variant")
    for member in _OF_INSTANCES:
        name = variant["VariantName"]
        if member in variant and "ServerlessConfig" in variant:
            raise invalid(f"Production variant {name} has ServerlessConfig, and no {member}")
        if member not in variant and "ServerlessConfig" not in variant:
            raise invalid(f"Production variant {name} needs {member}")


def _assert_serverless(variant: Record, model: Record) -> None:
    name, config = variant["VariantName"], variant["ServerlessConfig"]
    if config["MemorySizeInMB"] % _MEGABYTES:
        raise invalid(
            f"MemorySizeInMB of production variant {name} must be a multiple of {_MEGABYTES}, "
            f"found {config['MemorySizeInMB']}"
        )
    if config.get("ProvisionedConcurrency", 0) > config["MaxConcurrency"]:
        raise invalid(
            f"ProvisionedConcurrency of production variant {name} must be at most its "
            f"MaxConcurrency, {config['MaxConcurrency']}; found {config['ProvisionedConcurrency']}"
        )
    for member in ("VpcConfig", "EnableNetworkIsolation"):
        if model.get(member):
            raise invalid(
                f"Serverless production variant {name} has model {model['ModelName']} with "
                f"{member}, which serverless endpoints do not support"
            )


def _assert_shadowed(request: Record) -> None:
    production, shadows = request["ProductionVariants"], request["ShadowProductionVariants"]
    if len(production) != 1 or len(shadows) != 1:
        raise invalid(
            "With ShadowProductionVariants there is exactly one production variant and one shadow "
            f"variant, found {len(production)} and {len(shadows)}"
        )
    if any("ServerlessConfig" in variant for variant in (*production, *shadows)):
        raise invalid("ShadowProductionVariants are not supported for serverless endpoints")
    if request.get("AsyncInferenceConfig"):
        raise invalid("ShadowProductionVariants are not supported for asynchronous endpoints")


def _assert_alone(request: Record) -> None:
    if (found := len(request["ProductionVariants"])) > 1:
        raise invalid(f"A serverless endpoint has one production variant, found {found}")
    for member in ("DataCaptureConfig", "AsyncInferenceConfig"):
        if request.get(member):
            raise invalid(f"Serverless endpoints do not support {member}")
