"""One prediction problem: its data, its trained models, its endpoint, its entry in the API."""

from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from environments.schema import Environment
from stacks.container_images import ContainerImages
from stacks.endpoint import Endpoint, log_group_name
from stacks.shared import SharedStack
from stacks.trained_model import TrainedModel
from stacks.training_data import TrainingData
from workloads.schema import Workload


class WorkloadStack(Stack):
    """Training, models and endpoint together.

    An artifact changes with each training, and a value that another stack imports cannot change:
    so none of this is split over stacks.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        workload: Workload,
        shared: SharedStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        endpoint_name = workload.endpoint_name(environment.name)
        service_token = shared.jobs.service_token
        data = TrainingData(
            self,
            "Data",
            environment=environment,
            workload=workload,
            storage=shared.storage,
        )
        images = ContainerImages(self, "Images")
        models = {
            name: TrainedModel(
                self,
                name,
                environment=environment,
                workload=workload,
                model=model,
                storage=shared.storage,
                data=data,
                images=images,
                endpoint_log_group=log_group_name(endpoint_name),
                service_token=service_token,
            )
            for name, model in workload.models.items()
        }
        endpoint = Endpoint(
            self,
            "Endpoint",
            endpoint_name=endpoint_name,
            workload=workload,
            models=models,
            service_token=service_token,
            retention_days=environment.log_retention_days,
        )
        entry = ssm.StringParameter(
            self,
            "ApiEntry",
            description=f"How the API reaches {workload.name}",
            parameter_name=f"/{environment.name}/workloads/{workload.name}",
            string_value=workload.catalog(endpoint_name),
            tier=ssm.ParameterTier.INTELLIGENT_TIERING,
        )
        # the API offers the workload only when its endpoint has answered
        entry.node.add_dependency(endpoint)
        CfnOutput(self, "EndpointName", value=endpoint_name)
        for name, model in models.items():
            CfnOutput(self, f"TrainingJob{name}", value=model.training_job.name)
