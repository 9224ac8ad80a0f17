"""What stands behind EC2's instances: a container, or nothing but signals in a host's name."""

import base64
import logging
import os
from abc import ABC, abstractmethod
from typing import Any

from local.ec2 import signals
from local.ec2.signals import Waiting
from local.faults import Faults

logger = logging.getLogger(__name__)

Record = dict[str, Any]
"""An instance as MiniStack keeps it: DescribeInstances' words, and UserData in base64."""

FAILURE = "the set-up of the host failed (fault: host_failure)"


class Machines(ABC):
    """The machines of all instances.

    Each method is called on a thread of its own, in the instance's account and region, and may
    block; for one instance they are called one after another. The instance gets its next state
    when the method returns. What RunInstances has made was never booted: those stay records.
    """

    @abstractmethod
    def boot(self, instance: Record, waiting: Waiting | None, /) -> None:
        """Run an instance for the first time; its user data may still run afterwards.

        With `waiting`, CloudFormation waits for a signal of that resource. What is raised
        terminates the instance and fails the resource, with its text as the reason.
        """

    @abstractmethod
    def start(self, instance: Record) -> None:
        """Run a stopped instance again. What is raised leaves it stopped."""

    @abstractmethod
    def stop(self, instance: Record) -> None:
        """Stop a running instance; its disks stay."""

    @abstractmethod
    def terminate(self, instance: Record) -> None:
        """Remove all that there is of an instance in any state, also one that never ran."""

    @abstractmethod
    def attach(self, instance: Record, volume: Record) -> None:
        """Show a volume to a running instance."""

    @abstractmethod
    def detach(self, instance: Record, volume: Record) -> None:
        """Take a volume from a running instance."""


class Recorded(Machines):
    """No machine at all: an instance is its record, and its host's signals are made up."""

    def __init__(self) -> None:
        self._faults = Faults.of(os.environ)

    def boot(self, instance: Record, waiting: Waiting | None, /) -> None:
        """Signal in the name of the host that there is not."""
        host = instance["InstanceId"]
        handles = signals.handles(user_data(instance))
        if not handles and waiting is None:
            return
        if self._faults.host_silence:
            logger.warning("fault: nothing is heard of the host of %s", host)
            return
        status, reason = ("FAILURE", FAILURE) if self._faults.host_failure else ("SUCCESS", "")
        logger.warning(
            "no machine runs behind %s: %s is signalled in its host's name", host, status
        )
        for token in handles:
            signals.signal_handle(token, host, status, reason)
        if waiting is not None:
            signals.signal_resource(waiting, host, status)

    def start(self, instance: Record) -> None:
        """Do nothing: cloud-init runs the user data at the first boot only, so nothing signals."""

    def stop(self, instance: Record) -> None:
        """Do nothing."""

    def terminate(self, instance: Record) -> None:
        """Do nothing."""

    def attach(self, instance: Record, volume: Record) -> None:
        """Do nothing."""

    def detach(self, instance: Record, volume: Record) -> None:
        """Do nothing."""


def user_data(instance: Record) -> str:
    """Return the text of an instance's user data."""
    return base64.b64decode(instance["UserData"]).decode(errors="replace")
