"""Which DeploymentConfig SageMaker takes, and for which endpoint.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html and the API's
reference of BlueGreenUpdatePolicy, TrafficRoutingConfig and RollingUpdatePolicy. The limits are
AWS's; it does not document the words that it refuses with.
"""

from local.sagemaker.errors import invalid
from local.sagemaker.hosting.deployment_plan import Counts, plan_of
from local.sagemaker.records import Record

_SIZES = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}
# Of a variant's instances, in percent; CanarySize has no lower limit but its Value's, which is 1.
_LIMITS = {"CanarySize": (0, 50), "LinearStepSize": (10, 50), "MaximumBatchSize": (5, 50)}
_ROLLBACK_LIMITS = (1, 100)


def assert_deployable(config: Record, endpoint_config: Record, counts: Counts) -> None:
    """Raise SageMakerError unless an endpoint configuration can be deployed in this way.

    `counts` are the instances that its variants are to have.
    """
    blue_green, rolling = config.get("BlueGreenUpdatePolicy"), config.get("RollingUpdatePolicy")
    if blue_green and rolling:
        raise invalid(
            "A DeploymentConfig has one update policy, found both BlueGreenUpdatePolicy and "
            "RollingUpdatePolicy"
        )
    if blue_green:
        _assert_routing(blue_green["TrafficRoutingConfiguration"], counts)
    if rolling:
        _assert_rolling(rolling, endpoint_config, counts)
    plan = plan_of(config, counts)
    if plan.timeout is not None and plan.timeout <= plan.seconds:
        raise invalid(
            f"MaximumExecutionTimeoutInSeconds is {plan.timeout}, and must be larger than the "
            f"total waiting time of WaitIntervalInSeconds and TerminationWaitInSeconds, "
            f"{plan.seconds} seconds"
        )


def assert_same_variants(old: Record, new: Record) -> None:
    """Raise SageMakerError unless two endpoint configurations have variants of the same names."""
    before, after = (
        sorted(variant["VariantName"] for variant in config["ProductionVariants"])
        for config in (old, new)
    )
    if before != after:
        raise invalid(
            "With a DeploymentConfig the variant names of the new endpoint configuration must be "
            f"those of the old one, {', '.join(before)}; found {', '.join(after)}"
        )


def _assert_routing(routing: Record, counts: Counts) -> None:
    wanted = _SIZES.get(routing["Type"])
    for size in _SIZES.values():
        if (size in routing) != (size == wanted):
            rule = "needs" if size == wanted else "does not take"
            raise invalid(f"TrafficRoutingConfiguration of type {routing['Type']} {rule} {size}")
    if wanted:
        _assert_size(wanted, routing[wanted], counts, _LIMITS[wanted])


def _assert_rolling(rolling: Record, endpoint_config: Record, counts: Counts) -> None:
    if len(counts) > 1 or endpoint_config.get("ShadowProductionVariants"):
        raise invalid("RollingUpdatePolicy is not supported for endpoints of several variants")
    if any("ServerlessConfig" in variant for variant in endpoint_config["ProductionVariants"]):
        raise invalid("RollingUpdatePolicy is not supported for serverless endpoints")
    name = "MaximumBatchSize"
    _assert_size(name, rolling[name], counts, _LIMITS[name])
    if size := rolling.get("RollbackMaximumBatchSize"):
        _assert_size("RollbackMaximumBatchSize", size, counts, _ROLLBACK_LIMITS)


def _assert_size(name: str, size: Record, counts: Counts, limits: tuple[int, int]) -> None:
    low, high = limits
    for variant, count in counts.items():
        whole = 100 if size["Type"] == "CAPACITY_PERCENT" else count
        if not low * whole <= size["Value"] * 100 <= high * whole:
            found = f"{size['Value']} % of the capacity"
            if size["Type"] == "INSTANCE_COUNT":
                found = f"{size['Value']} of the {count} instances of variant {variant}"
            allowed = f"{low}-{high}" if low else f"at most {high}"
            raise invalid(f"{name} must be {allowed} % of a variant's instances, found {found}")
