"""A batch transform job: what a model answers to a whole channel of records."""

from constructs import Construct

from stacks.job import Job
from stacks.trained_model import TrainedModel
from stacks.workload_parts import WorkloadParts
from workloads.schema import Transform


class BatchTransform(Job):
    """Sends the records of a channel to a model, with the model's own role."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parts: WorkloadParts,
        settings: Transform,
        model: TrainedModel,
    ) -> None:
        channel = str(settings.channel)  # not None with at_deploy
        data = parts.workload.data[channel]
        split = settings.split_type != "None"
        super().__init__(
            scope,
            construct_id,
            parts=parts,
            kind="TransformJob",
            name_prefix=parts.job_prefix(settings.model, "transform"),
            request={
                "ModelName": model.model_name,
                "TransformInput": {
                    "DataSource": {
                        "S3DataSource": {
                            "S3DataType": data.s3_data_type,
                            "S3Uri": parts.channels.uri(channel),
                        }
                    },
                    "ContentType": settings.content_type,
                    "CompressionType": data.compression,
                    "SplitType": settings.split_type,
                },
                "TransformOutput": {
                    "S3OutputPath": parts.uri("transforms", "<JobName>"),
                    "Accept": settings.accept,
                    "AssembleWith": settings.assemble_with,
                    "KmsKeyId": parts.storage.key.key_arn,
                },
                "TransformResources": {
                    "InstanceType": settings.instance_type,
                    "InstanceCount": settings.instance_count,
                },
                # a strategy is for records, of which there is none without a split
                "BatchStrategy": settings.strategy if split else None,
                "MaxPayloadInMB": settings.max_payload_mb,
                "MaxConcurrentTransforms": settings.max_concurrent,
                "ModelClientConfig": {
                    "InvocationsTimeoutInSeconds": settings.invocation_timeout,
                    "InvocationsMaxRetries": settings.max_retries,
                },
                "DataProcessing": {
                    "JoinSource": "Input" if settings.join_input else "None",
                    "InputFilter": settings.input_filter,
                    "OutputFilter": settings.output_filter,
                }
                if settings.data_processing
                else None,
                "Environment": dict(settings.environment) or None,
            },
            longest=settings.max_runtime,
            after=[parts.channels],
        )

    @property
    def s3_uri(self) -> str:
        """The folder of the answers, one object for each of the channel's."""
        return self.attribute("OutputS3Uri")
