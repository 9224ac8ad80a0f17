"""The request of one more training job, taken over from one that a deploy has run."""

import re
from collections.abc import Mapping
from typing import Any

from cli.jobs import Description

# What a stack says in its own requests; docs/job-requests.md has the others, and why not.
_TAKEN_OVER = (
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "VpcConfig",
    "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption",
    "EnableManagedSpotTraining",
    "ExperimentConfig",
    "Environment",
    "RetryStrategy",
)


def training_request(
    deployed: Description,
    *,
    name: str,
    changed: Mapping[str, str],
    max_runtime: int | None,
    tags: Mapping[str, str],
) -> dict[str, Any]:
    """Return a request of CreateTrainingJob, like that of the job that was `deployed`.

    `changed` are hyperparameters, `max_runtime` is in seconds.
    """
    request = {member: deployed[member] for member in _TAKEN_OVER if member in deployed}
    if checkpoints := deployed.get("CheckpointConfig"):
        request["CheckpointConfig"] = _own(checkpoints, deployed, name)
    return {
        **request,
        "TrainingJobName": name,
        "HyperParameters": {**hyperparameters_of(deployed), **changed},
        "StoppingCondition": _longer(deployed["StoppingCondition"], max_runtime),
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }


def hyperparameters_of(job: Description) -> dict[str, str]:
    """Return what the job was given, without what a tuning job tells its training jobs beside."""
    given = job.get("HyperParameters", {})
    return {key: value for key, value in given.items() if key != "_tuning_objective_metric"}


def _own(checkpoints: Mapping[str, str], deployed: Description, name: str) -> dict[str, str]:
    """Place checkpoints below the new job's name: it must not go on from the deployed model's.

    A stack has them below the name of the job that it started, the tuning job's if it tunes. An
    ARN has that name in lower case.
    """
    started = deployed.get("TuningJobArn", deployed["TrainingJobArn"]).rpartition("/")[2]
    own = re.sub(re.escape(started), name, checkpoints["S3Uri"], flags=re.IGNORECASE)
    return {**checkpoints, "S3Uri": own}


def _longer(condition: Mapping[str, int], max_runtime: int | None) -> dict[str, int]:
    """Set the longest runtime; with spot instances it may not exceed the wait for them."""
    limits = dict(condition)
    if max_runtime is not None:
        limits["MaxRuntimeInSeconds"] = max_runtime
        if "MaxWaitTimeInSeconds" in limits:
            limits["MaxWaitTimeInSeconds"] = max(limits["MaxWaitTimeInSeconds"], max_runtime)
    return limits
