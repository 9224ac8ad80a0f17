"""An account in memory, behind real botocore clients: stacks, jobs, logs, endpoints, objects.

botocore validates every request and raises its own errors; only the way over the wire is cut.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.exceptions import ClientError

from jobs.clients import Clients

from .fake_jobs import FakeJobs, error, page
from .fake_scaling import FakeScaling

STACK_ID = "arn:aws:cloudformation:us-east-1:000000000000:stack/iris/5f8c0d70"
TRAINING_LOGS = "/aws/sagemaker/TrainingJobs"
S3_OPERATIONS = ("DeleteObject", "GetObject", "ListObjectsV2", "PutObject")


class FakeAws:
    """One account; its attributes are the world that a test arranges and looks at."""

    def __init__(self) -> None:
        connect = boto3.Session("test", "test", region_name="us-east-1").client
        self.clients = Clients(
            cloudformation=connect("cloudformation"),
            logs=connect("logs"),
            s3=connect("s3"),
            sagemaker=connect("sagemaker"),
            runtime=connect("sagemaker-runtime"),
            scaling=connect("application-autoscaling"),
            cloudwatch=connect("cloudwatch"),
            ec2=connect("ec2"),
        )
        for client in (
            self.clients.cloudformation,
            self.clients.logs,
            self.clients.s3,
            self.clients.sagemaker,
            self.clients.scaling,
            self.clients.cloudwatch,
        ):
            client.meta.events.register_last("before-call.*.*", self.answer)
        self.reset()

    def reset(self) -> None:
        """Forget everything, keeping the clients, which are slow to make."""
        self._jobs = FakeJobs()
        self.scaling = FakeScaling()
        self.jobs = self._jobs.jobs
        self.stack_status = "CREATE_IN_PROGRESS"
        self.calls: list[str] = []
        self.hooks: dict[str, Callable[[], None]] = {}  # run before the operation, once
        self.logs: dict[str, dict[str, list[str]]] = {}  # of a group: its streams with their lines
        self.objects: dict[str, bytes] = {}
        self.content_types: dict[str, str] = {}  # of those objects that were put with one
        self.put_at = datetime.now(UTC)  # when every object was
        self.endpoints: dict[str, dict[str, Any]] = {}
        self.endpoint_configs: dict[str, list[dict[str, Any]]] = {}
        self.models: dict[str, dict[str, str]] = {}

    def missing(self, code: str) -> None:
        """Choose the error code with which SageMaker answers for a job that is not there."""
        self._jobs.missing_code = code

    def end(self, name: str, status: str, **fields: object) -> None:
        """Let a job reach a status."""
        self._jobs.end(name, status, **fields)

    def tried(self, tuning_job: str, status: str = "Completed", **fields: object) -> str:
        """Let a tuning job have started a training job; return its name."""
        return self._jobs.tried(tuning_job, status, **fields)

    def statuses(self) -> list[str]:
        """The status of every job, oldest first."""
        return [self.status(name) for name in self.jobs]

    def status(self, name: str) -> str:
        """The status of one job."""
        job = self.jobs[name]
        return str(job[f"{job['_type']}Status"])

    def wrote(self, stream: str, *lines: str, group: str = TRAINING_LOGS) -> None:
        """Let a job's container have written lines."""
        self.logs.setdefault(group, {}).setdefault(stream, []).extend(lines)

    def streams(self, group: str = TRAINING_LOGS) -> list[str]:
        """The names of a log group's streams."""
        return list(self.logs.get(group, {}))

    def serves(self, endpoint: str, image: str, artifact: str, status: str = "InService") -> None:
        """Let an endpoint serve one model with its only variant, which is called "mars"."""
        self.models[f"{endpoint}-model"] = {"Image": image, "ModelDataUrl": artifact}
        variant = {"VariantName": "mars", "ModelName": f"{endpoint}-model"}
        self.endpoint_configs[f"{endpoint}-config"] = [variant]
        self.endpoints[endpoint] = {
            "EndpointConfigName": f"{endpoint}-config",
            "EndpointStatus": status,
        }

    def answer(self, model: Any, params: dict[str, Any], **_: object) -> Any:
        """Answer a call, as a handler of botocore's event before-call."""
        self.calls.append(model.name)
        body = params["body"]  # JSON to most services, form fields to CloudFormation
        try:
            self.hooks.pop(model.name, lambda: None)()
            if model.name in S3_OPERATIONS:
                return SimpleNamespace(status_code=200), self._s3(model.name, params)
            request = body if isinstance(body, dict) else json.loads(body or "{}")
            answer = getattr(self, f"_{model.name}", None)
            if self.scaling.answers(model.name):
                parsed = self.scaling.answer(model.name, request)
            else:
                parsed = answer(request) if answer else self._jobs.answer(model.name, request)
        except ClientError as refused:
            return SimpleNamespace(status_code=400), dict(refused.response)
        return SimpleNamespace(status_code=200), parsed

    def _DescribeStacks(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        assert request["StackName"] == STACK_ID
        return {"Stacks": [{"StackStatus": self.stack_status}]}

    def _DescribeEndpoint(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = request["EndpointName"]
        if name not in self.endpoints:
            raise error("ValidationException", f'Could not find endpoint "arn:aws:…/{name}".')
        return self.endpoints[name]

    def _DescribeEndpointConfig(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"ProductionVariants": self.endpoint_configs[request["EndpointConfigName"]]}

    def _DescribeModel(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {"PrimaryContainer": self.models[request["ModelName"]]}

    def _DescribeLogStreams(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        prefix = request["logStreamNamePrefix"]
        names = [name for name in self._group(request) if name.startswith(prefix)]
        return page("logStreams", [{"logStreamName": name} for name in names], request, "nextToken")

    def _GetLogEvents(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        assert request["startFromHead"] is False
        lines = self._group(request)[request["logStreamName"]][-request["limit"] :]
        return {"events": [{"message": line} for line in lines]}

    def _DeleteLogStream(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if self._group(request).pop(request["logStreamName"], None) is None:
            raise error("ResourceNotFoundException", "The specified log stream does not exist.")
        return {}

    def _group(self, request: dict[str, Any]) -> dict[str, list[str]]:
        if request["logGroupName"] not in self.logs:
            raise error("ResourceNotFoundException", "The specified log group does not exist.")
        return self.logs[request["logGroupName"]]

    def _s3(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        uri = f"s3:/{params['auth_path']}"
        match operation:
            case "PutObject":
                body = params["body"]
                self.objects[uri] = body if isinstance(body, bytes) else body.read()
                if content_type := params["headers"].get("Content-Type"):
                    self.content_types[uri] = content_type
                return {}
            case "DeleteObject":
                self.objects.pop(uri, None)
                return {}
            case "ListObjectsV2":
                bucket, prefix = f"{uri.rstrip('/')}/", params["query_string"]["prefix"]
                keys = [each.removeprefix(bucket) for each in sorted(self.objects)]
                found = [key for key in keys if key.startswith(prefix)]
                listed = [{"Key": key, "LastModified": self.put_at} for key in found]
                return {"Contents": listed[: params["query_string"]["max-keys"]]}
        if uri not in self.objects:
            raise error("NoSuchKey", "The specified key does not exist.")
        content_type = self.content_types.get(uri, "binary/octet-stream")
        return {"Body": BytesIO(self.objects[uri]), "ContentType": content_type}
