"""Events of a training job as CloudFormation delivers them, and their delivery."""

from typing import Any

from jobs import training_job
from jobs.events import Event, Progress

from .fake_aws import STACK_ID, FakeAws


def stringified(value: object) -> Any:
    """ResourceProperties as CloudFormation delivers them."""
    if isinstance(value, dict):
        return {key: stringified(item) for key, item in value.items()}
    if isinstance(value, list):
        return [stringified(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


REQUEST: dict[str, Any] = {
    "AlgorithmSpecification": {
        "TrainingImage": "000000000000.dkr.ecr.us-east-1.amazonaws.com/mars:1",
        "TrainingInputMode": "File",
    },
    "RoleArn": "arn:aws:iam::000000000000:role/training",
    "HyperParameters": {"target": "Sepal.Length", "degree": "2"},
    "InputDataConfig": [
        {
            "ChannelName": "train",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://data/9c/"}},
        }
    ],
    "OutputDataConfig": {"S3OutputPath": "s3://models/"},
    "ResourceConfig": {
        "InstanceType": "ml.m5.large",
        "InstanceCount": 1,
        "VolumeSizeInGB": 10,
    },
    "StoppingCondition": {"MaxRuntimeInSeconds": 3300},
    "EnableNetworkIsolation": True,
    "Tags": [{"Key": "project", "Value": "iris"}],
}


def training_event(request_type: str, request_id: str, **changes: Any) -> Event:
    """An event of the training job; `changes` go into the request, physical_id beside it."""
    physical_id = changes.pop("physical_id", None)
    revision = changes.pop("revision", None)
    properties = {"JobNamePrefix": "iris-mars-mars", "CreateTrainingJobRequest": REQUEST | changes}
    event: Any = {
        "RequestType": request_type,
        "RequestId": request_id,
        "StackId": STACK_ID,
        "LogicalResourceId": "MarsTrainingJob",
        "ResourceType": "Custom::SageMakerTrainingJob",
        "ResourceProperties": stringified(
            properties | ({"Revision": revision} if revision else {})
        ),
    }
    if physical_id:
        event["PhysicalResourceId"] = physical_id
    result: Event = event
    return result


def deliver(aws: FakeAws, event: Event) -> str:
    return training_job.on_event(event, aws.clients)["PhysicalResourceId"]


def poll(aws: FakeAws, event: Event, name: str) -> Progress:
    asked: Event = {**event, "PhysicalResourceId": name}
    return training_job.is_complete(asked, aws.clients)


def trained(aws: FakeAws, event: Event) -> str:
    name = deliver(aws, event)
    aws.end(name, "Completed")
    return name
