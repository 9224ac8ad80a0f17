"""A model of a workload: trained, evaluated, and registered as a SageMaker Model."""

from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from stacks.evaluation import ModelEvaluation
from stacks.job_role import JobRole
from stacks.log_groups import TRANSFORM_LOGS, endpoint_log_group_name
from stacks.training_job import TrainingJob
from stacks.tuning_job import TuningJob
from stacks.workload_parts import WorkloadParts
from workloads.schema import Model


class TrainedModel(Construct):
    """Trains the model called `construct_id` and registers what comes out of it.

    `training` is the job that trained it, None for an artifact that was there already; `artifact`
    is the S3 URI of the model.tar.gz;
    `evaluation` is None where the workload asks for none; `role` is what it serves with. The Model,
    and all that serves it, waits for the evaluation's gate.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, parts: WorkloadParts, model: Model
    ) -> None:
        super().__init__(scope, construct_id)
        self.training = self._trained(parts, model)
        artifact = self.training.model_data_url if self.training else str(model.artifact)
        self.artifact = artifact
        self.evaluation = (
            ModelEvaluation(
                self,
                "Evaluation",
                parts=parts,
                settings=parts.workload.evaluation,
                name=construct_id,
                model=model,
                artifact=artifact,
                candidate=self.training.name if self.training else artifact,
            )
            if parts.workload.evaluation
            else None
        )
        self.role = ServingRole(self, "ServingRole", parts=parts, name=construct_id, model=model)
        vpc = parts.placement
        self._model = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=self.role.role_arn,
            primary_container=sagemaker.CfnModel.ContainerDefinitionProperty(
                image=parts.images.uri(model.image, pulled_by=self.role), model_data_url=artifact
            ),
            vpc_config=sagemaker.CfnModel.VpcConfigProperty(
                subnets=list(vpc.subnet_ids), security_group_ids=list(vpc.security_group_ids)
            )
            if vpc
            else None,
            enable_network_isolation=model.network_isolation or None,
        )
        # CreateModel reads the image and the artifact with the role: its policies come first
        self._model.node.add_dependency(self.role)
        if self.evaluation:
            self._model.node.add_dependency(self.evaluation.gate)

    def _trained(self, parts: WorkloadParts, model: Model) -> TrainingJob | TuningJob | None:
        name = self.node.id
        if model.artifact is not None:
            return None
        if model.tuning is not None:
            return TuningJob(
                self, "Tuning", parts=parts, name=name, model=model, tuning=model.tuning
            )
        return TrainingJob(self, "Training", parts=parts, name=name, model=model)

    @property
    def model_name(self) -> str:
        """The name that CloudFormation gave the SageMaker Model."""
        return self._model.attr_model_name


class ServingRole(JobRole):
    """Loads a model, for the endpoint and for the transform jobs of the workload.

    What the endpoint does beside answering, such as capture, it allows the role itself.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, parts: WorkloadParts, name: str, model: Model
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            environment=parts.environment,
            description=f"Serves the model {name} of {parts.workload.name}",
            log_group=endpoint_log_group_name(parts.endpoint_name),
        )
        parts.grant_read_artifact(self, name, model)
        transform = parts.workload.transform
        if transform is not None and transform.model == name:
            self.log_to(TRANSFORM_LOGS)
            # where `make transform` puts what it is given
            self.read(parts.storage, parts.folder("transforms", "input"))
            if transform.channel is not None:
                parts.channels.grant_read(self, [transform.channel])
            self.write(parts.storage, parts.folder("transforms"))
            parts.volume_key(transform.instance_type, self)
