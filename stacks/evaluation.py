"""How good a model is on held-out data, and whether that is good enough to be deployed.

A processing job runs the container's `evaluate`. Where a bound of the gate asks for it, another one
does so with the model now serving, on the same data. The gate then lets the deploy go on, or not.
"""

from typing import Any

from aws_cdk import Stack
from constructs import Construct

from stacks.job import Job
from stacks.job_role import JobRole
from stacks.log_groups import PROCESSING_LOGS
from stacks.permissions import allow
from stacks.quality_gate import QualityGate
from stacks.workload_parts import WorkloadParts
from workloads.schema import Evaluation, Model

PROCESSING = "/opt/ml/processing"


class ModelEvaluation(Construct):
    """Evaluates a model; what depends on it waits for the gate.

    `artifact` is the model's model.tar.gz, and `candidate` says when it is another one.
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
        self._parts = parts
        self._settings = settings
        self._name = name
        compares = any(bound.not_worse_than_serving for bound in settings.gate.values())
        self._role = EvaluationRole(
            self, "Role", parts=parts, settings=settings, name=name, model=model, compares=compares
        )
        evaluation = self._job(
            "Candidate",
            prefix="evaluation",
            image=parts.images.uri(model.image, pulled_by=self._role),
            artifact=artifact,
        )
        variants = [v.name for v in parts.workload.variants if v.model == name]
        serving = (
            self._job(
                "Serving",
                prefix="serving",
                properties={
                    "ServingModel": {
                        "EndpointName": parts.endpoint_name,
                        "VariantNames": variants,
                        "Candidate": candidate,
                    }
                },
            )
            if compares
            else None
        )
        self.s3_uri = evaluation.attribute("OutputS3Uri")
        """The folder of evaluation.json and of the reports."""
        self.gate = QualityGate(
            self,
            "Gate",
            service_token=parts.service_token,
            model_name=name,
            bounds=settings.gate,
            evaluation=self.s3_uri,
            serving_evaluation=serving.attribute("OutputS3Uri") if serving else None,
        )

    def _job(
        self,
        construct_id: str,
        *,
        prefix: str,
        image: str | None = None,
        artifact: str | None = None,
        properties: dict[str, Any] | None = None,
    ) -> Job:
        """Evaluate the artifact; the handler puts in what serves where both are left out."""
        parts, settings = self._parts, self._settings
        channel = parts.workload.data[settings.channel]
        return Job(
            self,
            construct_id,
            parts=parts,
            kind="ProcessingJob",
            name_prefix=parts.job_prefix(self._name, prefix),
            request={
                "RoleArn": self._role.role_arn,
                "AppSpecification": {"ImageUri": image, "ContainerArguments": ["evaluate"]},
                "ProcessingInputs": [
                    _input("model", artifact, "model"),
                    _input(
                        settings.channel,
                        parts.channels.uri(settings.channel),
                        f"input/{settings.channel}",
                        channel.s3_data_type,
                    ),
                ],
                "ProcessingOutputConfig": {
                    "Outputs": [
                        {
                            "OutputName": "evaluation",
                            "S3Output": {
                                "S3Uri": parts.uri("evaluations", self._name, "${JobName}"),
                                "LocalPath": f"{PROCESSING}/evaluation",
                                "S3UploadMode": "EndOfJob",
                            },
                        }
                    ],
                    "KmsKeyId": parts.storage.key.key_arn,
                },
                "ProcessingResources": {
                    "ClusterConfig": {
                        "InstanceType": settings.instance_type,
                        "InstanceCount": 1,
                        "VolumeSizeInGB": settings.volume_size_gb,
                    }
                },
                "StoppingCondition": {"MaxRuntimeInSeconds": settings.max_runtime},
                "Environment": dict(settings.environment) or None,
                "NetworkConfig": {
                    "EnableNetworkIsolation": settings.network_isolation,
                    "EnableInterContainerTrafficEncryption": settings.inter_container_encryption,
                    "VpcConfig": parts.vpc_config,
                },
            },
            longest=settings.max_runtime,
            after=[self._role, parts.channels],
            properties=properties,
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
        compares: bool,
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
        if compares:
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


def _input(name: str, uri: str | None, path: str, data_type: str = "S3Prefix") -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"{PROCESSING}/{path}",
            "S3DataType": data_type,
            "S3InputMode": "File",
        },
    }
