"""What capacity a policy asks for, given a metric: no clock, no service."""

from math import ceil, inf, isfinite

from local.application_autoscaling.policies import bounds_of
from local.application_autoscaling.targets import Record

_SCALE_IN_FROM = 0.9
"""Of its target: target tracking's lower alarm, so that it does not go to and fro."""


def tracking(configuration: Record, capacity: int, value: float) -> int:
    """Return the capacity at which a metric per instance would be at its target."""
    target: float = configuration["TargetValue"]
    if capacity == 0 or _SCALE_IN_FROM * target <= value <= target:
        return capacity
    wanted = ceil(capacity * value / target)
    if wanted < capacity and configuration.get("DisableScaleIn"):
        return capacity
    return wanted


def stepped(configuration: Record, capacity: int, beyond: float) -> int:
    """Return the capacity of the step that a metric so far beyond an alarm's threshold is in.

    Above the threshold an interval holds its lower bound, below it its upper bound.
    """
    for step in configuration["StepAdjustments"]:
        lower, upper = bounds_of(step)
        above, below = lower <= beyond < upper, lower < beyond <= upper
        holds = above if beyond > 0 else below if beyond < 0 else above or below
        if holds or (not isfinite(beyond) and beyond in (lower, upper)):
            adjustment: int = step["ScalingAdjustment"]
            exact = configuration["AdjustmentType"] == "ExactCapacity"
            return adjustment if exact else max(0, capacity + adjustment)
    return capacity


def limited(record: Record, capacity: int) -> int:
    """Return the capacity within the limits of a scalable target, or of a scheduled action."""
    low, high = record.get("MinCapacity", 0), record.get("MaxCapacity", inf)
    return int(min(max(capacity, low), high))
