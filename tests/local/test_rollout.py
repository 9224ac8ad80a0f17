"""How a rollout goes on, and what ends it."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.sagemaker.hosting import rollout
from local.sagemaker.hosting.deployment_plan import Plan, Shares, plan_of
from local.sagemaker.hosting.rollout import Alarms, Rollout, UpdateFailure
from tests.local.test_deployment_plan import blue_green, percent

COUNTS = {"a": 1}


class Recorder:
    """Traffic that only notes what it is told."""

    def __init__(self, on_shift: Callable[[], object] = lambda: None) -> None:
        self.notes: list[str] = []
        self._on_shift = on_shift

    def start(self) -> None:
        self.notes.append("start")

    def shift(self, shares: Shares) -> None:
        self.notes.append(str(shares["a"]))
        self._on_shift()

    def bake(self) -> None:
        self.notes.append("bake")


class CloudWatch:
    """DescribeAlarms, of alarms whose states can be set."""

    def __init__(self, **states: str) -> None:
        self.states = states

    def describe_alarms(self, **request: Any) -> dict[str, Any]:
        assert request["AlarmTypes"] == ["MetricAlarm", "CompositeAlarm"]
        found = [
            {"AlarmName": name, "StateValue": state}
            for name, state in self.states.items()
            if name in request["AlarmNames"]
        ]
        return {"MetricAlarms": found, "CompositeAlarms": []}


def roll_out(
    plan: Plan, traffic: Recorder, cloudwatch: CloudWatch, cancelled: threading.Event | None = None
) -> Rollout:
    alarms = Alarms(cloudwatch.states, lambda: cloudwatch)
    return Rollout(plan, traffic, alarms, cancelled or threading.Event())


def linear(wait: int = 0, **more: Any) -> Plan:
    return plan_of(blue_green("LINEAR", wait, LinearStepSize=percent(50), **more), COUNTS)


def test_the_new_fleet_is_up_before_the_first_of_the_steps() -> None:
    traffic = Recorder()
    roll_out(linear(), traffic, CloudWatch(errors="OK")).run()
    assert traffic.notes == ["start", "1/2", "bake", "1", "bake", "bake"]


def test_an_alarm_that_is_raised_before_the_start_starts_nothing() -> None:
    traffic = Recorder()
    with pytest.raises(UpdateFailure, match="in ALARM: errors"):
        roll_out(linear(), traffic, CloudWatch(errors="ALARM", other="OK")).run()
    assert traffic.notes == []


def test_an_alarm_ends_the_update_in_the_midst_of_a_wait() -> None:
    cloudwatch = CloudWatch(errors="INSUFFICIENT_DATA")
    timers: list[threading.Timer] = []

    def trip_later() -> None:
        timers.append(threading.Timer(0.3, lambda: cloudwatch.states.update(errors="ALARM")))
        timers[-1].start()

    traffic = Recorder(trip_later)
    update = roll_out(linear(wait=3), traffic, cloudwatch)
    with pytest.raises(UpdateFailure, match="in ALARM: errors"):
        update.run()
    assert traffic.notes == ["start", "1/2", "bake"]
    assert update.reached == {"a": 1 / 2}


def test_an_alarm_that_does_not_exist_or_cannot_be_read_ends_it() -> None:
    alarms = Alarms(["gone", "there"], lambda: CloudWatch(there="OK"))
    with pytest.raises(UpdateFailure, match=r"Alarm gone of .* does not exist"):
        alarms.check()

    def denied() -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "DescribeAlarms")

    with pytest.raises(UpdateFailure, match=r"cannot be read: .*AccessDenied"):
        Alarms(["there"], denied).check()


def test_an_update_has_so_much_time_as_its_policy_says(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = linear(wait=3600, MaximumExecutionTimeoutInSeconds=7201)
    clock = iter(range(0, 1_000_000, 4000))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(rollout, "POLL_SECONDS", 0)
    with pytest.raises(UpdateFailure, match="MaximumExecutionTimeoutInSeconds, 7201"):
        roll_out(plan, Recorder(), CloudWatch()).run()


def test_an_endpoint_that_is_deleted_waits_no_longer() -> None:
    cancelled = threading.Event()
    traffic = Recorder(cancelled.set)
    with pytest.raises(UpdateFailure, match="being deleted"):
        roll_out(linear(wait=3600), traffic, CloudWatch(), cancelled).run()
