"""Training jobs. Attribute: ModelDataUrl."""

from jobs.clients import Clients
from jobs.kinds.kind import Job, JobKind
from jobs.naming import LONG_NAMES

# Where a job that SageMaker stopped for its time says so, and what to raise then.
_LIMITS = {
    "MaxRuntimeExceeded": ("max_runtime", "MaxRuntimeInSeconds"),
    "MaxWaitTimeExceeded": ("max_wait", "MaxWaitTimeInSeconds"),
}

# What says for how long, at what price or under which label a model is trained, but not which.
NOT_TRAINED = frozenset(
    {
        "CheckpointConfig",
        "EnableManagedSpotTraining",
        "ExperimentConfig",
        "RetryStrategy",
        "RoleArn",
        "StoppingCondition",
        "Tags",
    }
)


class TrainingJobs(JobKind):
    """CreateTrainingJob and its like."""

    type = "TrainingJob"
    noun = "Training job"
    names = LONG_NAMES
    log_group = "/aws/sagemaker/TrainingJobs"
    runtime_setting = "max_runtime (of a spot training: max_wait)"
    not_hashed = NOT_TRAINED

    def attributes(self, job: Job, clients: Clients) -> dict[str, str]:  # noqa: ARG002
        """Name the artifact."""
        return {"ModelDataUrl": job.described["ModelArtifacts"]["S3ModelArtifacts"]}

    def reason(self, job: Job, clients: Clients) -> str:  # noqa: ARG002
        """Quote the container or SageMaker; what took too long says which setting to raise."""
        secondary = job.described["SecondaryStatus"]
        reason: str = job.described.get("FailureReason") or secondary
        if secondary in _LIMITS:
            setting, member = _LIMITS[secondary]
            seconds = job.described["StoppingCondition"][member]
            reason += f": raise {setting}, which is {seconds} seconds"
        return reason
