"""DeploymentConfig as steps."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.sagemaker.errors import SageMakerError
from local.sagemaker.hosting.deployment_plan import Plan, plan_of, rollback_of
from local.sagemaker.hosting.deployment_rules import assert_deployable, assert_same_variants

COUNTS = {"a": 4}


def percent(value: int) -> dict[str, Any]:
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def instances(value: int) -> dict[str, Any]:
    return {"Type": "INSTANCE_COUNT", "Value": value}


def blue_green(kind: str, wait: int = 2, **members: Any) -> dict[str, Any]:
    routing: dict[str, Any] = {"Type": kind, "WaitIntervalInSeconds": wait}
    for size in ("CanarySize", "LinearStepSize"):
        if size in members:
            routing[size] = members.pop(size)
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, **members}}


def rolling(size: dict[str, Any], wait: int = 2, **members: Any) -> dict[str, Any]:
    policy = {"MaximumBatchSize": size, "WaitIntervalInSeconds": wait, **members}
    return {"RollingUpdatePolicy": policy}


def shares(plan: Plan) -> list[str]:
    return [str(step.shares["a"]) for step in plan.steps]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (None, ["1"]),
        ({}, ["1"]),
        (blue_green("ALL_AT_ONCE"), ["1"]),
        (blue_green("CANARY", CanarySize=percent(10)), ["1/10", "1"]),
        (blue_green("CANARY", CanarySize=instances(1)), ["1/4", "1"]),
        (blue_green("LINEAR", LinearStepSize=percent(50)), ["1/2", "1"]),
        (blue_green("LINEAR", LinearStepSize=percent(30)), ["3/10", "3/5", "9/10", "1"]),
        (rolling(instances(2)), ["1/2", "1"]),
    ],
)
def test_each_policy_has_its_steps(config: dict[str, Any] | None, expected: list[str]) -> None:
    assert shares(plan_of(config, COUNTS)) == expected


def test_waits_alarms_and_limits_are_those_of_the_policy() -> None:
    config = blue_green(
        "LINEAR",
        wait=7,
        LinearStepSize=percent(50),
        TerminationWaitInSeconds=5,
        MaximumExecutionTimeoutInSeconds=600,
    )
    config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": "x"}, {"AlarmName": "y"}]}
    plan = plan_of(config, COUNTS)
    assert (plan.seconds, plan.timeout, plan.alarms) == (19, 600, ("x", "y"))
    assert not plan.rolling


counts = st.dictionaries(st.sampled_from("abc"), st.integers(1, 20), min_size=1)
sizes = st.builds(percent, st.integers(1, 100)) | st.builds(instances, st.integers(1, 20))
configs = st.one_of(
    st.builds(lambda size: blue_green("CANARY", CanarySize=size), sizes),
    st.builds(lambda size: blue_green("LINEAR", LinearStepSize=size), sizes),
    st.builds(lambda size, back: rolling(size, RollbackMaximumBatchSize=back), sizes, sizes),
)


@given(configs, counts)
def test_each_step_shifts_something_and_the_last_one_all(
    config: dict[str, Any], counts: dict[str, int]
) -> None:
    plan = plan_of(config, counts)
    before = dict.fromkeys(counts, Fraction(0))
    for step in plan.steps:
        assert all(before[name] <= step.shares[name] <= 1 for name in counts)
        before = dict(step.shares)
    assert set(before.values()) == {1}
    assert len(plan.steps) <= 101


@given(configs, counts, st.data())
def test_a_rollback_ends_with_nothing_from_wherever_it_begins(
    config: dict[str, Any], counts: dict[str, int], data: st.DataObject
) -> None:
    plan = plan_of(config, counts)
    reached = data.draw(st.sampled_from(plan.steps)).shares
    steps = rollback_of(plan, reached, counts)
    for step in steps:
        assert all(step.shares[name] <= reached[name] for name in counts)
        reached = step.shares
    assert not any(reached.values())
    assert steps[-1].wait == 0


def test_a_rollback_of_a_rolling_update_is_in_its_own_batches() -> None:
    plan = plan_of(rolling(percent(50), RollbackMaximumBatchSize=percent(40)), COUNTS)
    steps = rollback_of(plan, plan.steps[1].shares, COUNTS)
    assert [(str(s.shares["a"]), s.wait) for s in steps] == [("3/5", 2), ("1/5", 2), ("0", 0)]
    at_once = plan_of(rolling(percent(50)), COUNTS)
    assert len(rollback_of(at_once, at_once.steps[1].shares, COUNTS)) == 1


def config_of(*names: str, **more: Any) -> dict[str, Any]:
    return {"ProductionVariants": [{"VariantName": name} for name in names], **more}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({**blue_green("ALL_AT_ONCE"), **rolling(percent(50))}, "has one update policy"),
        (blue_green("CANARY"), "of type CANARY needs CanarySize"),
        (blue_green("LINEAR"), "of type LINEAR needs LinearStepSize"),
        (blue_green("ALL_AT_ONCE", CanarySize=percent(10)), "ALL_AT_ONCE does not take CanarySize"),
        (blue_green("CANARY", CanarySize=percent(51)), "CanarySize must be at most 50 %"),
        (blue_green("LINEAR", LinearStepSize=percent(9)), "LinearStepSize must be 10-50 %"),
        (blue_green("LINEAR", LinearStepSize=instances(3)), "found 3 of the 4 instances"),
        (rolling(percent(4)), "MaximumBatchSize must be 5-50 %"),
        (rolling(percent(50), RollbackMaximumBatchSize=percent(101)), "RollbackMaximumBatchSize"),
        (blue_green("ALL_AT_ONCE", 600, MaximumExecutionTimeoutInSeconds=600), "600 seconds"),
    ],
)
def test_a_policy_that_aws_does_not_take_is_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(SageMakerError, match=message):
        assert_deployable(config, config_of("a"), COUNTS)


@pytest.mark.parametrize(
    "config",
    [
        blue_green("CANARY", CanarySize=percent(50)),
        blue_green("LINEAR", LinearStepSize=instances(2)),
        rolling(instances(1), RollbackMaximumBatchSize=percent(100)),
        {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "x"}]}},
    ],
)
def test_a_policy_at_its_limits_is_taken(config: dict[str, Any]) -> None:
    assert_deployable(config, config_of("a"), COUNTS)


def test_a_canary_may_be_as_small_as_it_likes() -> None:
    assert_deployable(blue_green("CANARY", CanarySize=instances(1)), config_of("a"), {"a": 200})


@pytest.mark.parametrize(
    ("endpoint_config", "message"),
    [
        (config_of("a", "b"), "several variants"),
        (config_of("a", ShadowProductionVariants=[{"VariantName": "s"}]), "several variants"),
        (
            {"ProductionVariants": [{"VariantName": "a", "ServerlessConfig": {}}]},
            "serverless endpoints",
        ),
    ],
)
def test_rolling_is_for_one_variant_of_instances(
    endpoint_config: dict[str, Any], message: str
) -> None:
    names = [variant["VariantName"] for variant in endpoint_config["ProductionVariants"]]
    with pytest.raises(SageMakerError, match=message):
        assert_deployable(rolling(percent(50)), endpoint_config, dict.fromkeys(names, 2))


def test_the_variants_of_a_guarded_update_keep_their_names() -> None:
    assert_same_variants(config_of("a", "b"), config_of("b", "a"))
    with pytest.raises(SageMakerError, match="those of the old one, a; found b"):
        assert_same_variants(config_of("a"), config_of("b"))
