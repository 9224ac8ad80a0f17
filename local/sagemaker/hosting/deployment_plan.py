"""A DeploymentConfig as steps: how much of the requests a new fleet has, and for how long.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from local.sagemaker.records import Record

Counts = Mapping[str, int]
"""How many instances each variant has in the new fleet."""
Shares = Mapping[str, Fraction]
"""By variant: the share of its capacity, and so of its requests, that the new fleet has."""


@dataclass(frozen=True)
class Step:
    """A shift of traffic and the time that it bakes."""

    shares: Shares
    wait: int
    """Seconds for which the alarms are watched after it."""


@dataclass(frozen=True)
class Plan:
    """The steps of an update, at whose end the new fleet has everything."""

    steps: tuple[Step, ...]
    termination_wait: int = 0
    """Seconds from the end of the last step for which the old fleet is kept."""
    timeout: int | None = None
    """Seconds after which an update that is not done is rolled back."""
    alarms: tuple[str, ...] = ()
    rolling: bool = False
    """Instances of the old fleet go as those of the new one come, in place of two whole fleets."""
    rollback_size: Record | None = None
    """RollbackMaximumBatchSize."""

    @property
    def seconds(self) -> int:
        """All the waits together."""
        return sum(step.wait for step in self.steps) + self.termination_wait


def plan_of(config: Record | None, counts: Counts) -> Plan:
    """Return the plan of a DeploymentConfig; all at once without a wait when there is none."""
    config = config or {}
    rollback = config.get("AutoRollbackConfiguration", {})
    alarms = tuple(alarm["AlarmName"] for alarm in rollback.get("Alarms", []))
    if rolling := config.get("RollingUpdatePolicy"):
        return Plan(
            _steps(rolling["MaximumBatchSize"], counts, rolling["WaitIntervalInSeconds"]),
            timeout=rolling.get("MaximumExecutionTimeoutInSeconds"),
            alarms=alarms,
            rolling=True,
            rollback_size=rolling.get("RollbackMaximumBatchSize"),
        )
    policy = config.get("BlueGreenUpdatePolicy", {})
    routing = policy.get("TrafficRoutingConfiguration", {"Type": "ALL_AT_ONCE"})
    wait = routing.get("WaitIntervalInSeconds", 0)
    last = Step(dict.fromkeys(counts, Fraction(1)), wait)
    match routing["Type"]:
        case "LINEAR":
            steps = _steps(routing["LinearStepSize"], counts, wait)
        case "CANARY":
            canary = {name: _share(routing["CanarySize"], counts[name]) for name in counts}
            steps = (Step(canary, wait), last)
        case _:
            steps = (last,)
    return Plan(
        steps,
        termination_wait=policy.get("TerminationWaitInSeconds", 0),
        timeout=policy.get("MaximumExecutionTimeoutInSeconds"),
        alarms=alarms,
    )


def rollback_of(plan: Plan, reached: Shares, counts: Counts) -> tuple[Step, ...]:
    """Return the steps that give everything back to the old fleet.

    At once, unless the plan has a RollbackMaximumBatchSize below 100 %: the last step waits for
    nothing, as all is in its place again.
    """
    nothing = dict.fromkeys(counts, Fraction(0))
    if plan.rollback_size is None or not any(reached.values()):
        return (Step(nothing, 0),)
    sizes = {name: _share(plan.rollback_size, counts[name]) for name in counts}
    number = max(ceil(reached[name] / sizes[name]) for name in counts)
    wait = plan.steps[0].wait
    shares = (
        {name: max(Fraction(0), reached[name] - sizes[name] * n) for name in counts}
        for n in range(1, number + 1)
    )
    return tuple(Step(left, wait if any(left.values()) else 0) for left in shares)


def _steps(size: Record, counts: Counts, wait: int) -> tuple[Step, ...]:
    """Return equal steps to the whole capacity, of which the last may be smaller."""
    sizes = {name: _share(size, count) for name, count in counts.items()}
    number = max(ceil(1 / share) for share in sizes.values())
    return tuple(
        Step({name: min(Fraction(1), share * n) for name, share in sizes.items()}, wait)
        for n in range(1, number + 1)
    )


def _share(size: Record, count: int) -> Fraction:
    """Return a CapacitySize as a share of a variant's capacity, 1 at most."""
    whole = 100 if size["Type"] == "CAPACITY_PERCENT" else max(count, 1)
    return min(Fraction(1), Fraction(size["Value"], whole))
