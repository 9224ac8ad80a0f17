"""What the kinds of SageMaker jobs have in common, which is nearly everything.

SageMaker names the operations on its jobs alike, CreateTrainingJob and CreateTransformJob, and so
it does their members, TrainingJobStatus and TransformJobStatus. What differs is a JobKind.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from botocore import xform_name

from jobs.clients import Clients
from jobs.events import Event, ResourceError
from jobs.naming import JobNames

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

RUNNING = frozenset({"InProgress", "Stopping"})


class JobError(ResourceError):
    """The job did not complete, or must not be started."""


@dataclass(frozen=True)
class Job:
    """A job as SageMaker describes it, with the members that every kind has."""

    name: str
    arn: str
    status: str
    elapsed_seconds: int  # since it was created, until it ended or now
    described: Mapping[str, Any]


class JobKind(ABC):
    """A kind of job: how SageMaker calls it, what names it, and what is to be told of its end."""

    type: ClassVar[str]  # as in the operations and members: "TrainingJob"
    noun: ClassVar[str]  # as people call it, at the beginning of a sentence
    names: ClassVar[JobNames]
    log_group: ClassVar[str]
    runtime_setting: ClassVar[str]  # the workload file's word for how long it may take
    deletable: ClassVar[bool] = True
    # Paths in the request to what changes nothing about the outcome: limits, retries and labels.
    not_hashed: ClassVar[frozenset[str]]
    hashed_properties: ClassVar[tuple[str, ...]] = ("Revision",)  # beside the request

    @property
    def create_request(self) -> str:
        """The name of the resource property, and of the input shape, with the job's request."""
        return f"Create{self.type}Request"

    def identity(self, request: Mapping[str, Any], properties: Mapping[str, Any]) -> object:
        """Return what the job's name is derived from: another identity is another job."""
        return [
            _without(request, self.not_hashed),
            *(properties.get(key) for key in self.hashed_properties),
        ]

    def call(self, sagemaker: "SageMakerClient", verb: str, **members: Any) -> dict[str, Any]:
        """Call the operation on this kind of job that begins with `verb`."""
        operation = getattr(sagemaker, xform_name(f"{verb}{self.type}"))
        answer: dict[str, Any] = operation(**members)
        return answer

    def named(self, name: str) -> dict[str, str]:
        """Return the member of a request that names the job."""
        return {f"{self.type}Name": name}

    def job(self, described: Mapping[str, Any]) -> Job:
        """Read the answer of a Describe operation."""
        ended = described.get(f"{self.type.removesuffix('Job')}EndTime", datetime.now(UTC))
        return Job(
            name=described[f"{self.type}Name"],
            arn=described[f"{self.type}Arn"],
            status=described[f"{self.type}Status"],
            elapsed_seconds=round((ended - described["CreationTime"]).total_seconds()),
            described=described,
        )

    def resolved(
        self,
        event: Event,  # noqa: ARG002 - for the kinds that need it
        request: dict[str, Any],
        clients: Clients,  # noqa: ARG002
    ) -> dict[str, Any] | None:
        """Fill in what only the account knows and what names the job; None: none is needed."""
        return request

    def continued(
        self,
        event: Event,  # noqa: ARG002 - for the kinds that need it
        request: dict[str, Any],
        earlier: Mapping[str, str],  # noqa: ARG002
    ) -> dict[str, Any]:
        """Add what the job takes from the `earlier` jobs of its resource, oldest first."""
        return request

    def training_jobs(
        self,
        job: str,  # noqa: ARG002 - for the kind that has some
        sagemaker: "SageMakerClient",  # noqa: ARG002
    ) -> dict[str, str]:
        """List the training jobs that the job started, each with its status."""
        return {}

    @abstractmethod
    def attributes(self, job: Job, clients: Clients) -> dict[str, str]:
        """Tell what a completed job has made; raises JobError if that is of no use."""

    def reason(self, job: Job, clients: Clients) -> str:  # noqa: ARG002 - for the kinds that need it
        """Say why a job has ended in any other way than completed."""
        reason: str = job.described.get("FailureReason") or "SageMaker gives no reason"
        return reason

    def out_of_time(self, seconds: float, limit: int | None) -> str | None:
        """Say what to raise if a job that was stopped had run for as long as it might."""
        if limit is None or seconds < limit:
            return None
        return (
            f"it takes longer than it may: raise {self.runtime_setting}, which is {limit} seconds"
        )

    def failure(self, job: Job, reason: str) -> JobError:
        """Tell how the job ended, and where the rest of the story is."""
        return JobError(
            f"{self.noun} {job.name} {job.status}: {reason}\n"
            f"Its log: make logs JOB={job.name}, or aws logs tail {self.log_group} "
            f"--log-stream-name-prefix {self.log_streams(job.name)}"
        )

    def log_streams(self, job: str) -> str:
        """Return what the names of the job's log streams begin with."""
        return f"{job}/"


def _without(value: Mapping[str, Any], paths: frozenset[str], at: str = "") -> dict[str, Any]:
    """Leave the members at these dotted paths out."""
    return {
        key: _without(member, paths, f"{at}{key}.") if isinstance(member, Mapping) else member
        for key, member in value.items()
        if f"{at}{key}" not in paths
    }
