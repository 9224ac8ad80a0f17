"""The states of instances: StartInstances, StopInstances and TerminateInstances, and booting.

MiniStack knows the last state of each only, reached at once; here a machine takes its time.
"""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from ministack.core.concurrency import spawn_background
from ministack.services import ec2

from local.ec2 import volumes
from local.ec2.errors import EC2Error, no_such_instance
from local.ec2.machines import Machines, Record
from local.ec2.signals import Waiting, signal_resource
from local.ec2.volumes import LOCK

logger = logging.getLogger(__name__)

_CODES = {
    "pending": 0,
    "running": 16,
    "shutting-down": 32,
    "terminated": 48,
    "stopping": 64,
    "stopped": 80,
}
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Change:
    """From one of `before`, through a state to another; what is in `already` stays as it is."""

    before: tuple[str, ...]
    already: tuple[str, ...]
    through: str
    to: str
    if_it_fails: str
    refusal: str = ""


START = Change(
    before=("stopped",),
    already=("pending", "running"),
    through="pending",
    to="running",
    if_it_fails="stopped",
    refusal="The instance '{}' is not in a state from which it can be started.",
)
STOP = Change(
    before=("running",),
    already=("stopping", "stopped"),
    through="stopping",
    to="stopped",
    if_it_fails="stopped",
    refusal="This instance '{}' is not in a state from which it can be stopped.",
)
TERMINATE = Change(
    before=("pending", "running", "stopping", "stopped"),
    already=("shutting-down", "terminated"),
    through="shutting-down",
    to="terminated",
    if_it_fails="terminated",
)


class Instances:
    """Changes states, and has the machines do what they say."""

    def __init__(self, machines: Machines) -> None:
        self._machines = machines
        self._turns: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def boot(self, instance: Record, waiting: Waiting | None = None) -> None:
        """Boot a pending instance, on another thread."""
        spawn_background(self._boot, instance, waiting, thread_name="EC2 boot")

    def start(self, instance: Record) -> None:
        """Start a stopped instance, on another thread. Raises EC2Error in any other state."""
        self._begin([instance], START, self._machines.start)

    def stop(self, instance: Record) -> None:
        """Stop a running instance, on another thread. Raises EC2Error in any other state."""
        self._begin([instance], STOP, self._machines.stop)

    def terminate(self, instance: Record) -> None:
        """Terminate an instance, on another thread."""
        self._begin([instance], TERMINATE, self._machines.terminate)

    def start_instances(self, p: Record) -> list[Record]:
        """StartInstances."""
        return self._begin(_instances(p), START, self._machines.start)

    def stop_instances(self, p: Record) -> list[Record]:
        """StopInstances."""
        return self._begin(_instances(p), STOP, self._machines.stop)

    def terminate_instances(self, p: Record) -> list[Record]:
        """TerminateInstances."""
        return self._begin(_instances(p), TERMINATE, self._machines.terminate)

    def attach_volume(self, p: Record) -> Record:
        """AttachVolume."""
        attachment = volumes.attach_volume(p)
        self._show(attachment, self._machines.attach)
        return {**attachment, "State": "attaching"}

    def detach_volume(self, p: Record) -> Record:
        """DetachVolume."""
        attachment = volumes.detach_volume(p)
        self._show(attachment, self._machines.detach)
        return {**attachment, "State": "detaching"}

    def ended(self, instance_id: str) -> None:
        """Note that a machine has shut itself down, which stops its instance."""
        with LOCK:
            instance = ec2._instances.get(instance_id)
            if instance is not None and instance["State"]["Name"] == "running":
                logger.info("%s has shut itself down", instance_id)
                _enter(instance, "stopped")

    def _show(self, attachment: Record, change: Callable[[Record, Record], None]) -> None:
        """Have a running machine see a change of its disks; one that starts sees what it has."""
        instance = ec2._instances[attachment["InstanceId"]]
        if instance["State"]["Name"] == "running":
            change(instance, ec2._volumes[attachment["VolumeId"]])

    def _begin(
        self, instances: list[Record], change: Change, work: Callable[[Record], None]
    ) -> list[Record]:
        """Change the states of all or, where one refuses, of none. Returns what changed."""
        with LOCK:
            for instance in instances:
                if instance["State"]["Name"] not in (*change.before, *change.already):
                    raise EC2Error(
                        "IncorrectInstanceState", change.refusal.format(instance["InstanceId"])
                    )
            changed = []
            for instance in instances:
                previous = instance["State"]
                if previous["Name"] in change.before:
                    _enter(instance, change.through)
                    spawn_background(
                        self._finish, instance, change, work, thread_name=f"EC2 {change.to}"
                    )
                changed.append(
                    {
                        "InstanceId": instance["InstanceId"],
                        "PreviousState": previous,
                        "CurrentState": instance["State"],
                    }
                )
        return changed

    def _finish(self, instance: Record, change: Change, work: Callable[[Record], None]) -> None:
        state = change.to
        with self._turns[instance["InstanceId"]]:
            try:
                work(instance)
            except Exception:
                logger.exception("%s of %s", change.through, instance["InstanceId"])
                state = change.if_it_fails
            with LOCK:
                if instance["State"]["Name"] != change.through:
                    return  # terminated meanwhile
                if state == "terminated":
                    _bury(instance)
                _enter(instance, state)

    def _boot(self, instance: Record, waiting: Waiting | None) -> None:
        with self._turns[instance["InstanceId"]]:
            try:
                self._machines.boot(instance, waiting)
            except Exception as error:
                logger.exception("boot of %s", instance["InstanceId"])
                instance["StateReason"] = {"Code": "Server.InternalError", "Message": str(error)}
                self.terminate(instance)
                if waiting is not None:
                    signal_resource(waiting, instance["InstanceId"], "FAILURE")
                return
            with LOCK:
                if instance["State"]["Name"] == "pending":
                    _enter(instance, "running")


def until(instance: Record, state: str) -> None:
    """Wait for a state. Raises EC2Error if the instance is terminated instead."""
    while (current := instance["State"]["Name"]) != state:
        if current == "terminated":
            reason = instance.get("StateReason", {"Code": "Client.UserInitiatedShutdown"})
            raise EC2Error(reason["Code"], reason.get("Message", "the instance was terminated"))
        time.sleep(_POLL_SECONDS)


def _instances(p: Record) -> list[Record]:
    found = []
    for instance_id in ec2._parse_member_list(p, "InstanceId"):
        if not ec2._INSTANCE_ID_RE.match(instance_id):
            raise EC2Error("InvalidInstanceID.Malformed", f'Invalid id: "{instance_id}"')
        if instance_id not in ec2._instances:
            raise no_such_instance(instance_id)
        found.append(ec2._instances[instance_id])
    return found


def _enter(instance: Record, state: str) -> None:
    instance["State"] = {"Code": _CODES[state], "Name": state}
    if state == "pending":
        instance["LaunchTime"] = ec2._now_ts()


def _bury(instance: Record) -> None:
    """Give up what a terminated instance has; MiniStack forgets the record a minute later."""
    instance["_terminated_at"] = time.time()
    volumes.release(instance)
    if association := ec2._find_active_iam_instance_profile_association(instance["InstanceId"]):
        ec2._mark_iam_instance_profile_association_disassociated(association)
