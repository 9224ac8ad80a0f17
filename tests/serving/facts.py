"""What AWS refuses of endpoints that botocore's model of its APIs does not know.

Written down from AWS's pages, apart from workloads/schema/serving_rules.py and from the embedded
AWS. Pages without an address are of docs.aws.amazon.com/sagemaker/latest/dg/.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

Request = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """All that a stack asks AWS for to serve."""

    models: list[Request]
    """CreateModel's."""
    config: Request
    """CreateEndpointConfig's."""
    endpoint: Request
    """UpdateEndpoint's."""
    scaling: list[Request] = field(default_factory=list)
    """The property Variants of Custom::SageMakerVariantScaling."""

    @property
    def variants(self) -> list[Request]:
        found: list[Request] = self.config["ProductionVariants"]
        return found

    @property
    def shadows(self) -> list[Request]:
        found: list[Request] = self.config.get("ShadowProductionVariants", [])
        return found

    @property
    def serverless(self) -> list[Request]:
        """The ServerlessConfigs."""
        everything = self.variants + self.shadows
        return [each["ServerlessConfig"] for each in everything if "ServerlessConfig" in each]

    @property
    def asynchronous(self) -> bool:
        return "AsyncInferenceConfig" in self.config

    @property
    def guard(self) -> Request:
        found: Request = self.endpoint.get("DeploymentConfig", {})
        return found

    @property
    def routing(self) -> Request:
        found: Request = self.guard.get("BlueGreenUpdatePolicy", {})
        return found.get("TrafficRoutingConfiguration", {})  # type: ignore[no-any-return]

    @property
    def limits(self) -> list[tuple[Request, Request]]:
        """The capacities of each variant that is scaled, at any time, with the variant."""
        return [
            (scaled, limits)
            for scaled in self.scaling
            for limits in (
                scaled["ScalableTarget"],
                *(action["ScalableTargetAction"] for action in scaled["ScheduledActions"]),
            )
        ]


def _percents(asked: Asked) -> Iterator[tuple[int, int, int]]:
    """Yield the percents of a variant's instances that each step has, with their limits.

    Those of TrafficRoutingConfig and RollingUpdatePolicy in the API's reference.
    """
    for sizes, name, low, high in (
        (asked.routing, "CanarySize", 0, 50),
        (asked.routing, "LinearStepSize", 10, 50),
        (asked.guard.get("RollingUpdatePolicy", {}), "MaximumBatchSize", 5, 50),
    ):
        if (size := sizes.get(name)) is None:
            continue
        for variant in asked.variants:
            whole = 100 if size["Type"] == "CAPACITY_PERCENT" else variant["InitialInstanceCount"]
            yield low, size["Value"] * 100 // whole, high


def _steps(asked: Asked) -> Iterator[list[tuple[float, float]]]:
    """Yield the intervals of each step policy, in their order."""
    for scaled in asked.scaling:
        for policy in scaled["ScalingPolicies"]:
            if policy["PolicyType"] == "StepScaling":
                yield sorted(
                    (
                        step.get("MetricIntervalLowerBound", float("-inf")),
                        step.get("MetricIntervalUpperBound", float("inf")),
                    )
                    for step in policy["StepScalingPolicyConfiguration"]["StepAdjustments"]
                )


def _wait(policy: Request) -> int:
    """The shortest time that an update of this policy takes."""
    routing = policy.get("TrafficRoutingConfiguration", policy)
    seconds: int = routing.get("WaitIntervalInSeconds", 0)
    return seconds + int(policy.get("TerminationWaitInSeconds", 0))


Fact = Callable[[Asked], bool]
FACTS: dict[str, Fact] = {
    # CreateEndpointConfig: VariantName is "unique within the endpoint configuration"
    "no two variants have the same name": lambda asked: (
        len({each["VariantName"] for each in asked.variants + asked.shadows})
        == len(asked.variants + asked.shadows)
    ),
    # ProductionVariant: ServerlessConfig instead of instances
    "a variant has either instances or none": lambda asked: all(
        ("ServerlessConfig" in each) != ("InstanceType" in each and "InitialInstanceCount" in each)
        for each in asked.variants + asked.shadows
    ),
    # serverless-endpoints.html: "Feature exclusions"
    "a serverless endpoint has one variant, no VPC, no isolation, no capture": lambda asked: (
        not asked.serverless
        or not (
            len(asked.variants) > 1
            or asked.config.get("DataCaptureConfig")
            or any(m.get("VpcConfig") or m.get("EnableNetworkIsolation") for m in asked.models)
        )
    ),
    "a serverless endpoint is not asynchronous": lambda asked: (
        not (asked.serverless and asked.asynchronous)
    ),
    # ProductionVariantServerlessConfig: memory is "in 1 GB increments", and ProvisionedConcurrency
    # "should be less than or equal to MaxConcurrency"
    "memory is in steps of a GB, and what is kept ready within the concurrency": lambda asked: all(
        each["MemorySizeInMB"] % 1024 == 0
        and each.get("ProvisionedConcurrency", 0) <= each["MaxConcurrency"]
        for each in asked.serverless
    ),
    # shadow-tests-create.html: "a maximum of one production variant and one shadow variant"
    "a shadow is the only one, beside the only variant": lambda asked: (
        not asked.shadows or (len(asked.variants), len(asked.shadows)) == (1, 1)
    ),
    # shadow-tests-exclusions.html
    "a shadow is beside instances that answer at once, and not Inf1": lambda asked: (
        not asked.shadows
        or not (
            asked.serverless
            or asked.asynchronous
            or any(each.get("InstanceType", "").startswith("ml.inf1") for each in asked.variants)
        )
    ),
    # deployment-guardrails.html: "only apply to Asynchronous inference and Real-time inference"
    "a guard is for instances": lambda asked: not (asked.guard and asked.serverless),
    # deployment-guardrails-exclusions.html
    "a guard is not for Inf1, where it would be dropped": lambda asked: (
        not asked.guard
        or not any(each.get("InstanceType", "").startswith("ml.inf1") for each in asked.variants)
    ),
    "a rolling update is of one variant": lambda asked: (
        "RollingUpdatePolicy" not in asked.guard or (len(asked.variants), asked.shadows) == (1, [])
    ),
    "an update has one policy": lambda asked: (
        not {"RollingUpdatePolicy", "BlueGreenUpdatePolicy"} <= asked.guard.keys()
    ),
    # TrafficRoutingConfig in the API's reference
    "each kind of routing has its own size": lambda asked: (
        {"CanarySize", "LinearStepSize"} & asked.routing.keys()
        == {"CANARY": {"CanarySize"}, "LINEAR": {"LinearStepSize"}}.get(
            asked.routing.get("Type", ""), set()
        )
    ),
    "a step is a part of the fleet that SageMaker takes": lambda asked: all(
        low <= percent <= high for low, percent, high in _percents(asked)
    ),
    # BlueGreenUpdatePolicy: the timeout "should be larger than" all waits
    "an update has the time that it waits": lambda asked: all(
        _wait(policy) < policy.get("MaximumExecutionTimeoutInSeconds", float("inf"))
        for policy in asked.guard.values()
    ),
    # endpoint-auto-scaling-prerequisites.html: burstable instances are not scaled
    "no burstable instance is scaled": lambda asked: (
        not any(scaled.get("InstanceType", "").startswith("ml.t") for scaled in asked.scaling)
    ),
    # endpoint-auto-scaling-add-console.html: at least 1; async-inference-autoscale.html: 0 as well
    "something answers at any time, or the requests can wait": lambda asked: (
        asked.asynchronous or all(limits["MinCapacity"] >= 1 for _, limits in asked.limits)
    ),
    # RegisterScalableTarget of the API's reference
    "a minimum is at most its maximum": lambda asked: all(
        limits["MinCapacity"] <= limits["MaxCapacity"] for _, limits in asked.limits
    ),
    # serverless-endpoints-autoscale.html: it is the provisioned concurrency that is scaled
    "what is scaled of a serverless variant is there, and within its concurrency": lambda asked: (
        not asked.serverless
        or all(
            each.get("ProvisionedConcurrency", 0) >= 1
            and limits["MaxCapacity"] <= each["MaxConcurrency"]
            for each in asked.serverless
            for _, limits in asked.limits
        )
    ),
    # endpoint-scaling-update.html: what scaling found is kept through an update
    "an update keeps the counts of what is scaled": lambda asked: (
        not asked.scaling or asked.endpoint.get("RetainAllVariantProperties") is True
    ),
    # https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepAdjustment.html
    "steps have no gap and no overlap": lambda asked: (
        all(lower < upper for steps in _steps(asked) for lower, upper in steps)
        and all(one[1] == other[0] for steps in _steps(asked) for one, other in pairwise(steps))
    ),
    # PutMetricAlarm of CloudWatch's reference, where it is a string of any kind to botocore
    "an alarm takes missing data as CloudWatch knows it": lambda asked: all(
        policy.get("Alarm", {}).get("TreatMissingData", "missing")
        in ("breaching", "notBreaching", "ignore", "missing")
        for scaled in asked.scaling
        for policy in scaled["ScalingPolicies"]
    ),
    # async-inference-autoscale.html: "Define a scaling policy that scales up from zero"
    "what may have no instance is started by a backlog that has none": lambda asked: all(
        limits["MinCapacity"] > 0
        or any(
            policy.get("Alarm", {}).get("MetricName") == "HasBacklogWithoutCapacity"
            for policy in scaled["ScalingPolicies"]
        )
        for scaled, limits in asked.limits
    ),
}


def refused(asked: Asked) -> list[str]:
    """The facts that do not hold."""
    return [fact for fact, holds in FACTS.items() if not holds(asked)]
