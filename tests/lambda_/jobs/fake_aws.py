"""SageMaker's training jobs and a stack's status in memory, behind real botocore clients.

botocore validates every request and raises its own errors; only the way over the wire is cut.
"""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.exceptions import ClientError

from jobs.clients import Clients

STACK_ID = "arn:aws:cloudformation:us-east-1:000000000000:stack/iris/5f8c0d70"
PAGE = 2  # small, so that every listing of a few jobs is a paginated one


class FakeAws:
    """One account; `jobs` and `stack_status` are the world that a test arranges and looks at."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.log_streams: list[str] | None = None  # None: there is no log group
        self.missing_code = "ValidationException"  # how a job that is not there is answered
        self.stack_status = "CREATE_IN_PROGRESS"
        self.calls: list[str] = []
        self.hooks: dict[str, Callable[[], None]] = {}  # run before the operation, once
        connect = boto3.Session("test", "test", region_name="us-east-1").client
        self.clients = Clients(
            cloudformation=connect("cloudformation"),
            logs=connect("logs"),
            sagemaker=connect("sagemaker"),
            runtime=connect("sagemaker-runtime"),
        )
        for client in (self.clients.cloudformation, self.clients.logs, self.clients.sagemaker):
            client.meta.events.register_last("before-call.*.*", self._answer)

    def reset(self) -> None:
        """Forget everything, keeping the clients, which are slow to make."""
        self.jobs, self.calls, self.hooks, self.log_streams = {}, [], {}, None
        self.stack_status, self.missing_code = "CREATE_IN_PROGRESS", "ValidationException"

    def end(self, name: str, status: str, **fields: object) -> None:
        """Let a job reach a status."""
        self.jobs[name] |= {"TrainingJobStatus": status, "SecondaryStatus": status, **fields}

    def statuses(self) -> list[str]:
        """The status of every job, oldest first."""
        return [job["TrainingJobStatus"] for job in self.jobs.values()]

    def _answer(self, model: Any, params: dict[str, Any], **_: object) -> Any:
        self.calls.append(model.name)
        self.hooks.pop(model.name, lambda: None)()
        body = params["body"]  # JSON to SageMaker, form fields to CloudFormation
        request = body if isinstance(body, dict) else json.loads(body)
        try:
            parsed = getattr(self, f"_{model.name}")(request)
        except ClientError as error:
            return SimpleNamespace(status_code=400), dict(error.response)
        return SimpleNamespace(status_code=200), parsed

    def _DescribeStacks(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        assert request["StackName"] == STACK_ID
        return {"Stacks": [{"StackStatus": self.stack_status}]}

    def _CreateTrainingJob(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = request["TrainingJobName"]
        if name in self.jobs:
            raise _error("ResourceInUse", f"{name} exists")
        self.jobs[name] = {
            **request,
            "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:000000000000:training-job/{name}",
            "TrainingJobStatus": "InProgress",
            "SecondaryStatus": "Starting",
            "CreationTime": datetime.now(UTC),
            "ModelArtifacts": {"S3ModelArtifacts": f"s3://models/{name}/output/model.tar.gz"},
        }
        return {"TrainingJobArn": self.jobs[name]["TrainingJobArn"]}

    def _DescribeTrainingJob(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return self._job(request)

    def _ListTrainingJobs(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        names = [name for name in self.jobs if request["NameContains"] in name]
        start = int(request.get("NextToken", 0))
        page: dict[str, Any] = {
            "TrainingJobSummaries": [self.jobs[name] for name in names[start : start + PAGE]]
        }
        if start + PAGE < len(names):
            page["NextToken"] = str(start + PAGE)
        return page

    def _ListTags(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        name = request["ResourceArn"].rpartition("/")[2]
        return {"Tags": self._job({"TrainingJobName": name})["Tags"]}

    def _StopTrainingJob(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        job = self._job(request)
        if job["TrainingJobStatus"] != "InProgress":
            raise _error("ValidationException", f"in status {job['TrainingJobStatus']}")
        self.end(job["TrainingJobName"], "Stopping")
        return {}

    def _DeleteTrainingJob(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        job = self._job(request)
        if job["TrainingJobStatus"] in ("InProgress", "Stopping", "Deleting"):
            raise _error("ResourceInUse", "not in a terminal state")
        del self.jobs[job["TrainingJobName"]]
        return {}

    def _DescribeLogStreams(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        names = [
            name
            for name in self._log_streams(request)
            if name.startswith(request["logStreamNamePrefix"])
        ]
        start = int(request.get("nextToken", 0))
        page: dict[str, Any] = {
            "logStreams": [{"logStreamName": name} for name in names[start : start + PAGE]]
        }
        if start + PAGE < len(names):
            page["nextToken"] = str(start + PAGE)
        return page

    def _DeleteLogStream(self, request: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if request["logStreamName"] not in self._log_streams(request):
            raise _error("ResourceNotFoundException", "The specified log stream does not exist.")
        self._log_streams(request).remove(request["logStreamName"])
        return {}

    def _log_streams(self, request: dict[str, Any]) -> list[str]:
        assert request["logGroupName"] == "/aws/sagemaker/TrainingJobs"
        if self.log_streams is None:
            raise _error("ResourceNotFoundException", "The specified log group does not exist.")
        return self.log_streams

    def _job(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request["TrainingJobName"]
        if name not in self.jobs:
            raise _error(self.missing_code, "Requested resource not found.")
        assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name)
        return self.jobs[name]


def _error(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "")
