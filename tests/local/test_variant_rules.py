"""Which variants CreateEndpointConfig takes, and UpdateEndpoint after which others."""

from typing import Any

import pytest

from local.sagemaker.errors import SageMakerError
from local.sagemaker.hosting.variant_rules import assert_instances_stay, assert_variants

MODELS: dict[str, dict[str, Any]] = {
    "plain": {"ModelName": "plain", "EnableNetworkIsolation": False},
    "isolated": {"ModelName": "isolated", "EnableNetworkIsolation": True},
    "inside": {"ModelName": "inside", "VpcConfig": {"Subnets": ["subnet-1"]}},
}


def variant(name: str = "a", model: str = "plain", **more: Any) -> dict[str, Any]:
    instances = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    return {"VariantName": name, "ModelName": model, **instances, **more}


def serverless(name: str = "a", model: str = "plain", **change: Any) -> dict[str, Any]:
    config = {"MemorySizeInMB": 2048, "MaxConcurrency": 5, **change}
    return {"VariantName": name, "ModelName": model, "ServerlessConfig": config}


def check(
    *production: dict[str, Any], shadows: tuple[dict[str, Any], ...] = (), **more: Any
) -> None:
    request = {"ProductionVariants": list(production), **more}
    if shadows:
        request["ShadowProductionVariants"] = list(shadows)
    assert_variants(request, MODELS.__getitem__)


def test_what_fits_is_taken() -> None:
    check(variant("a"), variant("b"))
    check(variant("a"), shadows=(variant("b", "isolated"),), DataCaptureConfig={"x": 1})
    check(serverless(ProvisionedConcurrency=5))


@pytest.mark.parametrize(
    ("production", "rest", "message"),
    [
        ([variant(), variant()], {}, "names must be unique"),
        ([variant(), variant("b")], {"shadows": (variant("c"),)}, "exactly one .* 2 and 1"),
        ([variant()], {"shadows": (variant("c"), variant("d"))}, "exactly one .* 1 and 2"),
        ([variant()], {"shadows": (variant(),)}, "names must be unique"),
        ([variant()], {"shadows": (serverless("c"),)}, "not supported for serverless"),
        (
            [variant()],
            {"shadows": (variant("c"),), "AsyncInferenceConfig": {"x": 1}},
            "not supported for asynchronous",
        ),
        ([serverless(), serverless("b")], {}, "one production variant, found 2"),
        ([{**serverless(), "InstanceType": "ml.m5.large"}], {}, "and no InstanceType"),
        ([{**serverless(), "InitialInstanceCount": 1}], {}, "and no InitialInstanceCount"),
        ([{"VariantName": "a", "ModelName": "plain"}], {}, "a needs InstanceType"),
        ([serverless(model="isolated")], {}, "EnableNetworkIsolation"),
        ([serverless(model="inside")], {}, "VpcConfig"),
        ([serverless()], {"DataCaptureConfig": {"x": 1}}, "not support DataCaptureConfig"),
        ([serverless()], {"AsyncInferenceConfig": {"x": 1}}, "not support AsyncInferenceConfig"),
        ([serverless(MemorySizeInMB=1500)], {}, "multiple of 1024, found 1500"),
        ([serverless(ProvisionedConcurrency=6)], {}, "at most its MaxConcurrency, 5; found 6"),
        ([variant(CoreDumpConfig={})], {}, "does not support CoreDumpConfig"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_was_found(
    production: list[dict[str, Any]], rest: dict[str, Any], message: str
) -> None:
    with pytest.raises(SageMakerError, match=message):
        check(*production, **rest)


def test_instances_stay_instances_and_serverless_may_become_them() -> None:
    of_instances = {"ProductionVariants": [variant("a"), variant("b")]}
    without = {"ProductionVariants": [serverless()]}
    for old, new in ((of_instances, of_instances), (without, without), (without, of_instances)):
        assert_instances_stay(old, new)
    with pytest.raises(SageMakerError, match="serverless one is not supported"):
        assert_instances_stay(of_instances, without)
