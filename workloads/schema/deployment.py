"""The [deployment] and the [alarms] of a workload: how an endpoint is updated, and when no more.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
"""

from collections.abc import Iterator
from math import ceil
from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import InitErrorDetails

from workloads.schema.sagemaker import Count
from workloads.schema.section import (
    Allowed,
    Section,
    Several,
    not_allowed,
    problem,
    raise_any,
    repeated,
)

Wait = Annotated[int, Field(ge=0, le=3600), Allowed("an integer from 0 to 3600 (seconds)")]
Percent = Annotated[int, Field(ge=1, le=100), Allowed("an integer from 1 to 100 (percent)")]
STEP_PERCENTS = {"CANARY": (1, 50), "LINEAR": (10, 50), "ROLLING": (5, 50)}
"""CanarySize, LinearStepSize and MaximumBatchSize, each of the variant's whole capacity."""
MOST_ALARMS = 10
"""Alarms of AutoRollbackConfiguration."""


class Deployment(Section):
    """DeploymentConfig of UpdateEndpoint: a new fleet takes over by and by, or not at all."""

    strategy: Annotated[str, Allowed.one_of(("ALL_AT_ONCE", "CANARY", "LINEAR", "ROLLING"))]
    step_percent: Percent | None = None
    """Of the capacity that is new: first (CANARY), or in each step."""
    step_instances: Count | None = None
    """The same as a number of instances."""
    wait: Wait = 300
    """Seconds after each step, in which an alarm ends the update."""
    termination_wait: Wait = 0
    """Seconds for which the old fleet is kept after the last step; not with ROLLING."""
    max_execution_time: (
        Annotated[int, Field(ge=600, le=28800), Allowed("an integer from 600 to 28800 (seconds)")]
        | None
    ) = None
    """Seconds after which an update that is not done is rolled back."""
    rollback_percent: Percent | None = None
    """RollbackMaximumBatchSize of ROLLING: how much is put back at a time; all, when left out."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        raise_any(self._contradictions())
        return self

    @property
    def steps(self) -> int:
        """After how many steps a new fleet has taken over; of unknown many, one."""
        if self.strategy == "CANARY":
            return 2
        return ceil(100 / self.step_percent) if self.step_percent else 1

    def _contradictions(self) -> Iterator[InitErrorDetails]:
        sizes = [key for key in ("step_percent", "step_instances") if getattr(self, key)]
        if self.strategy == "ALL_AT_ONCE":
            for key in sizes:
                there = "only with CANARY, LINEAR or ROLLING"
                yield not_allowed(getattr(self, key), there, key)
        elif len(sizes) != 1:
            found = " and ".join(sizes) or "neither"
            yield problem(f"found {found}; allowed: one of step_percent, step_instances")
        elif self.step_percent is not None:
            low, high = STEP_PERCENTS[self.strategy]
            if not low <= self.step_percent <= high:
                there = f"an integer from {low} to {high} (percent) with {self.strategy}"
                yield not_allowed(self.step_percent, there, "step_percent")
        if self.strategy == "ROLLING" and self.termination_wait:
            there = "0 with ROLLING, which keeps no second fleet"
            yield not_allowed(self.termination_wait, there, "termination_wait")
        if self.strategy != "ROLLING" and self.rollback_percent is not None:
            yield not_allowed(self.rollback_percent, "only with ROLLING", "rollback_percent")
        least = self.steps * self.wait + self.termination_wait
        if self.max_execution_time is not None and self.max_execution_time <= least:
            there = f"more than the {least} seconds of its waits, which it includes"
            yield not_allowed(self.max_execution_time, there, "max_execution_time")


class Alarms(Section):
    """Alarms of CloudWatch on each variant, any of which rolls an update back."""

    invocation_5xx_errors: Annotated[
        int,
        Field(ge=0, le=1_000_000),
        Allowed("an integer from 0 to 1000000 (answers in a period); 0 for no such alarm"),
    ] = 1
    """At so many answers of 500 and above in a period: Invocation5XXErrors."""
    model_latency_ms: (
        Annotated[
            float,
            Field(gt=0, le=3_600_000),
            Allowed("a number above 0, at most 3600000 (milliseconds)"),
        ]
        | None
    ) = None
    """Above this average of a period: ModelLatency."""
    period: Annotated[
        int,
        Field(ge=60, le=3600, multiple_of=60),
        Allowed("a multiple of 60 from 60 to 3600 (seconds)"),
    ] = 60
    evaluation_periods: Annotated[int, Field(ge=1, le=24), Allowed("an integer from 1 to 24")] = 1
    """How many periods in a row."""
    names: Annotated[
        Several[
            Annotated[
                str,
                Field(pattern=r"^[^\x00-\x1f]*[^\x00-\x20][^\x00-\x1f]*$", max_length=255),
                Allowed("the name of an alarm, at most 255 characters"),
            ]
        ],
        Field(max_length=MOST_ALARMS),
        Allowed(f"a list of at most {MOST_ALARMS} names of alarms that exist"),
    ] = ()
    """Alarms of your own, that exist."""

    @field_validator("names")
    @classmethod
    def _names_are_unique(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        raise_any(repeated(names))
        return names

    @model_validator(mode="after")
    def _is_seen_in_a_day(self) -> Self:
        # PutMetricAlarm: a period times the periods is a day at most
        if self.period * self.evaluation_periods > 86_400:
            there = f"at most {86_400 // self.period}, as a day is what CloudWatch looks at"
            raise_any([not_allowed(self.evaluation_periods, there, "evaluation_periods")])
        return self

    def count(self, variants: int) -> int:
        """How many alarms there are with so many variants."""
        each = bool(self.invocation_5xx_errors) + (self.model_latency_ms is not None)
        return each * variants + len(self.names)
