"""Alarms of CloudWatch look at their own metric, in all their periods, and again every half second.

MiniStack evaluates an alarm when somebody puts data: over the metric's name whatever the
dimensions, over all its periods as one, and never when nothing comes any more, which
TreatMissingData is about. AWS evaluates once a minute, over periods that begin at whole minutes;
here a period ends now, so that a deploy which waits for an alarm sees it within a second.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

import logging
import operator
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import cloudwatch

EVERY_SECONDS = 0.5

Alarm = dict[str, Any]
Point = dict[str, Any]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_CHANGE = threading.Lock()

logger = logging.getLogger(__name__)


def apply() -> None:
    """Replace MiniStack's evaluation of an alarm, and evaluate all of them again and again."""
    cloudwatch._evaluate_alarm = evaluate
    threading.Thread(target=_evaluate_for_ever, name="alarms", daemon=True).start()


def state_of(alarm: Alarm, points: Sequence[Point], now: float) -> str:
    """Return the state that an alarm is in at `now`, seconds since 1970, by its metric's points."""
    period, periods = alarm["Period"], alarm["EvaluationPeriods"]
    values = [
        _value(
            alarm,
            [p for p in points if now - (n + 1) * period < p["Timestamp"] <= now - n * period],
        )
        for n in range(periods)
    ]
    breaches = _COMPARISONS[alarm["ComparisonOperator"]]
    found = [breaches(value, alarm["Threshold"]) for value in values if value is not None]
    return _judged(alarm, found, periods - len(found))


def evaluate(alarm: Alarm) -> None:
    """Bring an alarm of the current account and region into the state that its metric says."""
    if not alarm.get("MetricName") or alarm["ComparisonOperator"] not in _COMPARISONS:
        return  # of an expression, or of a band: MiniStack has neither
    dimensions = cloudwatch._dims_from_list(alarm.get("Dimensions") or [])
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))
    points = list(cloudwatch._metrics.get(key) or ())
    with _CHANGE:
        old, new = alarm["StateValue"], state_of(alarm, points, time.time())
        if new == old:
            return
        reason = _reason(alarm, new)
        alarm.update(StateValue=new, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], old, new, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _evaluate_for_ever() -> None:
    while True:
        time.sleep(EVERY_SECONDS)
        for (account, region, _name), alarm in cloudwatch._alarms.all_items():
            set_request_account_id(account)
            set_request_region(region)
            try:
                evaluate(alarm)
            except Exception:  # one alarm's trouble, perhaps of whom it tells, is not the others'
                logger.exception("alarm %s", alarm["AlarmName"])


def _value(alarm: Alarm, points: list[Point]) -> float | None:
    statistics = cloudwatch._calc_stats(points)
    statistic = alarm.get("ExtendedStatistic") or alarm["Statistic"]
    return cloudwatch._stat_value(statistics, statistic, points) if statistics else None


def _judged(alarm: Alarm, found: list[bool], missing: int) -> str:
    """Return the state by the periods that have data, true where breaching, and those without."""
    needed = alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    treated = alarm.get("TreatMissingData") or "missing"
    breaching = sum(found) + (missing if treated == "breaching" else 0)
    if treated == "missing":
        if not found:
            return "INSUFFICIENT_DATA"
        needed = min(needed, len(found))
    if breaching >= needed:
        return "ALARM"
    if treated == "ignore" and breaching + missing >= needed:
        return str(alarm["StateValue"])  # what is missing would decide
    return "OK"


def _reason(alarm: Alarm, state: str) -> str:
    if state == "INSUFFICIENT_DATA":
        return "Insufficient Data: no datapoints were received"
    crossed = "" if state == "ALARM" else "not "
    statistic = alarm.get("ExtendedStatistic") or alarm["Statistic"]
    return (
        f"Threshold Crossed: {statistic} of {alarm['MetricName']} was {crossed}"
        f"{alarm['ComparisonOperator']} {alarm['Threshold']:g} in the last "
        f"{alarm['EvaluationPeriods']} periods of {alarm['Period']} s"
    )
