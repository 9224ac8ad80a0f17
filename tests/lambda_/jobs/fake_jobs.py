"""SageMaker's jobs of every kind in memory, as their operations answer and refuse."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

PAGE = 2  # small, so that every listing of a few jobs is a paginated one

_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
_OPERATION = re.compile(
    r"(Create|Describe|List|Stop|Delete)"
    r"(TrainingJob|HyperParameterTuningJob|ProcessingJob|TransformJob)s?"
)
_MISSING = {
    "TrainingJob": "Requested resource not found.",
    "HyperParameterTuningJob": "Requested resource not found.",
    "ProcessingJob": "Could not find requested job with name",
    "TransformJob": "Could not find requested job with name",
}


class FakeJobs:
    """`jobs` has the record of every job by its name, oldest first, `_type` saying its kind."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.missing_code = "ValidationException"  # how a job that is not there is answered
        self._now = datetime.now(UTC) - timedelta(milliseconds=400)

    def answer(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """Answer an operation, or raise ClientError as SageMaker does."""
        if operation == "ListTags":
            return {"Tags": self._job(request["ResourceArn"].rpartition("/")[2])["Tags"]}
        if operation == "ListTrainingJobsForHyperParameterTuningJob":
            return self._list_tried(request)
        match = _OPERATION.fullmatch(operation)
        assert match, operation
        verb, kind = match.groups()
        if verb == "List":
            named = [job for name, job in self.jobs.items() if request["NameContains"] in name]
            # newest first, which is no order to rely on: each kind has its own default
            return page(f"{kind}Summaries", [*reversed(_of(kind, named))], request)
        name = request[f"{kind}Name"]
        assert len(name) <= (32 if kind == "HyperParameterTuningJob" else 63)
        if verb == "Create":
            return self._create(kind, name, request)
        answer: dict[str, Any] = getattr(self, f"_{verb.lower()}")(kind, self._job(name, kind))
        return answer

    def end(self, name: str, status: str, **fields: object) -> None:
        """Let a job reach a status."""
        kind = self.jobs[name]["_type"]
        secondary = {"SecondaryStatus": status} if kind == "TrainingJob" else {}
        self.jobs[name] |= {f"{kind}Status": status, **secondary, **fields}

    def tried(self, tuning_job: str, status: str, **fields: object) -> str:
        """Let a tuning job have started a training job; return its name."""
        number = len(self._tried(tuning_job)) + 1
        name = f"{tuning_job}-{number:03}-0a1b2c3d"
        tags = self.jobs[tuning_job]["Tags"]
        self._create("TrainingJob", name, {"TrainingJobName": name, "Tags": tags})
        self.jobs[name]["_tuning"] = tuning_job
        self.end(name, status, **fields)
        return name

    def _create(self, kind: str, name: str, request: dict[str, Any]) -> dict[str, Any]:
        assert _NAME.fullmatch(name)
        if name in self.jobs:
            raise error("ResourceInUse", f"{name} exists")
        self._now += timedelta(milliseconds=1)
        noun = re.sub(r"(?<!^)(?=[A-Z])", "-", kind.replace("HyperP", "Hyperp")).lower()
        arn = f"arn:aws:sagemaker:us-east-1:000000000000:{noun}/{name}"
        self.jobs[name] = {**request, "_type": kind, f"{kind}Arn": arn, "CreationTime": self._now}
        self.end(name, "InProgress")
        if kind == "TrainingJob":
            artifact = f"s3://models/{name}/output/model.tar.gz"
            self.jobs[name] |= {
                "SecondaryStatus": "Starting",
                "ModelArtifacts": {"S3ModelArtifacts": artifact},
            }
        return {f"{kind}Arn": arn}

    def _describe(self, _kind: str, job: dict[str, Any]) -> dict[str, Any]:
        return job

    def _stop(self, kind: str, job: dict[str, Any]) -> dict[str, Any]:
        if job[f"{kind}Status"] != "InProgress":
            raise error("ValidationException", f"in status {job[f'{kind}Status']}")
        self.end(job[f"{kind}Name"], "Stopping")
        for name in self._tried(job[f"{kind}Name"]):
            if self.jobs[name]["TrainingJobStatus"] == "InProgress":
                self.end(name, "Stopping")
        return {}

    def _delete(self, kind: str, job: dict[str, Any]) -> dict[str, Any]:
        assert kind != "TransformJob", "SageMaker has no DeleteTransformJob"
        if job[f"{kind}Status"] in ("InProgress", "Stopping", "Deleting"):
            raise error("ResourceInUse", "not in a terminal state")
        del self.jobs[job[f"{kind}Name"]]
        return {}

    def _list_tried(self, request: dict[str, Any]) -> dict[str, Any]:
        tuning_job = request["HyperParameterTuningJobName"]
        self._job(tuning_job)
        tried = [self.jobs[name] for name in self._tried(tuning_job)]
        wanted = request.get("StatusEquals")
        tried = [job for job in tried if wanted in (None, job["TrainingJobStatus"])]
        return page("TrainingJobSummaries", tried, request)

    def _tried(self, tuning_job: str) -> list[str]:
        return [name for name, job in self.jobs.items() if job.get("_tuning") == tuning_job]

    def _job(self, name: str, kind: str | None = None) -> dict[str, Any]:
        job = self.jobs.get(name)
        if job is None or kind not in (None, job["_type"]):
            raise error(self.missing_code, _MISSING[kind or "TrainingJob"])
        return job


def page(
    member: str, items: list[Any], request: dict[str, Any], token: str = "NextToken"
) -> dict[str, Any]:
    """Answer a listing with the page that the request asks for."""
    start = int(request.get(token, 0))
    answer: dict[str, Any] = {member: items[start : start + PAGE]}
    if start + PAGE < len(items):
        answer[token] = str(start + PAGE)
    return answer


def error(code: str, message: str) -> ClientError:
    """Make the error with which a service refuses."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "")


def _of(kind: str, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [job for job in jobs if job["_type"] == kind]
