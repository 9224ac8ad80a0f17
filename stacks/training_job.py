"""A training job of a model."""

from constructs import Construct

from stacks.job import Job
from stacks.training import TrainingRole, training_definition
from stacks.workload_parts import WorkloadParts
from workloads.schema import Model


class TrainingJob(Job):
    """Trains a model; what comes out of it is at `model_data_url`."""

    def __init__(
        self, scope: Construct, construct_id: str, *, parts: WorkloadParts, name: str, model: Model
    ) -> None:
        training = model.training
        role = TrainingRole(scope, "TrainingRole", parts=parts, name=name, model=model)
        super().__init__(
            scope,
            construct_id,
            parts=parts,
            kind="TrainingJob",
            name_prefix=parts.job_prefix(name),
            request={
                **training_definition(parts, name, model, role),
                "HyperParameters": dict(model.hyperparameters),
                "ExperimentConfig": {"ExperimentName": training.experiment}
                if training.experiment is not None
                else None,
            },
            longest=training.max_wait or training.max_runtime,
            after=[role, parts.channels],
            properties={"Revision": training.revision},
        )

    @property
    def training_job_name(self) -> str:
        """The name of the job that trained the model."""
        return self.name

    @property
    def model_data_url(self) -> str:
        """The S3 URI of the model.tar.gz."""
        return self.attribute("ModelDataUrl")
