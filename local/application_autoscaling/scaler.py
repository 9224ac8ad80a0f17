"""Looks at every scalable target each second, and changes its variant's capacity.

As on AWS nothing is scaled while the endpoint is updated, the largest capacity that a policy asks
for is taken, and after a change nothing follows in the same direction until its cooldown is over.
"""

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from ministack.core.responses import set_request_account_id, set_request_region

from local.application_autoscaling import decisions, metrics, schedules, targets
from local.application_autoscaling.policies import alarms_of
from local.application_autoscaling.targets import LOCK, Record, Target
from local.sagemaker.errors import SageMakerError
from local.sagemaker.service import SageMaker

logger = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds between two looks."""
_COOLDOWN = 300
"""Seconds, where a policy names none: the default for SageMaker's variants."""


@dataclass(frozen=True)
class _Change:
    capacity: int
    cause: str
    out_cooldown: float
    in_cooldown: float


class Scaler:
    """Works on a thread of its own from the first target on."""

    def __init__(self, sagemaker: SageMaker) -> None:
        self._sagemaker = sagemaker
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, unless it has begun."""
        with LOCK:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="scaler", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        since = time.time()
        while True:
            time.sleep(INTERVAL)
            until = time.time()
            for target in targets.every_target():
                set_request_account_id(target.account)
                set_request_region(target.region)
                try:
                    follow_schedules(target, since, until)
                    self.look(target)
                except SageMakerError as error:
                    logger.info("%s is not scaled: %s", target.record["ResourceId"], error)
                except Exception:
                    logger.exception("scaling %s", target.record["ResourceId"])
            since = until

    def look(self, target: Target) -> None:
        """Scale a target of the current account and region. Raises SageMakerError."""
        endpoint = self._sagemaker.call("DescribeEndpoint", {"EndpointName": target.endpoint})
        if endpoint["EndpointStatus"] != "InService":
            return
        variant = next(
            one for one in endpoint["ProductionVariants"] if one["VariantName"] == target.variant
        )
        capacity = _capacity(target, variant)
        change = _change(target, capacity)
        if change is None or change.capacity == capacity or _cools(target, capacity, change):
            return
        desired: Record = {"VariantName": target.variant}
        if target.of_instances:
            desired["DesiredInstanceCount"] = change.capacity
        else:
            config = variant["CurrentServerlessConfig"]
            desired["ServerlessUpdateConfig"] = {
                "MaxConcurrency": config["MaxConcurrency"],
                "ProvisionedConcurrency": change.capacity,
            }
        self._sagemaker.call(
            "UpdateEndpointWeightsAndCapacities",
            {"EndpointName": target.endpoint, "DesiredWeightsAndCapacities": [desired]},
        )
        logger.info(
            "%s from %d to %d: %s",
            *(target.record["ResourceId"], capacity, change.capacity, change.cause),
        )
        with LOCK:
            if change.capacity > capacity:
                target.last_out = time.time()
            else:
                target.last_in = time.time()
        targets.record_activity(target, change.capacity, change.cause)


def follow_schedules(target: Target, since: float, until: float) -> None:
    """Give a target the limits of what was due after `since` and until then (both since 1970)."""
    with LOCK:
        for action in target.scheduled_actions.values():
            if schedules.is_due(action, since, until):
                target.record.update(action["ScalableTargetAction"])


def _capacity(target: Target, variant: Record) -> int:
    if target.of_instances:
        count: int = variant["DesiredInstanceCount"]
        return count
    provisioned: int = variant["CurrentServerlessConfig"].get("ProvisionedConcurrency", 0)
    return provisioned


def _change(target: Target, capacity: int) -> _Change | None:
    limited = decisions.limited(target.record, capacity)
    if limited != capacity:
        limit = "minimum" if limited > capacity else "maximum"
        return _Change(limited, f"{limit} capacity was set to {limited}", 0, 0)
    with LOCK:
        policies = list(target.policies.values())
    asked = [change for policy in policies for change in _asked(target, policy, capacity)]
    return max(asked, key=lambda change: change.capacity, default=None)


def _asked(target: Target, policy: Record, capacity: int) -> Iterator[_Change]:
    """Yield what a policy asks for, within the limits; nothing while it has nothing to say."""
    name = policy["PolicyName"]
    if policy["PolicyType"] == "StepScaling":
        steps = policy["StepScalingPolicyConfiguration"]
        cooldown = steps.get("Cooldown", _COOLDOWN)
        for alarm in alarms_of(policy):
            if (beyond := metrics.breach(alarm)) is not None:
                wanted = decisions.stepped(steps, capacity, beyond)
                cause = f"monitor alarm {alarm['AlarmName']} in state ALARM triggered policy {name}"
                limited = decisions.limited(target.record, wanted)
                yield _Change(limited, cause, cooldown, cooldown)
        return
    tracking = policy["TargetTrackingScalingPolicyConfiguration"]
    if (value := metrics.tracked(target, tracking)) is not None:
        wanted = decisions.tracking(tracking, capacity, value)
        cause = f"metric at {value:g}, target {tracking['TargetValue']:g}, triggered policy {name}"
        yield _Change(
            decisions.limited(target.record, wanted),
            cause,
            tracking.get("ScaleOutCooldown", _COOLDOWN),
            tracking.get("ScaleInCooldown", _COOLDOWN),
        )


def _cools(target: Target, capacity: int, change: _Change) -> bool:
    """Whether it is too early; scaling out does not wait for a cooldown of scaling in."""
    if change.capacity > capacity:
        return time.time() < target.last_out + change.out_cooldown
    return time.time() < max(target.last_out, target.last_in) + change.in_cooldown
