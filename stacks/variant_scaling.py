"""The autoscaling of an endpoint's variants, before and after each update of the endpoint."""

from aws_cdk import CustomResource
from constructs import Construct, IConstruct

from stacks.scaling_policies import scaling_request
from stacks.workload_parts import WorkloadParts


class VariantScaling(Construct):
    """Two custom resources around the endpoint, in the place of AWS::ApplicationAutoScaling::*.

    SageMaker refuses an update that changes the instance type of a variant while that is a
    scalable target, or that drops it. CloudFormation would take a native target away only after
    the endpoint's update, and put neither target nor policy back on a rollback.

    They are there without autoscaling too: a deploy that takes it away may change the instance type
    as well, to one that cannot be scaled, and a resource that the template no longer has would
    deregister the target only when all else is done.

    A later deploy sets the limits that are asked for, whatever a schedule has made of them, until
    the next time that the schedule names.
    """

    def __init__(self, scope: Construct, construct_id: str, *, parts: WorkloadParts) -> None:
        super().__init__(scope, construct_id)
        self._parts = parts
        self._before = self._resource("BeforeUpdate")
        self._after = self._resource("AfterUpdate")

    def surround(self, *, config: IConstruct, endpoint: IConstruct, check: IConstruct) -> None:
        """Let the targets of an update go after its config is made, and come back before its check.

        The endpoint goes only when none of its targets is left, as its deletion may not take
        them away.
        """
        self._before.node.add_dependency(config)
        endpoint.node.add_dependency(self._before)
        self._after.node.add_dependency(endpoint)
        check.node.add_dependency(self._after)

    def _resource(self, phase: str) -> CustomResource:
        return CustomResource(
            self,
            phase,
            resource_type="Custom::SageMakerVariantScaling",
            service_token=self._parts.service_token,
            properties={
                "Phase": phase,
                "EndpointName": self._parts.endpoint_name,
                "Variants": [
                    scaling_request(self._parts.endpoint_name, variant, variant.autoscaling)
                    for variant in self._parts.workload.variants
                    if variant.autoscaling is not None
                ],
            },
        )
