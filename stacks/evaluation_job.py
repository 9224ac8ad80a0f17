"""A processing job that runs a container's `evaluate` on the held-out channel."""

from collections.abc import Mapping
from typing import Any

from constructs import Construct

from stacks.job import Job
from stacks.job_role import JobRole
from stacks.workload_parts import WorkloadParts
from workloads.schema import Evaluation

PROCESSING = "/opt/ml/processing"


class EvaluationJob(Job):
    """Evaluates an artifact with its image; what comes of it is in the folder `s3_uri`.

    Both are left out for the model now serving, which ServingModel of the `properties` finds.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parts: WorkloadParts,
        settings: Evaluation,
        role: JobRole,
        name: str,
        use: str,
        image: str | None = None,
        artifact: str | None = None,
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        channel = settings.channel
        super().__init__(
            scope,
            construct_id,
            parts=parts,
            kind="ProcessingJob",
            name_prefix=parts.job_prefix(name, use),
            request={
                "RoleArn": role.role_arn,
                "AppSpecification": {"ImageUri": image, "ContainerArguments": ["evaluate"]},
                "ProcessingInputs": [
                    _input("model", artifact, "model", "S3Prefix"),
                    _input(
                        channel,
                        parts.channels.uri(channel),
                        f"input/{channel}",
                        parts.workload.data[channel].s3_data_type,
                    ),
                ],
                "ProcessingOutputConfig": {
                    "Outputs": [
                        {
                            "OutputName": "evaluation",
                            "S3Output": {
                                "S3Uri": parts.uri("evaluations", name, "<JobName>"),
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
                        "VolumeKmsKeyId": parts.volume_key(settings.instance_type, role),
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
            after=[role, parts.channels],
            properties=properties,
        )

    @property
    def s3_uri(self) -> str:
        """The folder of evaluation.json and of the reports; empty when nothing serves yet."""
        return self.attribute("OutputS3Uri")


def _input(name: str, uri: str | None, path: str, data_type: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"{PROCESSING}/{path}",
            "S3DataType": data_type,
            "S3InputMode": "File",
        },
    }
