"""One prediction problem: its data, its trained models, its endpoint, its entry in the API."""

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from environments.schema import Environment
from stacks.batch_transform import BatchTransform
from stacks.channels import Channels
from stacks.container_images import ContainerImages
from stacks.endpoint import Endpoint
from stacks.job_entry import JobEntry
from stacks.network.placement import Placement
from stacks.outputs import add_outputs
from stacks.shared import SharedStack
from stacks.trained_model import TrainedModel
from stacks.update_check import UpdateCheck
from stacks.workload_parts import WorkloadParts
from workloads.schema import Workload, catalog


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
        placement: Placement | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        parts = WorkloadParts(
            environment=environment,
            workload=workload,
            storage=shared.storage,
            channels=Channels(
                self,
                "Data",
                environment=environment,
                workload=workload,
                storage=shared.storage,
                logs=shared.logs,
            ),
            images=ContainerImages(self, "Images"),
            service_token=shared.jobs.service_token,
            update_check=UpdateCheck(
                self,
                "UpdateCheck",
                workload=workload,
                endpoint_name=workload.endpoint_name(environment.name),
                service_token=shared.jobs.service_token,
            ),
            placement=placement,
        )
        models_scope = Construct(self, "Models")  # a model may be called as any construct here
        models = {
            name: TrainedModel(models_scope, name, parts=parts, model=model)
            for name, model in workload.models.items()
        }
        endpoint = Endpoint(self, "Endpoint", parts=parts, models=models)
        transform = workload.transform
        batch_transform = (
            BatchTransform(
                self,
                "Transform",
                parts=parts,
                settings=transform,
                model=models[transform.model],
            )
            if transform and transform.at_deploy
            else None
        )
        entry = ssm.StringParameter(
            self,
            "ApiEntry",
            description=f"How the API reaches {workload.name}",
            parameter_name=f"/{environment.name}/workloads/{workload.name}",
            string_value=catalog.entry(
                workload,
                parts.endpoint_name,
                async_folder=parts.uri("async"),
                models={
                    name: catalog.Served(model.model_name, model.artifact)
                    for name, model in models.items()
                },
            ),
            tier=ssm.ParameterTier.INTELLIGENT_TIERING,
        )
        jobs = JobEntry(self, "JobEntry", parts=parts, models=models)
        # the API offers the workload only when its endpoint has answered, with what these jobs made
        entry.node.add_dependency(endpoint)
        jobs.node.add_dependency(endpoint)
        add_outputs(self, endpoint, models, batch_transform)
