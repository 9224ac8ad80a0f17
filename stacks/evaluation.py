"""How good a model is on held-out data, and whether that is good enough to be deployed."""

from typing import Any

from aws_cdk import Stack
from constructs import Construct

from stacks.evaluation_job import EvaluationJob
from stacks.job_role import JobRole
from stacks.log_groups import PROCESSING_LOGS
from stacks.permissions import allow
from stacks.quality_gate import QualityGate
from stacks.workload_parts import WorkloadParts
from workloads.schema import Evaluation, Model


class ModelEvaluation(Construct):
    """Evaluates a model, and what serves now where a bound asks for it; `gate` compares both.

    `artifact` is the model's model.tar.gz, and `candidate` says when it is another one. The
    job `job_name` leaves its results in the folder `s3_uri`.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parts: WorkloadParts,
        settings: Evaluation,
        name: str,
        model: Model,
        artifact: str,
        candidate: str,
    ) -> None:
        super().__init__(scope, construct_id)
        role = EvaluationRole(self, "Role", parts=parts, settings=settings, name=name, model=model)
        evaluation = EvaluationJob(
            self,
            "Candidate",
            parts=parts,
            settings=settings,
            role=role,
            name=name,
            use="evaluation",
            image=parts.images.uri(model.image, pulled_by=role),
            artifact=artifact,
        )
        serving = (
            EvaluationJob(
                self,
                "Serving",
                parts=parts,
                settings=settings,
                role=role,
                name=name,
                use="serving",
                properties={"ServingModel": _serving_model(parts, name, candidate)},
            )
            if settings.compares
            else None
        )
        self.job_name = evaluation.name
        self.s3_uri = evaluation.s3_uri
        self.gate = QualityGate(
            self,
            "Gate",
            service_token=parts.service_token,
            model_name=name,
            bounds=settings.gate,
            evaluation=evaluation.s3_uri,
            serving_evaluation=serving.s3_uri if serving else None,
        )


class EvaluationRole(JobRole):
    """Reads a model and the held-out channel, writes what comes of both."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parts: WorkloadParts,
        settings: Evaluation,
        name: str,
        model: Model,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            environment=parts.environment,
            description=f"Evaluates the model {name} of {parts.workload.name}",
            log_group=PROCESSING_LOGS,
        )
        parts.channels.grant_read(self, [settings.channel])
        parts.grant_read_artifact(self, name, model)
        self.write(parts.storage, parts.folder("evaluations", name))
        if settings.compares:
            self._read_what_serves(parts)

    def _read_what_serves(self, parts: WorkloadParts) -> None:
        """Allow what an earlier deploy put behind the variants: any model, from any container."""
        self.read(parts.storage, parts.folder("models"))
        allow(
            self,
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            Stack.of(self).format_arn(
                service="ecr",
                resource="repository",
                resource_name=f"{parts.environment.name}/*",
            ),
            because="The model now serving may be of another container of this app.",
        )


def _serving_model(parts: WorkloadParts, name: str, candidate: str) -> dict[str, Any]:
    """Say where the handler finds what serves now; another candidate evaluates it again."""
    return {
        "EndpointName": parts.endpoint_name,
        "VariantNames": [v.name for v in parts.workload.variants if v.model == name],
        "Candidate": candidate,
    }
