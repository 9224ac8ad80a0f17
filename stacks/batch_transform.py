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
        super().__init__(
            scope,
            construct_id,
            parts=parts,
            kind="TransformJob",
            name_prefix=parts.job_prefix(settings.model, "transform"),
            request=settings.request(
                model_name=model.model_name,
                s3_uri=parts.channels.uri(channel),
                s3_output_path=parts.uri("transforms", "<JobName>"),
                kms_key_id=parts.storage.key.key_arn,
                s3_data_type=data.s3_data_type,
                compression=data.compression,
            ),
            longest=settings.max_runtime,
            after=[parts.channels],
        )

    @property
    def s3_uri(self) -> str:
        """The folder of the answers, one object for each of the channel's."""
        return self.attribute("OutputS3Uri")
