"""What the stack is doing tells a custom resource what its event is for."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobs.events import Event

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

# A rollback may have to train again (someone deleted the old job), but it never creates: a Create
# that arrives in one was overtaken by its own cancellation
# (https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1730).
_STARTS_JOBS = {
    "Create": {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"},
    "Update": {"UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"},
}


@dataclass(frozen=True)
class StackStatus:
    """A StackStatus as DescribeStacks spells it."""

    name: str

    @property
    def deleting(self) -> bool:
        """The whole stack goes, not just one of its resources."""
        return self.name == "DELETE_IN_PROGRESS"

    @property
    def rolling_back(self) -> bool:
        """The stack returns to what it was, its clean-up included."""
        return "ROLLBACK" in self.name

    def starts_jobs(self, request_type: str) -> bool:
        """Whether the stack waits for what such a request would start."""
        return self.name in _STARTS_JOBS[request_type]


def stack_status(cloudformation: "CloudFormationClient", event: Event) -> StackStatus:
    """Look the event's stack up, by id: its name is free again once it is deleted."""
    stacks = cloudformation.describe_stacks(StackName=event["StackId"])["Stacks"]
    return StackStatus(stacks[0]["StackStatus"])
