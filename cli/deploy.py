"""`make deploy`: the stacks of the workloads that are asked for, by the CDK."""

from collections.abc import Sequence

from cli.cdk import go_on_as_cdk
from environments.loading import Settings
from workloads.schema import Workload


def stacks_of(workloads: Sequence[Workload], settings: Settings) -> tuple[str, ...]:
    """Name the stacks to give to `cdk deploy`, which adds those that they depend on.

    The app is synthesized whole all the same: what is shared has a part of each workload's, which a
    template without it would delete.
    """
    if len(workloads) == len(settings.workloads):
        return ("--all",)
    return workload_stacks(workloads, settings)


def workload_stacks(workloads: Sequence[Workload], settings: Settings) -> tuple[str, ...]:
    """Name the stacks of these workloads and the API's, and so all but a dev host's."""
    app = settings.environment.name
    return (*(f"{app}-{workload.name}" for workload in workloads), f"{app}-api")


def deploy(workloads: Sequence[Workload], *, settings: Settings, file: str) -> None:
    """Go on as `cdk deploy`; this does not return. `file` is the environment's."""
    # One after the other: at once they would need the quota of all their machines together.
    stacks = stacks_of(workloads, settings)
    go_on_as_cdk("deploy", *stacks, "--require-approval", "never", file=file)
