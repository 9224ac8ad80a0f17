"""A SageMaker job of any kind as resources: one starts it, as many more as it takes wait for it.

CloudFormation gives a custom resource an hour. So the first starts the job and waits its share,
`job_wait` of the environment; each of the others waits as long again, and answers at once when the
job has ended.
"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from aws_cdk import CustomResource
from constructs import Construct, IDependable

from stacks.workload_parts import WorkloadParts


def resources_to_wait(longest: int, job_wait: int) -> int:
    """Return how many custom resources of `job_wait` seconds wait for a job of `longest` seconds.

    As many as it may run, and one more while it gets its instance, its image and its upload.
    """
    return ceil(longest / job_wait) + 1


class Job(Construct):
    """Runs when its request or properties change; fails the deploy with the job's own reason.

    `kind` is the API's name of it, `request` what Create<kind> takes without a name; a member that
    is None is left out. "<JobName>" in it becomes the job's name. `longest` is for how many
    seconds it may run. It starts when all of `after` are there, and its endpoint can be updated.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        parts: WorkloadParts,
        kind: str,
        name_prefix: str,
        request: Mapping[str, Any],
        longest: int,
        after: Sequence[IDependable],
        properties: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        job_wait = parts.environment.job_wait
        last = resources_to_wait(longest, job_wait)
        start = self._last = CustomResource(
            self,
            "Resource",
            resource_type=f"Custom::SageMaker{kind}",
            service_token=parts.service_token,
            properties={
                "JobNamePrefix": name_prefix,
                "WaitSeconds": job_wait,
                "LastWait": False,  # a job waits a second time at least
                f"Create{kind}Request": given({**request, "Tags": parts.tags}),
                **given(properties or {}),
            },
        )
        start.node.add_dependency(parts.update_check, *after)
        for number in range(2, last + 1):
            wait = CustomResource(
                self,
                f"Wait{number}",
                resource_type="Custom::SageMakerJobWait",
                service_token=parts.service_token,
                properties={
                    "JobType": kind,
                    "JobName": start.ref,
                    "WaitSeconds": job_wait,
                    "LastWait": number == last,
                },
            )
            wait.node.add_dependency(self._last)
            self._last = wait

    @property
    def name(self) -> str:
        """The job's name, known when it has completed."""
        return self.attribute("JobName")

    def attribute(self, name: str) -> str:
        """Return an attribute of the job, known when it has completed."""
        return self._last.get_att_string(name)


def given(value: Any) -> Any:
    """Leave out what is None, at any depth: SageMaker's default holds for it."""
    match value:
        case Mapping():
            return {key: given(member) for key, member in value.items() if member is not None}
        case list() | tuple():
            return [given(item) for item in value]
        case _:
            return value
