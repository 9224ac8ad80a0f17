"""The app's account in memory, behind real botocore clients: only the way over the wire is cut."""

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.response import StreamingBody

from cli.account import Account
from cli.jobs import KINDS, TUNING, Kind

Record = dict[str, Any]


class FakeAws:
    """`jobs`, `streams`, `stacks` and `objects` are the world that a test arranges and looks at."""

    def __init__(self) -> None:
        self.reset()
        session = boto3.Session("test", "test", region_name="us-east-1")
        self.account = Account(
            cloudformation=session.client("cloudformation"),
            logs=session.client("logs"),
            s3=session.client("s3"),
            sagemaker=session.client("sagemaker"),
        )
        for client in vars(self.account).values():
            client.meta.events.register_first("before-parameter-build.*.*", self._hear)
            client.meta.events.register_last("before-call.*.*", self._answer)

    def reset(self) -> None:
        """Forget everything, keeping the clients, which are slow to make."""
        self.jobs: dict[str, dict[str, Record]] = {kind.name: {} for kind in KINDS}
        self.streams: dict[str, list[tuple[int, str]]] | None = None  # None: there is no log group
        self.stacks: dict[str, dict[str, str]] = {}
        self.owners: dict[str, str] = {}  # of stacks whose app is not the first word of the name
        self.events: list[Record] = []
        self.objects: dict[str, bytes] = {}
        self.trials: list[Record] = []
        self.variants: dict[str, str] = {}
        self.shadows: set[str] = set()
        self.calls: list[str] = []
        self.missing_text = "Requested resource not found."

    def add(self, kind: Kind, name: str, **members: Any) -> Record:
        """Put a job there, in progress."""
        words = xform_name(kind.name, "-")
        self.jobs[kind.name][name] = {
            f"{kind.name}Name": name,
            f"{kind.name}Arn": f"arn:aws:sagemaker:us-east-1:000000000000:{words}/{name.lower()}",
            f"{kind.name}Status": "InProgress",
            "CreationTime": datetime.now(UTC),
            **members,
        }
        return self.jobs[kind.name][name]

    def end(self, kind: Kind, name: str, status: str = "Completed", **members: Any) -> None:
        """Let a job end, 42 seconds after its creation."""
        job = self.jobs[kind.name][name]
        end = job["CreationTime"] + timedelta(seconds=42)
        self.jobs[kind.name][name] = {
            **job,
            f"{kind.name}Status": status,
            kind.end_time: end,
            **members,
        }

    def say(self, stream: str, *lines: tuple[int, str]) -> None:
        """Write lines to a log stream, each with its timestamp."""
        self.streams = self.streams or {}
        self.streams.setdefault(stream, []).extend(lines)

    def _hear(self, params: Record, context: Record, **_: object) -> None:
        context["asked"] = params

    def _answer(self, model: Any, context: Record, **_: object) -> Any:
        self.calls.append(model.name)
        try:
            parsed = self._operation(model.name)(dict(context["asked"]))
        except ClientError as error:
            return SimpleNamespace(status_code=400), dict(error.response)
        return SimpleNamespace(status_code=200), parsed

    def _operation(self, operation: str) -> Callable[[Record], Record]:
        for kind in KINDS:
            if operation == f"Describe{kind.name}":
                return lambda asked: self._job(kind, asked[f"{kind.name}Name"])
            if operation == f"List{kind.name}s":
                return lambda asked: self._listed(kind, asked)
            if operation == f"Create{kind.name}":
                return lambda asked: self._created(kind, asked)
            if operation == f"Stop{kind.name}":
                return lambda asked: self._stopped(kind, asked[f"{kind.name}Name"])
        answer: Callable[[Record], Record] = getattr(self, f"_{operation}")
        return answer

    def _job(self, kind: Kind, name: str) -> Record:
        longest = 32 if kind == TUNING else 63
        if not re.fullmatch(rf"(?=.{{1,{longest}}}$)[a-zA-Z0-9](-*[a-zA-Z0-9])*", name):
            raise error_of("ValidationException", "1 validation error detected")
        if name not in self.jobs[kind.name]:
            raise error_of("ValidationException", self.missing_text)
        return self.jobs[kind.name][name]

    def _listed(self, kind: Kind, asked: Record) -> Record:
        jobs = self.jobs[kind.name]
        return {
            f"{kind.name}Summaries": [jobs[each] for each in jobs if asked["NameContains"] in each]
        }

    def _created(self, kind: Kind, asked: Record) -> Record:
        job = self.add(kind, asked[f"{kind.name}Name"], **asked)
        return {f"{kind.name}Arn": job[f"{kind.name}Arn"]}

    def _stopped(self, kind: Kind, name: str) -> Record:
        self._job(kind, name)[f"{kind.name}Status"] = "Stopping"
        return {}

    def _ListTrainingJobsForHyperParameterTuningJob(self, asked: Record) -> Record:  # noqa: N802
        self._job(TUNING, asked["HyperParameterTuningJobName"])
        return {"TrainingJobSummaries": self.trials}

    def _DescribeEndpoint(self, asked: Record) -> Record:  # noqa: N802
        return {"EndpointName": asked["EndpointName"], "EndpointConfigName": "config"}

    def _DescribeEndpointConfig(self, asked: Record) -> Record:  # noqa: N802
        assert asked["EndpointConfigName"] == "config"
        config: Record = {"ProductionVariants": [], "ShadowProductionVariants": []}
        for variant, model in self.variants.items():
            kind = "ShadowProductionVariants" if variant in self.shadows else "ProductionVariants"
            config[kind].append({"VariantName": variant, "ModelName": model})
        return {key: variants for key, variants in config.items() if variants}

    def _DescribeModel(self, asked: Record) -> Record:  # noqa: N802
        return {"PrimaryContainer": {"Image": f"image-of-{asked['ModelName']}"}}

    def _DescribeStacks(self, asked: Record) -> Record:  # noqa: N802
        if "StackName" not in asked:
            return {"Stacks": [self._stack(name) for name in self.stacks]}
        if asked["StackName"] not in self.stacks:
            raise error_of("ValidationError", f"Stack with id {asked['StackName']} does not exist")
        return {"Stacks": [self._stack(asked["StackName"])]}

    def _stack(self, name: str) -> Record:
        outputs = [
            {"OutputKey": key, "OutputValue": value} for key, value in self.stacks[name].items()
        ]
        return {
            "StackName": name,
            "StackId": f"id-of-{name}",
            "StackStatus": "ROLLBACK_COMPLETE",
            "Outputs": outputs,
            "Tags": [{"Key": "app", "Value": self.owners.get(name, name.partition("-")[0])}],
        }

    def happen(self, status: str, name: str, stack: str, reason: str = "") -> None:
        """Add to a stack's events; the name of the stack itself is an event of its own."""
        self.events.insert(
            0,
            {
                "EventId": str(len(self.events)),
                "Timestamp": datetime.now(UTC),
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
                "LogicalResourceId": name,
                "PhysicalResourceId": f"id-of-{name}",
                "StackId": f"id-of-{stack}",
            },
        )

    def _DescribeStackEvents(self, asked: Record) -> Record:  # noqa: N802
        start = int(asked.get("NextToken", 0))  # a page an event, as if there were many
        page: Record = {"StackEvents": self.events[start : start + 1]}
        assert all(event["StackId"] == asked["StackName"] for event in page["StackEvents"])
        return page | ({"NextToken": str(start + 1)} if start + 1 < len(self.events) else {})

    def _DeleteStack(self, asked: Record) -> Record:  # noqa: N802
        stack = asked["StackName"].removeprefix("id-of-")
        del self.stacks[stack]
        self.happen("DELETE_IN_PROGRESS", stack, stack)
        return {}

    def _ListStackResources(self, asked: Record) -> Record:  # noqa: N802
        assert asked["StackName"] in self.stacks
        there = {"data": "AWS::S3::Bucket", "app-key": "AWS::KMS::Key"}
        pages = [{"PhysicalResourceId": name, "ResourceType": kind} for name, kind in there.items()]
        start = int(asked.get("NextToken", 0))
        page: Record = {"StackResourceSummaries": pages[start : start + 1]}
        return page | ({"NextToken": str(start + 1)} if start + 1 < len(pages) else {})

    def _DescribeLogStreams(self, asked: Record) -> Record:  # noqa: N802
        if self.streams is None:
            raise error_of("ResourceNotFoundException", "The specified log group does not exist.")
        prefix = asked["logStreamNamePrefix"]
        names = sorted(name for name in self.streams if name.startswith(prefix))
        start = int(asked.get("nextToken", 0))  # a page a stream, as if there were many
        page: Record = {
            "logStreams": [{"logStreamName": name} for name in names[start : start + 1]]
        }
        return page | ({"nextToken": str(start + 1)} if start + 1 < len(names) else {})

    def _GetLogEvents(self, asked: Record) -> Record:  # noqa: N802
        assert self.streams is not None
        assert "nextToken" in asked or asked["startFromHead"]
        lines = self.streams[asked["logStreamName"]]
        start = int(asked.get("nextToken", "f/0").removeprefix("f/"))
        page = lines[start : start + 2]
        return {
            "events": [{"timestamp": time, "message": text} for time, text in page],
            "nextForwardToken": f"f/{start + len(page)}",
        }

    def _ListObjectsV2(self, asked: Record) -> Record:  # noqa: N802
        if asked["Bucket"] != "data":
            raise error_of("NoSuchBucket", "The specified bucket does not exist")
        found = {key: body for key, body in self.objects.items() if key.startswith(asked["Prefix"])}
        return {"Contents": [{"Key": key, "Size": len(body)} for key, body in found.items()]}

    def _HeadObject(self, asked: Record) -> Record:  # noqa: N802
        return {"ContentLength": len(self.objects[asked["Key"]]), "ETag": "tag"}

    def _GetObject(self, asked: Record) -> Record:  # noqa: N802
        if asked["Key"] not in self.objects:
            raise error_of("NoSuchKey", "The specified key does not exist.")
        body = self.objects[asked["Key"]]
        return {"Body": StreamingBody(io.BytesIO(body), len(body)), "ContentLength": len(body)}

    def _PutObject(self, asked: Record) -> Record:  # noqa: N802
        assert asked["Bucket"] == "data"
        self.objects[asked["Key"]] = asked["Body"].read()
        return {}


def error_of(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "")
