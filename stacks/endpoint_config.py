"""What an endpoint runs: its variants, and what becomes of the requests to them."""

from collections.abc import Mapping

from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from stacks.async_inference import AsyncInference
from stacks.data_capture import data_capture_config
from stacks.trained_model import TrainedModel
from stacks.workload_parts import WorkloadParts
from workloads.schema import ShadowVariant, Variant, Workload
from workloads.schema.local_disks import takes_key

ProductionVariant = sagemaker.CfnEndpointConfig.ProductionVariantProperty


class EndpointConfig(sagemaker.CfnEndpointConfig):
    """The variants of the workload, its shadow variant, its data capture.

    It has no name of its own: each change is a new config, to which the endpoint is updated.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parts: WorkloadParts,
        models: Mapping[str, TrainedModel],
        async_inference: AsyncInference | None,
    ) -> None:
        workload = parts.workload
        variants, shadow = workload.variants, workload.shadow_variant
        capture = workload.data_capture
        super().__init__(
            scope,
            construct_id,
            production_variants=[
                _variant(variant, models[variant.model], variant.weight) for variant in variants
            ],
            shadow_production_variants=[
                _variant(shadow, models[shadow.model], _shadow_weight(shadow, variants[0]))
            ]
            if shadow
            else None,
            data_capture_config=data_capture_config(parts, capture) if capture else None,
            async_inference_config=async_inference.config if async_inference else None,
            kms_key_id=parts.storage.key.key_arn if volumes_take_key(workload) else None,
        )


def volumes_take_key(workload: Workload) -> bool:
    """Whether the volumes of the endpoint can be encrypted with the app's key.

    It is one key for all variants, and SageMaker refuses it when one of them has instances with a
    disk of their own; serverless variants have no instance at all. SageMaker's own key encrypts
    the volumes then, and the hardware of an instance its disk.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
    """
    return not any(variant.serverless for variant in workload.variants) and all(
        takes_key(variant.instance_type) for variant in workload.all_variants
    )


def _shadow_weight(shadow: ShadowVariant, production: Variant) -> float:
    """Weigh a shadow variant: SageMaker copies its weight's share of the one variant's requests.

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-shadow-deployment.html
    """
    return production.weight * shadow.sampling_percentage / 100


def _variant(
    settings: Variant | ShadowVariant, model: TrainedModel, weight: float
) -> ProductionVariant:
    serverless = settings.serverless if isinstance(settings, Variant) else None
    if serverless:
        return ProductionVariant(
            variant_name=settings.name,
            model_name=model.model_name,
            initial_variant_weight=weight,
            serverless_config=sagemaker.CfnEndpointConfig.ServerlessConfigProperty(
                memory_size_in_mb=serverless.memory_size_mb,
                max_concurrency=serverless.max_concurrency,
                provisioned_concurrency=serverless.provisioned_concurrency,
            ),
        )
    return ProductionVariant(
        variant_name=settings.name,
        model_name=model.model_name,
        initial_variant_weight=weight,
        instance_type=settings.instance_type,
        initial_instance_count=settings.instance_count,
        container_startup_health_check_timeout_in_seconds=settings.startup_timeout,
    )
