"""The kinds of jobs, in the words of SageMaker's operations."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.exceptions import ClientError

from workloads.schema.sagemaker import SAGEMAKER_NAME

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

RUNNING = frozenset({"InProgress", "Stopping"})
"""The states of a job that has not ended."""

Description = Mapping[str, Any]
"""The answer of a Describe…Job."""


@dataclass(frozen=True)
class Kind:
    """A kind of job: its operations and their members all begin or end with its name."""

    name: str
    name_length: int = 63
    """How long the name of such a job may be."""

    @property
    def words(self) -> str:
        """`training job`, `hyperparameter tuning job`."""
        return re.sub(r"\B(?=[A-Z])", " ", self.name.replace("Parameter", "parameter")).lower()

    @property
    def log_group(self) -> str:
        """The account's log group of all jobs of the kind; tuning jobs write none themselves."""
        return f"/aws/sagemaker/{self.name}s"

    @property
    def end_time(self) -> str:
        """The member of a description that says when the job ended."""
        return f"{self.name.removesuffix('Job')}EndTime"

    def latest(self, part: str, sagemaker: "SageMakerClient") -> dict[str, Description]:
        """Return the summaries of the 100 latest jobs whose name contains `part`."""
        answer = getattr(sagemaker, xform_name(f"List{self.name}s"))(
            NameContains=part, MaxResults=100, SortBy="CreationTime", SortOrder="Descending"
        )
        return {each[f"{self.name}Name"]: each for each in answer[f"{self.name}Summaries"]}


TRAINING = Kind("TrainingJob")
TUNING = Kind("HyperParameterTuningJob", name_length=32)
PROCESSING = Kind("ProcessingJob")
TRANSFORM = Kind("TransformJob")
KINDS = (TRAINING, TUNING, PROCESSING, TRANSFORM)


@dataclass(frozen=True)
class Job:
    """A job of some kind."""

    kind: Kind
    name: str

    def describe(self, sagemaker: "SageMakerClient") -> Description | None:
        """Describe the job; None if there is none of this kind and name."""
        if len(self.name) > self.kind.name_length or not re.fullmatch(SAGEMAKER_NAME, self.name):
            return None  # SageMaker would object to the question
        operation = getattr(sagemaker, xform_name(f"Describe{self.kind.name}"))
        try:
            described: Description = operation(**{f"{self.kind.name}Name": self.name})
        except ClientError as error:
            if _is_missing(error):
                return None
            raise
        return described

    def status(self, described: Description) -> str:
        """Return InProgress, Stopping, Completed, Stopped or Failed."""
        return str(described[f"{self.kind.name}Status"])

    def ended(self, described: Description) -> bool:
        """Whether the job does nothing any more."""
        return self.status(described) not in RUNNING

    def reason(self, described: Description) -> str:
        """Say how a job ended that did not complete, with SageMaker's and the program's reasons."""
        given = (described.get("FailureReason"), described.get("ExitMessage"))
        # MaxRuntimeExceeded is only there, and no other reason beside it
        reasons = [text for text in given if text] or [described.get("SecondaryStatus", "")]
        status = self.status(described)
        because = "; ".join(text for text in reasons if text and text != status)
        return f"{self.kind.words} {self.name} {status}" + (f": {because}" if because else "")

    def stop(self, sagemaker: "SageMakerClient") -> None:
        """Have SageMaker stop the job, which takes it some time."""
        operation = getattr(sagemaker, xform_name(f"Stop{self.kind.name}"))
        operation(**{f"{self.kind.name}Name": self.name})


def new_name(*words: str) -> str:
    """Name a job submitted now; the words in front are cut where 63 characters need it.

    Unlike the names of a deploy's jobs it is never found again: each call makes a new one.
    """
    now = datetime.now(UTC)
    stamp = f"submitted-{now:%Y%m%d-%H%M%S}-{now.microsecond // 1000:03}"
    prefix = "-".join(words)[: TRAINING.name_length - 1 - len(stamp)].rstrip("-")
    return f"{prefix}-{stamp}"


def _is_missing(error: ClientError) -> bool:
    """Whether SageMaker says that there is no such job.

    Its reference has ResourceNotFound for that, but a ValidationException is what it answers to
    most: https://github.com/aws/aws-sdk/issues/165
    """
    answer = error.response["Error"]
    message = answer.get("Message", "").lower()
    return answer.get("Code") == "ResourceNotFound" or (
        answer.get("Code") == "ValidationException"
        and any(text in message for text in ("not found", "could not find", "does not exist"))
    )
