"""What one training job and each of a tuning job's have in common: their role and definition."""

from typing import Any

from constructs import Construct

from stacks.job_role import JobRole
from stacks.log_groups import TRAINING_LOGS
from stacks.workload_parts import WorkloadParts
from workloads.schema import Model


class TrainingRole(JobRole):
    """Reads the channels of a model, writes its artifacts and checkpoints."""

    def __init__(
        self, scope: Construct, construct_id: str, *, parts: WorkloadParts, name: str, model: Model
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            environment=parts.environment,
            description=f"Trains the model {name} of {parts.workload.name}",
            log_group=TRAINING_LOGS,
        )
        parts.channels.grant_read(self, model.channels)
        self.write(parts.storage, parts.folder("models", name))
        if model.training.checkpoints is not None:
            checkpoints = parts.folder("checkpoints", name)
            self.read(parts.storage, checkpoints)
            self.write(parts.storage, checkpoints)


def training_definition(
    parts: WorkloadParts, name: str, model: Model, role: TrainingRole
) -> dict[str, Any]:
    """Return what CreateTrainingJob and a tuning job's TrainingJobDefinition both take."""
    training = model.training
    return {
        "RoleArn": role.role_arn,
        "AlgorithmSpecification": {
            "TrainingImage": parts.images.uri(model.image, pulled_by=role),
            "TrainingInputMode": training.input_mode,
            "MetricDefinitions": [
                {"Name": metric.name, "Regex": metric.regex} for metric in training.metrics
            ]
            or None,
        },
        "InputDataConfig": [_channel(parts, channel, model) for channel in model.channels],
        "OutputDataConfig": {
            "S3OutputPath": parts.uri("models", name),
            "KmsKeyId": parts.storage.key.key_arn,
        },
        "ResourceConfig": {
            "InstanceType": training.instance_type,
            "InstanceCount": training.instance_count,
            "VolumeSizeInGB": training.volume_size_gb,
            "VolumeKmsKeyId": parts.volume_key(training.instance_type, role),
        },
        "VpcConfig": parts.vpc_config,
        "StoppingCondition": {
            "MaxRuntimeInSeconds": training.max_runtime,
            "MaxWaitTimeInSeconds": training.max_wait,
        },
        "EnableManagedSpotTraining": training.spot,
        "EnableNetworkIsolation": training.network_isolation,
        "EnableInterContainerTrafficEncryption": training.inter_container_encryption,
        "CheckpointConfig": {
            "S3Uri": parts.uri("checkpoints", name, "<JobName>"),
            "LocalPath": training.checkpoints,
        }
        if training.checkpoints is not None
        else None,
        "RetryStrategy": {"MaximumRetryAttempts": training.max_attempts}
        if training.max_attempts is not None
        else None,
        "Environment": dict(training.environment) or None,
    }


def _channel(parts: WorkloadParts, name: str, model: Model) -> dict[str, Any]:
    channel = parts.workload.data[name]
    content_type = channel.content_type
    if content_type is not None and model.image.builtin is not None:
        # AWS's algorithms know media types without parameters; header=absent goes without saying
        content_type = content_type.partition(";")[0].strip()
    return {
        "ChannelName": name,
        "ContentType": content_type,
        "InputMode": channel.input_mode,
        "CompressionType": channel.compression,
        "RecordWrapperType": channel.record_wrapper,
        "ShuffleConfig": {"Seed": channel.shuffle_seed}
        if channel.shuffle_seed is not None
        else None,
        "DataSource": {
            "S3DataSource": {
                "S3DataType": channel.s3_data_type,
                "S3Uri": parts.channels.uri(name),
                "S3DataDistributionType": channel.distribution,
            }
        },
    }
