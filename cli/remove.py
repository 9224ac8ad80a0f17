"""`make remove` and `make destroy`: stacks go by the CDK, or by CloudFormation without a file."""

import sys
from time import sleep
from typing import TYPE_CHECKING

from rich.console import Console

from cli.account import Account
from cli.cdk import go_on_as_cdk
from cli.problems import InputError, StackFailed
from cli.report import say
from cli.words import unknown
from environments.loading import Settings

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

INTERVAL = 2.0
"""Seconds between two looks at a stack that is being deleted."""


def remove(
    account: Account, console: Console, *, settings: Settings, file: str, name: str, yes: bool
) -> None:
    """Remove a workload's stack, also one whose file is gone, of which the CDK knows nothing.

    `file` is the environment's. Raises InputError if there is no such stack, StackFailed if
    CloudFormation cannot delete it.
    """
    app = settings.environment.name
    deployed = account.workloads(app)
    files = [workload.name for workload in settings.workloads]
    if name not in deployed:
        if name in files:
            raise InputError(f"there is no stack {app}-{name}: nothing to remove")
        raise unknown("WORKLOAD", name, deployed)
    stack = f"{app}-{name}"
    if name in files:
        cdk_destroy("--exclusively", stack, file=file, yes=yes)
    elif yes or _agreed(stack, console):
        _delete(stack, account, console)


def cdk_destroy(*what: str, file: str, yes: bool) -> None:
    """Go on as `cdk destroy`, which asks first unless told `yes`; this does not return."""
    if not yes:
        assert_can_ask()
    go_on_as_cdk("destroy", *what, *(["--force"] if yes else []), file=file)


def assert_can_ask() -> None:
    """Raise InputError unless somebody sits at a terminal, both ends of it, as the CDK wants it."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError("YES: missing; allowed: 1, as without a terminal nobody can be asked")


def _agreed(stack: str, console: Console) -> bool:
    assert_can_ask()
    say(console, ("no file", f"of workloads/ is {stack}'s any more: CloudFormation deletes it"))
    try:
        answer = input(f"Are you sure you want to delete: {stack} (y/n)? ")
    except EOFError:
        return False
    return answer.strip().lower() in ("y", "yes")


def _delete(stack: str, account: Account, console: Console) -> None:
    """Delete a stack and print what happens until it is gone.

    Its events are what counts: its status may still be that of an earlier try.
    """
    # the id is known after the deletion too, the name is not
    described = account.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    stack_id = described["StackId"]
    events = _Events(account, stack_id)
    events.read()
    account.cloudformation.delete_stack(StackName=stack_id)
    reasons: list[str] = []
    with console.status(f"deleting {stack}"):
        while True:
            for event in events.read():
                status = event["ResourceStatus"]
                name = event["LogicalResourceId"]
                time = f"{event['Timestamp'].astimezone():%H:%M:%S}"
                console.print(f"{time} {status}  {name}", style="dim", markup=False, soft_wrap=True)
                if event.get("PhysicalResourceId") != stack_id:
                    if status == "DELETE_FAILED":
                        reasons.append(f"{name}: {event.get('ResourceStatusReason', status)}")
                elif status == "DELETE_COMPLETE":
                    console.print(f"[green]✓[/] {stack} is gone")
                    return
                elif status == "DELETE_FAILED":
                    raise StackFailed(f"{stack} could not be deleted: {'; '.join(reasons)}")
            sleep(INTERVAL)


class _Events:
    """What happens to a stack, read on from where it was read to."""

    def __init__(self, account: Account, stack_id: str) -> None:
        self._cloudformation = account.cloudformation
        self._stack_id = stack_id
        self._last: str | None = None

    def read(self) -> list["StackEventTypeDef"]:
        """Return the events that are new, the oldest first."""
        new: list[StackEventTypeDef] = []
        pages = self._cloudformation.get_paginator("describe_stack_events").paginate(
            StackName=self._stack_id
        )
        for event in (event for page in pages for event in page["StackEvents"]):
            if event["EventId"] == self._last:
                break
            new.insert(0, event)
        if new:
            self._last = new[-1]["EventId"]
        return new
