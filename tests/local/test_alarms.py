"""In which state an alarm is, by its metric; and that it is looked at while nothing comes."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.patches.alarms import state_of
from tests.local.conftest import Account, settled

NOW = 1_000_000.0


def alarm(**change: Any) -> dict[str, Any]:
    return {
        "AlarmName": "errors",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "StateValue": "OK",
        **change,
    }


def point(age: float, value: float) -> dict[str, Any]:
    return {"Timestamp": NOW - age, "Value": value}


@pytest.mark.parametrize(
    ("points", "state"),
    [
        ([], "OK"),
        ([point(0, 1)], "ALARM"),
        ([point(59, 1)], "ALARM"),
        ([point(61, 1)], "OK"),
        ([point(0, 0), point(1, 0)], "OK"),
        ([point(0, 0.5), point(30, 0.5)], "ALARM"),
    ],
)
def test_a_sum_is_of_the_last_period(points: list[dict[str, Any]], state: str) -> None:
    assert state_of(alarm(), points, NOW) == state


def test_an_average_is_of_values_not_of_points() -> None:
    many = {
        "Timestamp": NOW,
        "Value": 0.0,
        "_stat": {"SampleCount": 9, "Sum": 0, "Minimum": 0, "Maximum": 0},
    }
    average = alarm(Statistic="Average", Threshold=0.1)
    assert state_of(average, [many, point(0, 1)], NOW) == "ALARM"
    assert state_of(average, [many, many, point(0, 1)], NOW) == "OK"


# As in the tables of "How CloudWatch alarms evaluate data": newest first, - is missing.
@pytest.mark.parametrize(
    ("periods", "treatment", "state"),
    [
        ("---", "missing", "INSUFFICIENT_DATA"),
        ("---", "notBreaching", "OK"),
        ("---", "breaching", "ALARM"),
        ("---", "ignore", "as it was"),
        ("X--", "missing", "ALARM"),
        ("X--", "notBreaching", "OK"),
        ("X--", "breaching", "ALARM"),
        ("X--", "ignore", "as it was"),
        ("0--", "missing", "OK"),
        ("0--", "breaching", "OK"),
        ("0--", "ignore", "OK"),
        ("XXX", "notBreaching", "ALARM"),
        ("XX0", "notBreaching", "OK"),
    ],
)
def test_missing_data_is_treated_as_the_alarm_says(
    periods: str, treatment: str, state: str
) -> None:
    points = [
        point(age * 60 + 1, 2 if found == "X" else 0)
        for age, found in enumerate(periods)
        if found != "-"
    ]
    config = alarm(EvaluationPeriods=3, TreatMissingData=treatment, StateValue="as it was")
    assert state_of(config, points, NOW) == state


def test_some_of_several_periods_can_be_enough() -> None:
    points = [point(1, 2), point(61, 0), point(121, 2)]
    assert state_of(alarm(EvaluationPeriods=3, DatapointsToAlarm=2), points, NOW) == "ALARM"
    assert state_of(alarm(EvaluationPeriods=3), points, NOW) == "OK"


@given(st.lists(st.tuples(st.floats(0, 300), st.floats(0, 10)), max_size=20))
def test_what_breaches_above_is_fine_below(found: list[tuple[float, float]]) -> None:
    points = [point(age, value) for age, value in found]
    above = state_of(alarm(EvaluationPeriods=2, TreatMissingData="ignore"), points, NOW)
    below = state_of(
        alarm(
            EvaluationPeriods=2,
            DatapointsToAlarm=1,
            ComparisonOperator="LessThanThreshold",
            TreatMissingData="ignore",
        ),
        points,
        NOW,
    )
    assert not above == below == "ALARM"


def test_an_alarm_is_about_its_own_dimensions_and_ends_when_nothing_comes(
    account: Account,
) -> None:
    cloudwatch = account.aws.client("cloudwatch")
    config = {name: value for name, value in alarm().items() if name != "StateValue"}
    for of in ("mine", "other"):
        cloudwatch.put_metric_alarm(
            **{**config, "AlarmName": of, "Period": 20},
            Namespace="tests",
            MetricName="errors",
            Dimensions=[{"Name": "of", "Value": of}],
        )
    datum = {"MetricName": "errors", "Dimensions": [{"Name": "of", "Value": "mine"}], "Value": 1}
    began = time.monotonic()
    cloudwatch.put_metric_data(Namespace="tests", MetricData=[datum])

    def states() -> dict[str, Any]:
        found = cloudwatch.describe_alarms(AlarmNames=["mine", "other"])["MetricAlarms"]
        return {each["AlarmName"]: each["StateValue"] for each in found}

    assert states() == {"mine": "ALARM", "other": "OK"}
    settled(states, lambda found: found["mine"] == "OK")
    assert time.monotonic() - began > 18
