"""A guarded update: the new fleet takes over step by step, unless an alarm says no.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
"""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker.hosting.deployment_plan import Plan, Shares, Step

POLL_SECONDS = 0.5
"""How often the alarms are looked at."""


class UpdateFailure(Exception):  # noqa: N818 - an outcome, as VariantFailure is
    """An update does not go on; the text is the endpoint's FailureReason."""


class Traffic(Protocol):
    """What a rollout does to its endpoint."""

    def start(self) -> None:
        """Start the new fleet. Raises VariantFailure."""

    def shift(self, shares: Shares) -> None:
        """Let the new fleet have these shares of the requests from now on."""

    def bake(self) -> None:
        """Show that the alarms are watched."""


class Alarms:
    """The alarms of an AutoRollbackConfiguration, read with the execution role of the model.

    The role needs cloudwatch:DescribeAlarms, as on AWS.
    """

    def __init__(self, names: Iterable[str], cloudwatch: Callable[[], Any]) -> None:
        self._names = list(names)
        self._cloudwatch = cloudwatch

    def check(self) -> None:
        """Raise UpdateFailure when one is in ALARM, or cannot be read."""
        raised = [name for name in self._names if self._state(name) == "ALARM"]
        if raised:
            raise UpdateFailure(
                "The deployment was rolled back, as these alarms of its auto-rollback "
                f"configuration were in ALARM: {', '.join(raised)}"
            )

    def _state(self, name: str) -> str:
        try:
            # One by one: a policy may allow the action on these alarms and on no others.
            found = self._cloudwatch().describe_alarms(
                AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
            )
        except (BotoCoreError, ClientError) as error:
            raise UpdateFailure(
                f"The alarms of the auto-rollback configuration cannot be read: {error}"
            ) from error
        alarms = found.get("MetricAlarms", []) + found.get("CompositeAlarms", [])
        if not alarms:
            raise UpdateFailure(f"Alarm {name} of the auto-rollback configuration does not exist")
        return str(alarms[0]["StateValue"])


class Rollout:
    """One update of an endpoint, from its start to its end or back."""

    def __init__(
        self, plan: Plan, traffic: Traffic, alarms: Alarms, cancelled: threading.Event
    ) -> None:
        self.reached: Shares = {}
        """The shares of the requests that the new fleet has."""
        self._plan = plan
        self._traffic = traffic
        self._alarms = alarms
        self._cancelled = cancelled

    def run(self) -> None:
        """Start the new fleet and let it take over. Raises VariantFailure or UpdateFailure."""
        began = time.monotonic()
        # As AWS documents of an alarm on both fleets: when the old one trips it, the update ends.
        self._alarms.check()
        self._traffic.start()
        for step in self._plan.steps:
            self._shift(step)
            self._bake(step.wait, began)
        self._bake(self._plan.termination_wait, began)

    def back(self, steps: Iterable[Step]) -> None:
        """Give the requests back to the old fleet; nothing stops this but the endpoint's end."""
        for step in steps:
            self._shift(step)
            if self._cancelled.wait(step.wait):
                return

    def _shift(self, step: Step) -> None:
        self.reached = step.shares
        self._traffic.shift(step.shares)

    def _bake(self, seconds: float, began: float) -> None:
        """Wait, while no alarm is raised and the time of the whole update is not over."""
        self._traffic.bake()
        ends = time.monotonic() + seconds
        timeout = self._plan.timeout
        while True:
            if timeout is not None and time.monotonic() - began > timeout:
                raise UpdateFailure(
                    "The deployment took longer than its MaximumExecutionTimeoutInSeconds, "
                    f"{timeout}"
                )
            self._alarms.check()
            left = ends - time.monotonic()
            if left <= 0:
                return
            if self._cancelled.wait(min(POLL_SECONDS, left)):
                raise UpdateFailure("The endpoint is being deleted")
