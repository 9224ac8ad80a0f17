"""The endpoint of a workload: its config with production variants, itself, and a check of it."""

from collections.abc import Mapping

from aws_cdk import CustomResource
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from stacks.trained_model import TrainedModel
from stacks.workload_parts import WorkloadParts


class Endpoint(Construct):
    """Serves the variants of the workload under a fixed name.

    The config has no name of its own: each change is a new config, to which the endpoint is
    updated in place. The check then fails the deploy if the endpoint does not run that config (an
    update that SageMaker rolled back ends InService on the old one) or if a variant cannot answer
    the workload's smoke payload.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parts: WorkloadParts,
        models: Mapping[str, TrainedModel],
    ) -> None:
        super().__init__(scope, construct_id)
        workload = parts.workload
        config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            production_variants=[
                sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                    variant_name=variant.name,
                    model_name=models[variant.model].model_name,
                    initial_variant_weight=variant.weight,
                    instance_type=variant.instance_type,
                    initial_instance_count=variant.instance_count,
                    container_startup_health_check_timeout_in_seconds=variant.startup_timeout,
                )
                for variant in workload.variants
            ],
        )
        endpoint = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=parts.endpoint_name,
            endpoint_config_name=config.attr_endpoint_config_name,
        )
        check = CustomResource(
            self,
            "Check",
            resource_type="Custom::SageMakerEndpointCheck",
            service_token=parts.service_token,
            properties={
                "EndpointName": endpoint.attr_endpoint_name,
                "EndpointConfigName": config.attr_endpoint_config_name,
                "VariantNames": [variant.name for variant in workload.variants],
                "Smoke": {
                    "ContentType": workload.smoke.content_type,
                    "Body": workload.smoke.body,
                },
            },
        )
        check.node.add_dependency(endpoint)
