"""The endpoint of a workload: its config, itself and how it is updated, and a check of it."""

from collections.abc import Mapping

from aws_cdk import CustomResource
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from stacks.async_inference import AsyncInference
from stacks.data_capture import allow_capturing, capture_uri
from stacks.deployment_config import deployment_config
from stacks.endpoint_alarms import EndpointAlarms
from stacks.endpoint_config import EndpointConfig, volumes_take_key
from stacks.job import given
from stacks.trained_model import TrainedModel
from stacks.variant_scaling import VariantScaling
from stacks.workload_parts import WorkloadParts
from workloads.schema.smoke import row_count


class Endpoint(Construct):
    """Serves the variants of the workload under a fixed name.

    A change is a new config, to which the endpoint is updated in place, as the workload's
    [deployment] says. The check then fails the deploy if the endpoint does not run that config (an
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
        self._parts = parts
        self._alarms = self._alarms_on_variants()
        self.async_inference = self._asynchronous()
        for model in models.values():
            self._allow_serving(model)
        config = EndpointConfig(
            self, "Config", parts=parts, models=models, async_inference=self.async_inference
        )
        endpoint = self._updated_to(config)
        endpoint.node.add_dependency(parts.update_check)  # a model that is there has no job
        check = self._check(endpoint, config)
        check.node.add_dependency(endpoint)
        scaling = VariantScaling(self, "Scaling", parts=parts)
        scaling.surround(config=config, endpoint=endpoint, check=check)

    @property
    def name(self) -> str:
        """The name under which it serves."""
        return self._parts.endpoint_name

    @property
    def capture_uri(self) -> str | None:
        """The S3 URI of the requests and answers that it keeps; None if it keeps none."""
        return capture_uri(self._parts) if self._parts.workload.data_capture else None

    def _alarms_on_variants(self) -> EndpointAlarms | None:
        workload = self._parts.workload
        if workload.alarms is None:
            return None
        return EndpointAlarms(
            self,
            "Alarms",
            settings=workload.alarms,
            endpoint_name=self.name,
            variants=workload.variants,
        )

    def _asynchronous(self) -> AsyncInference | None:
        settings = self._parts.workload.async_inference
        if settings is None:
            return None
        return AsyncInference(self, "Async", parts=self._parts, settings=settings)

    def _allow_serving(self, model: TrainedModel) -> None:
        """Allow a model's role what serving here takes beside the model itself."""
        if self._alarms:
            self._alarms.allow_describing(model.role)
        if self.async_inference:
            self.async_inference.allow_answering(model.role)
        if self._parts.workload.data_capture:
            allow_capturing(model.role, self._parts)
        if volumes_take_key(self._parts.workload):
            model.role.encrypt_volumes(self._parts.storage)

    def _updated_to(self, config: EndpointConfig) -> sagemaker.CfnEndpoint:
        workload = self._parts.workload
        scaled = any(variant.autoscaling for variant in workload.variants)
        return sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=self.name,
            endpoint_config_name=config.attr_endpoint_config_name,
            # naming the alarms, it comes after them: they watch the first update already
            deployment_config=deployment_config(
                workload.deployment, self._alarms.names if self._alarms else []
            ),
            # an update keeps the capacity that scaling found, and takes all else from the new
            # config; CreateEndpoint has no such members, so that both are for updates alone
            retain_all_variant_properties=scaled or None,
            exclude_retained_variant_properties=[
                sagemaker.CfnEndpoint.VariantPropertyProperty(variant_property_type=kind)
                for kind in ("DesiredWeight", "DataCaptureConfig")
            ]
            if scaled
            else None,
        )

    def _check(self, endpoint: sagemaker.CfnEndpoint, config: EndpointConfig) -> CustomResource:
        workload = self._parts.workload
        shadow = workload.shadow_variant
        return CustomResource(
            self,
            "Check",
            resource_type="Custom::SageMakerEndpointCheck",
            service_token=self._parts.service_token,
            properties=given(
                {
                    "EndpointName": endpoint.attr_endpoint_name,
                    "EndpointConfigName": config.attr_endpoint_config_name,
                    "VariantNames": [variant.name for variant in workload.variants],
                    "ShadowVariantNames": [shadow.name] if shadow else None,
                    "AsyncInputS3Uri": self.async_inference.input_uri
                    if self.async_inference
                    else None,
                    "Smoke": {
                        "ContentType": workload.smoke.content_type,
                        "Body": workload.smoke.body,
                        "Rows": row_count(workload.smoke, workload.api),
                    },
                }
            ),
        )
