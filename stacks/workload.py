"""One prediction problem: its data, its trained models, its endpoint, its entry in the API."""

from typing import Any

from aws_cdk import CfnOutput, Fn, Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from environments.schema import Environment
from stacks.container_images import ContainerImages
from stacks.endpoint import Endpoint
from stacks.log_groups import endpoint_log_group_name
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
        models_scope = Construct(self, "Models")  # a model may be called as any construct here
        models = {
            name: TrainedModel(
                models_scope,
                name,
                environment=environment,
                workload=workload,
                model=model,
                storage=shared.storage,
                data=data,
                images=images,
                endpoint_log_group=endpoint_log_group_name(endpoint_name),
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
        jobs = Fn.join(",", [model.training_job.name for model in models.values()])
        CfnOutput(self, "TrainingJobs", value=jobs)
