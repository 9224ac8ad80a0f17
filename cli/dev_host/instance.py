"""The EC2 instance of the RStudio host: starts it, stops it, asks how it is."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console

from cli.dev_host.waiting import wait_until
from cli.problems import HostFailed

TIMEOUT = 600
"""Seconds that a stop and a start have together."""

Instance = Mapping[str, Any]


def describe(ec2: Any, instance_id: str) -> Instance:
    """Describe the instance. Raises HostFailed if it is gone."""
    try:
        reservations = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "InvalidInstanceID.NotFound":
            raise
        reservations = []
    found = [each for reservation in reservations for each in reservation["Instances"]]
    if not found or found[0]["State"]["Name"] in ("shutting-down", "terminated"):
        raise HostFailed(
            f"the instance {instance_id} is gone, and not by a deploy: make destroy removes the "
            "stack that still has it, make deploy makes another one"
        )
    instance: Instance = found[0]
    return instance


def start(ec2: Any, instance_id: str, console: Console) -> Instance:
    """Start the instance if it is stopped, or as soon as it is; return it when it runs.

    Raises HostFailed if it stops again, with EC2's reason, or takes too long.
    """
    starting = _Start(ec2, instance_id)
    try:
        wait_until(
            console,
            instance_id,
            starting.look,
            timeout=TIMEOUT,
            advice="the EC2 console shows what it does",
        )
    except KeyboardInterrupt:
        console.print("\nThe instance goes on starting; make dev-host-stop stops it.")
        raise
    return starting.instance


def stop(ec2: Any, instance_id: str) -> str:
    """Stop the instance unless it stops already; return its state before."""
    state = str(describe(ec2, instance_id)["State"]["Name"])
    if state in ("pending", "running"):
        ec2.stop_instances(InstanceIds=[instance_id])
    return state


class _Start:
    """One step towards a running instance at each look."""

    def __init__(self, ec2: Any, instance_id: str) -> None:
        self._ec2 = ec2
        self._instance_id = instance_id
        self._asked = False
        self._begun = False
        self.instance: Instance = {}

    def look(self) -> tuple[bool, str]:
        self.instance = describe(self._ec2, self._instance_id)
        state = self.instance["State"]["Name"]
        if state == "stopped" and self._begun:
            # as when the caller may not use the key of its disks
            reason = self.instance.get("StateReason", {}).get("Message", "no reason is given")
            raise HostFailed(f"{self._instance_id} has stopped again: {reason}")
        if state == "stopped" and not self._asked:
            self._ec2.start_instances(InstanceIds=[self._instance_id])
            self._asked = True
        # right after the call it may still be described as stopped
        self._begun = self._begun or (self._asked and state != "stopped")
        return state == "running", state
