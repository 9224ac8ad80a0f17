"""Events of jobs of every kind as CloudFormation delivers them, and their delivery."""

from typing import Any

from jobs import job_resource
from jobs.events import Event, Progress
from jobs.kinds import KINDS

from .fake_aws import STACK_ID, FakeAws


def stringified(value: object) -> Any:
    """ResourceProperties as CloudFormation delivers them."""
    if isinstance(value, dict):
        return {key: stringified(item) for key, item in value.items()}
    if isinstance(value, list):
        return [stringified(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/mars:1"
ROLE = "arn:aws:iam::000000000000:role/job"
TAGS = [{"Key": "project", "Value": "iris"}]

_TRAINING: dict[str, Any] = {
    "AlgorithmSpecification": {
        "TrainingImage": IMAGE,
        "TrainingInputMode": "File",
        "MetricDefinitions": [{"Name": "validation:rmse", "Regex": "rmse=([0-9.]+)"}],
    },
    "RoleArn": ROLE,
    "InputDataConfig": [
        {
            "ChannelName": "train",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/9c/"}},
        }
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://models/"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
    "StoppingCondition": {"MaxRuntimeInSeconds": 3300},
    "CheckpointConfig": {"S3Uri": "s3://data/checkpoints/<JobName>"},
    "EnableNetworkIsolation": True,
}
REQUESTS: dict[str, dict[str, Any]] = {
    "TrainingJob": {
        **_TRAINING,
        "HyperParameters": {"target": "Sepal.Length", "degree": "2"},
        "Tags": TAGS,
    },
    "HyperParameterTuningJob": {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {
                "Type": "Minimize",
                "MetricName": "validation:rmse",
            },
            "ResourceLimits": {
                "MaxNumberOfTrainingJobs": 6,
                "MaxParallelTrainingJobs": 2,
                "MaxRuntimeInSeconds": 3300,
            },
        },
        "TrainingJobDefinition": {**_TRAINING, "StaticHyperParameters": {"target": "Sepal.Length"}},
        "Tags": TAGS,
    },
    "ProcessingJob": {
        "AppSpecification": {"ImageUri": IMAGE, "ContainerArguments": ["evaluate"]},
        "RoleArn": ROLE,
        "ProcessingInputs": [
            {
                "InputName": name,
                "S3Input": {
                    "S3Uri": f"s3://data/{name}",
                    "LocalPath": f"/opt/ml/processing/{name}",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
            for name in ("model", "test")
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "evaluation",
                    "S3Output": {
                        "S3Uri": "s3://data/evaluations/<JobName>",
                        "LocalPath": "/opt/ml/processing/evaluation",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 10,
            }
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 3300},
        "Tags": TAGS,
    },
    "TransformJob": {
        "ModelName": "iris-model-1",
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/new/"}},
            "ContentType": "text/csv",
        },
        "TransformOutput": {"S3OutputPath": "s3://data/transforms/<JobName>"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        "MaxConcurrentTransforms": 1,
        "Tags": TAGS,
    },
}
# A change that makes another job of each kind.
OTHER: dict[str, dict[str, Any]] = {
    "TrainingJob": {"HyperParameters": {"degree": "3"}},
    "HyperParameterTuningJob": {
        "HyperParameterTuningJobConfig": {
            **REQUESTS["HyperParameterTuningJob"]["HyperParameterTuningJobConfig"],
            "Strategy": "Random",
        }
    },
    "ProcessingJob": {"AppSpecification": {"ImageUri": IMAGE, "ContainerArguments": ["judge"]}},
    "TransformJob": {"ModelName": "iris-model-2"},
}


def job_event(
    request_type: str,
    request_id: str,
    *,
    kind: str = "TrainingJob",
    physical_id: str | None = None,
    properties: dict[str, Any] | None = None,
    **changes: Any,
) -> Event:
    """An event of the resource that starts a job; `changes` go into its request."""
    event: Any = {
        "RequestType": request_type,
        "RequestId": request_id,
        "StackId": STACK_ID,
        "LogicalResourceId": "MarsJob",
        "ResourceType": f"Custom::SageMaker{kind}",
        "ResourceProperties": stringified(
            {
                "JobNamePrefix": "iris-mars-mars",
                "WaitSeconds": 3000,
                "LastWait": True,
                f"Create{kind}Request": REQUESTS[kind] | changes,
                **(properties or {}),
            }
        ),
    }
    if physical_id:
        event["PhysicalResourceId"] = physical_id
    result: Event = event
    return result


def wait_event(request_type: str, job: str, *, kind: str = "TrainingJob", last: bool) -> Event:
    """An event of a resource that waits for a job."""
    event = job_event(request_type, "w1", kind=kind)
    event["LogicalResourceId"] = "MarsWait2"
    event["ResourceType"] = "Custom::SageMakerJobWait"
    event["ResourceProperties"] = stringified(
        {"JobType": kind, "JobName": job, "WaitSeconds": 3000, "LastWait": last}
    )
    return event


def deliver(aws: FakeAws, event: Event) -> str:
    """Deliver a Create or Update; return the name of the job that serves it."""
    return job_resource.on_event(event, aws.clients)["PhysicalResourceId"]


def poll(aws: FakeAws, event: Event, name: str, wait_until: int = 2**40) -> Progress:
    """Ask whether the job that serves the event is done."""
    asked: Event = {**event, "PhysicalResourceId": name, "WaitUntil": wait_until}
    return job_resource.is_complete(asked, aws.clients)


def done(aws: FakeAws, event: Event) -> str:
    """Deliver a Create or Update and let its job complete; return the job's name."""
    name = deliver(aws, event)
    complete(aws, name)
    return name


def complete(aws: FakeAws, name: str) -> None:
    """Let a job complete with what a job of its kind leaves."""
    if aws.jobs[name]["_type"] == "HyperParameterTuningJob":
        best = aws.tried(name)
        objective = {"MetricName": "validation:rmse", "Value": 0.3100000023841858}
        aws.jobs[name]["BestTrainingJob"] = {
            "TrainingJobName": best,
            "TunedHyperParameters": {"penalty": "2.5", "degree": "2"},
            "FinalHyperParameterTuningJobObjectiveMetric": objective,
        }
    aws.end(name, "Completed")


ALL_KINDS = sorted(KINDS)
