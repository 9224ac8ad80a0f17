"""How many instances a policy or a schedule asks for: pure functions of the scaler."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from local.application_autoscaling import decisions, schedules
from local.application_autoscaling.scaler import follow_schedules
from local.application_autoscaling.targets import Target


@pytest.mark.parametrize(
    ("capacity", "value", "wanted"),
    [
        (1, 10, 1),
        (1, 10.1, 2),
        (2, 25, 5),
        (4, 9.5, 4),
        (4, 8, 4),
        (4, 7, 3),
        (3, 0, 0),
        (0, 99, 0),
    ],
)
def test_tracking_asks_for_what_brings_the_metric_to_its_target(
    capacity: int, value: float, wanted: int
) -> None:
    assert decisions.tracking({"TargetValue": 10}, capacity, value) == wanted


def test_tracking_that_may_not_scale_in_does_not() -> None:
    assert decisions.tracking({"TargetValue": 10, "DisableScaleIn": True}, 4, 1) == 4


UP = [
    {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 50, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 50, "ScalingAdjustment": 3},
]
DOWN = [
    {"MetricIntervalUpperBound": -30, "ScalingAdjustment": -2},
    {"MetricIntervalLowerBound": -30, "MetricIntervalUpperBound": 0, "ScalingAdjustment": -1},
]


@pytest.mark.parametrize(
    ("steps", "beyond", "wanted"),
    [
        *((UP, 0, 5), (UP, 49, 5), (UP, 50, 7), (UP, float("inf"), 7)),
        *((DOWN, 0, 3), (DOWN, -29, 3), (DOWN, -30, 2), (DOWN, float("-inf"), 2)),
    ],
)
def test_a_step_is_taken_by_how_far_the_metric_is_beyond_the_threshold(
    steps: list[dict[str, Any]], beyond: float, wanted: int
) -> None:
    configuration = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps}
    assert decisions.stepped(configuration, 4, beyond) == wanted


def test_a_schedule_is_due_on_the_clock_of_its_time_zone() -> None:
    action = {"Schedule": "cron(0 20 ? * MON-FRI *)", "Timezone": "Europe/Vienna"}
    for day, due in ((30, True), (29, False)):  # a Monday of November 2026, and the Sunday before
        evening = datetime(2026, 11, day, 20, 0, tzinfo=ZoneInfo("Europe/Vienna")).timestamp()
        assert schedules.is_due(action, evening - 1, evening) is due
        assert not schedules.is_due(action, evening, evening + 3600)
        assert not schedules.is_due(action, evening - 3600, evening - 1)


def test_a_schedule_that_is_due_changes_the_limits_of_its_target() -> None:
    target = Target("iris", "mars", "0", "us-east-1", {"MinCapacity": 2, "MaxCapacity": 9})
    target.scheduled_actions["night"] = {
        "Schedule": "cron(0 20 * * ? *)",
        "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 3},
    }
    evening = datetime(2026, 11, 30, 20, 0, tzinfo=ZoneInfo("UTC")).timestamp()
    follow_schedules(target, evening - 60, evening - 1)
    assert target.record == {"MinCapacity": 2, "MaxCapacity": 9}
    follow_schedules(target, evening - 1, evening)
    assert target.record == {"MinCapacity": 1, "MaxCapacity": 3}
