"""A training job as a resource: CreateTrainingJob's own request, run by the job provider."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import CustomResource
from constructs import Construct


class TrainingJob(Construct):
    """Trains when its request or revision changes; fails the deploy with the job's own reason."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service_token: str,
        name_prefix: str,
        revision: str | None,
        request: Mapping[str, Any],
    ) -> None:
        super().__init__(scope, construct_id)
        self._resource = CustomResource(
            self,
            "Resource",
            resource_type="Custom::SageMakerTrainingJob",
            service_token=service_token,
            pascal_case_properties=False,
            properties={
                "JobNamePrefix": name_prefix,
                **({"Revision": revision} if revision is not None else {}),
                "CreateTrainingJobRequest": request,
            },
        )

    @property
    def name(self) -> str:
        """The job's name, known when it has ended."""
        return self._resource.ref

    @property
    def model_data_url(self) -> str:
        """The S3 URI of the job's model.tar.gz."""
        return self._resource.get_att_string("ModelDataUrl")
