"""What stands between an evaluation and the endpoint: a breached bound fails the deploy."""

from collections.abc import Mapping

from aws_cdk import CustomResource
from constructs import Construct

from stacks.job import given
from workloads.schema import Bound


class QualityGate(Construct):
    """Compares what an evaluation found with `bounds`, and with that of the model now serving.

    Without bounds it lets everything through, and still tells the `metrics`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service_token: str,
        model_name: str,
        bounds: Mapping[str, Bound],
        evaluation: str,
        serving_evaluation: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        gate = CustomResource(
            self,
            "Resource",
            resource_type="Custom::SageMakerQualityGate",
            service_token=service_token,
            properties=given(
                {
                    "ModelName": model_name,
                    "EvaluationS3Uri": evaluation,
                    "ServingEvaluationS3Uri": serving_evaluation,
                    "Bounds": {metric: _bound(bound) for metric, bound in bounds.items()},
                }
            ),
        )
        self.metrics = gate.get_att_string("Metrics")
        """The evaluation's metrics, as a JSON object."""


def _bound(bound: Bound) -> dict[str, float | bool | None]:
    return {
        "Min": bound.min,
        "Max": bound.max,
        "NotWorseThanServing": bound.not_worse_than_serving,
        "Tolerance": bound.tolerance,
    }
