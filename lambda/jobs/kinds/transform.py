"""Batch transform jobs. Attribute: OutputS3Uri. SageMaker keeps their records for ever."""

from jobs.clients import Clients
from jobs.kinds.kind import Job, JobKind
from jobs.naming import LONG_NAMES


class TransformJobs(JobKind):
    """CreateTransformJob and its like; there is no DeleteTransformJob."""

    type = "TransformJob"
    noun = "Transform job"
    names = LONG_NAMES
    log_group = "/aws/sagemaker/TransformJobs"
    runtime_setting = "max_runtime of [transform]"
    deletable = False
    not_hashed = frozenset(
        {"ExperimentConfig", "MaxConcurrentTransforms", "ModelClientConfig", "Tags"}
    )

    def attributes(self, job: Job, clients: Clients) -> dict[str, str]:  # noqa: ARG002
        """Name the folder of the answers."""
        return {"OutputS3Uri": job.described["TransformOutput"]["S3OutputPath"]}
