"""What stands before every job: an update that SageMaker would refuse is not trained for."""

from aws_cdk import CustomResource
from constructs import Construct

from workloads.schema import Workload


class UpdateCheck(CustomResource):
    """Fails a deploy when SageMaker would not update the endpoint that is there to this workload.

    Synth cannot know what serves, and SageMaker says it only after the training. It has what that
    depends on as properties, so that CloudFormation asks it when one of them changes.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        workload: Workload,
        endpoint_name: str,
        service_token: str,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            resource_type="Custom::SageMakerUpdateCheck",
            service_token=service_token,
            properties={
                "EndpointName": endpoint_name,
                "WorkloadName": workload.name,
                "VariantNames": [variant.name for variant in workload.variants],
                "Serverless": any(variant.serverless for variant in workload.variants),
                "Guarded": _has_deployment_config(workload),
            },
        )


def _has_deployment_config(workload: Workload) -> bool:
    alarms = workload.alarms.count(len(workload.variants)) if workload.alarms else 0
    return workload.deployment is not None or alarms > 0
