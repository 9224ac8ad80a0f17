"""A request of CreateTrainingJob: what of it can be had here, and the record it becomes."""

from typing import Any

from local import builtin
from local.sagemaker import network, s3_data, volume_keys
from local.sagemaker.errors import invalid, not_supported
from local.sagemaker.records import Record
from local.sagemaker.training import channels, checkpoints
from local.sagemaker.validation import now

DEFAULT_MAX_RUNTIME = 86_400
"""One day, StoppingCondition's default on AWS."""

_NOT_SUPPORTED = (
    "AlgorithmSpecification.AlgorithmName",
    "DebugHookConfig",
    "DebugRuleConfigurations",
    "MlflowConfig",
    "ModelPackageConfig",
    "ProfilerRuleConfigurations",
    "ResourceConfig.InstanceGroups",
    "ResourceConfig.InstancePlacementConfig",
    "ResourceConfig.InstancePreferences",
    "ResourceConfig.KeepAlivePeriodInSeconds",
    "ResourceConfig.TrainingPlanArn",
    "ServerlessJobConfig",
    "TensorBoardOutputConfig",
    # Asked for only when they are true.
    "InfraCheckConfig.EnableInfraCheck",
    "RemoteDebugConfig.EnableRemoteDebug",
    "SessionChainingConfig.EnableSessionTagChaining",
)


def assert_supported(request: Record) -> None:
    """Raise SageMakerError for a request that SageMaker refuses or that cannot be had here."""
    for member in _NOT_SUPPORTED:
        if _member(request, member):
            raise not_supported(f"CreateTrainingJob's {member}")
    algorithm = request.get("AlgorithmSpecification")
    if not algorithm or "TrainingImage" not in algorithm:
        raise not_supported("training without AlgorithmSpecification.TrainingImage")
    if "MetricDefinitions" in algorithm and builtin.metric_definitions(algorithm["TrainingImage"]):
        raise invalid(
            "You can't override the metric definitions for Amazon SageMaker algorithms. Please "
            "retry the request without specifying metric definitions."
        )
    access = "AlgorithmSpecification.TrainingImageConfig.TrainingRepositoryAccessMode"
    if _member(request, access) == "Vpc":
        raise not_supported(f"CreateTrainingJob's {access} Vpc")
    profiler: Record = request.get("ProfilerConfig") or {"DisableProfiler": True}
    if not profiler.get("DisableProfiler"):
        raise not_supported("CreateTrainingJob's ProfilerConfig without DisableProfiler")
    resources: dict[str, Any] = request.get("ResourceConfig") or {}
    if "InstanceType" not in resources or resources.get("InstanceCount", 0) < 1:
        raise not_supported("training without InstanceType and an InstanceCount of at least 1")
    volume_keys.assert_taken(resources.get("VolumeKmsKeyId"), [resources["InstanceType"]])
    if vpc := request.get("VpcConfig"):
        network.assert_there(vpc["Subnets"], vpc["SecurityGroupIds"])
    output = request["OutputDataConfig"]
    if output.get("CompressionType", "GZIP") != "GZIP":
        raise not_supported("OutputDataConfig.CompressionType other than GZIP")
    s3_data.split(output["S3OutputPath"])
    if config := request.get("CheckpointConfig"):
        checkpoints.assert_supported(config)
    _assert_waits(request)
    channels.assert_supported(request.get("InputDataConfig", []), algorithm["TrainingInputMode"])


def with_metrics(algorithm: Record) -> Record:
    """Return an AlgorithmSpecification with the metrics that SageMaker looks for in the log."""
    own = builtin.metric_definitions(algorithm.get("TrainingImage", ""))
    return algorithm if own is None else {**algorithm, "MetricDefinitions": own}


def new_record(request: Record, job_arn: str) -> Record:
    """Return the record of a new job."""
    time = now()
    given = {name: value for name, value in request.items() if name != "Tags" and value is not None}
    return {
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
        "HyperParameters": {},
        **given,
        "AlgorithmSpecification": with_metrics(request["AlgorithmSpecification"]),
        "TrainingJobArn": job_arn,
        "StoppingCondition": {
            "MaxRuntimeInSeconds": DEFAULT_MAX_RUNTIME,
            **given.get("StoppingCondition", {}),
        },
        "ModelArtifacts": {"S3ModelArtifacts": ""},
        "TrainingJobStatus": "InProgress",
        "SecondaryStatus": "Starting",
        "SecondaryStatusTransitions": [],
        "CreationTime": time,
        "LastModifiedTime": time,
    }


def _assert_waits(request: Record) -> None:
    stopping: Record = request.get("StoppingCondition") or {}
    wait = stopping.get("MaxWaitTimeInSeconds")
    if request.get("EnableManagedSpotTraining"):
        if wait is None or wait < stopping.get("MaxRuntimeInSeconds", DEFAULT_MAX_RUNTIME):
            raise invalid(
                "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to "
                "MaxRuntimeInSeconds"
            )
    elif wait is not None:
        raise invalid(
            "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is "
            "set to true"
        )


def _member(request: Record, path: str) -> Any:
    found: Any = request
    for name in path.split("."):
        found = (found or {}).get(name)
    return found
