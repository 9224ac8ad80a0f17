"""The [variants.autoscaling] of a workload: how many instances a variant has, and when."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import AfterValidator, Field, field_validator, model_validator
from pydantic_core import InitErrorDetails

from workloads.schema.section import (
    Allowed,
    Section,
    Several,
    not_allowed,
    problem,
    raise_any,
    repeated,
)
from workloads.schema.times import TimeZone

Capacity = Annotated[int, Field(ge=0, le=1000), Allowed("an integer from 0 to 1000")]
Target = Annotated[float, Field(gt=0, allow_inf_nan=False), Allowed("a finite number above 0")]
Cooldown = Annotated[int, Field(ge=0, le=3600), Allowed("an integer from 0 to 3600 (seconds)")]
POLICIES = (
    "invocations_per_instance",
    "concurrent_requests_per_instance",
    "backlog_per_instance",
    "provisioned_concurrency_utilization",
    "steps",
)
"""The keys of a scaling policy, of which a variant has one at most: targets to track, and steps."""


class Step(Section):
    """By how many instances the count changes from some level of the metric on."""

    above: Annotated[
        float,
        Field(ge=0, allow_inf_nan=False),
        Allowed("a finite number of at least 0: invocations a minute of each instance"),
    ]
    add: Annotated[
        int,
        Field(ge=-100, le=100),
        Allowed("an integer from -100 to 100 (instances); 0 for no change"),
    ]


def _one_day_is_open(cron: str) -> str:
    """Refuse a day of the month and a day of the week together, or neither.

    "If you specify a value (or a *) in one of the fields, you must use a ? in the other":
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html
    """
    _, _, of_month, _, of_week, _ = cron.split(" ")
    if (of_month == "?") == (of_week == "?"):
        raise ValueError(cron)
    return cron


class Schedule(Section):
    """Other limits of the capacity from some time on."""

    cron: Annotated[
        str,
        # Application Auto Scaling's six fields: minutes hours day-of-month month day-of-week year
        Field(pattern=r"^[0-9A-Za-z*?,/#LW-]+( [0-9A-Za-z*?,/#LW-]+){5}$"),
        AfterValidator(_one_day_is_open),
        Allowed(
            "six fields of AWS's cron, ? in exactly one of the third and the fifth: "
            '"0 20 ? * MON-FRI *" is 20:00 from Monday to Friday'
        ),
    ]
    time_zone: TimeZone = "UTC"
    min_capacity: Capacity
    max_capacity: Capacity

    @model_validator(mode="after")
    def _limits_are_in_order(self) -> Self:
        raise_any(_disordered(self.min_capacity, self.max_capacity))
        return self


class Autoscaling(Section):
    """A scalable target of Application Auto Scaling, with a policy, a schedule, or both.

    The capacity is the variant's instance count; of a serverless one its provisioned concurrency.
    """

    min_capacity: Capacity = 1
    max_capacity: Capacity
    invocations_per_instance: Target | None = None
    """Requests a minute that an instance is to have: SageMakerVariantInvocationsPerInstance."""
    concurrent_requests_per_instance: Target | None = None
    """Requests that an instance is to have at a time."""
    backlog_per_instance: Target | None = None
    """Requests that wait for an instance of an asynchronous endpoint."""
    provisioned_concurrency_utilization: (
        Annotated[float, Field(gt=0, le=1), Allowed("a number above 0, at most 1")] | None
    ) = None
    """The share of a serverless variant's provisioned concurrency that is to be in use."""
    scale_in_cooldown: Cooldown = 300
    scale_out_cooldown: Cooldown = 60
    steps: Annotated[
        Several[Step], Field(max_length=20), Allowed("a list of { above = ..., add = ... }")
    ] = ()
    """By InvocationsPerInstance, in place of a target."""
    schedule: Annotated[
        Several[Schedule], Field(max_length=20), Allowed('a list of { cron = "...", ... }')
    ] = ()

    @property
    def policy(self) -> str | None:
        """The key of what is scaled by: a target or the steps; None with a schedule alone."""
        return next(iter(self._policies()), None)

    @property
    def lowest(self) -> int:
        """The least capacity at any time."""
        return min([self.min_capacity, *(each.min_capacity for each in self.schedule)])

    @property
    def highest(self) -> int:
        """The most capacity at any time."""
        return max([self.max_capacity, *(each.max_capacity for each in self.schedule)])

    def _policies(self) -> list[str]:
        return [key for key in POLICIES if getattr(self, key)]

    @field_validator("steps")
    @classmethod
    def _levels_are_unique(cls, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        raise_any(repeated([f"{step.above:g}" for step in steps], "above"))
        raise_any(_misordered(steps))
        return steps

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        raise_any(self._contradictions())
        return self

    def _contradictions(self) -> Iterator[InitErrorDetails]:
        yield from _disordered(self.min_capacity, self.max_capacity)
        found = self._policies()
        if len(found) > 1:
            yield problem(f"found {' and '.join(found)}; allowed: one of {', '.join(POLICIES)}")
        if not found and not self.schedule:
            there = f"one of {', '.join(POLICIES)}, or a schedule"
            yield problem(f"found none; allowed: {there}")
        if not found:
            for key in ("scale_in_cooldown", "scale_out_cooldown"):
                if key in self.model_fields_set:
                    there = f"only with one of {', '.join(POLICIES)}"
                    yield problem(f"found without what it slows down; allowed: {there}", key)


def _disordered(low: int, high: int) -> Iterator[InitErrorDetails]:
    if low > high:
        yield not_allowed(low, f"at most max_capacity, {high}", "min_capacity")
    if high == 0:
        yield not_allowed(high, "at least 1", "max_capacity")


def _misordered(steps: tuple[Step, ...]) -> Iterator[InitErrorDetails]:
    """Yield what would scale in under more load than it scales out, or never out."""
    rising = sorted(steps, key=lambda step: step.above)
    adds = [step.add for step in rising]
    if rising and rising[0].above > 0:
        adds.insert(0, 0)  # what is below the first step changes nothing
    if adds != sorted(adds):
        found = ", ".join(str(add) for add in adds)
        yield problem(f"found add {found}; allowed: add that rises with above, from 0 below it all")
    elif adds and adds[-1] <= 0:
        yield problem("found no add above 0; allowed: at least one, with the highest above")
