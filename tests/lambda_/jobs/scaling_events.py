"""Variants that are scaled, the events of their custom resources, and their delivery."""

from copy import deepcopy
from typing import Any

from jobs import variant_scaling
from jobs.events import Event

from .fake_aws import STACK_ID, FakeAws
from .job_events import stringified

BEFORE, AFTER = "BeforeUpdate", "AfterUpdate"
INSTANCES = "sagemaker:variant:DesiredInstanceCount"
CONCURRENCY = "sagemaker:variant:DesiredProvisionedConcurrency"
MARS = "endpoint/iris/variant/mars"

Variant = dict[str, Any]


def tracked(name: str = "mars", instance_type: str | None = "ml.m5.large") -> Variant:
    """A variant that is scaled by a target, from 1 to 4."""
    metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    return {
        "VariantName": name,
        **({"InstanceType": instance_type} if instance_type else {}),
        "ScalableTarget": {"MinCapacity": 1, "MaxCapacity": 4},
        "ScalingPolicies": [
            {
                "Name": "target-tracking",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 70.5,
                    "PredefinedMetricSpecification": metric,
                    "ScaleOutCooldown": 60,
                    "ScaleInCooldown": 300,
                },
            }
        ],
        "ScheduledActions": [],
    }


def stepped(name: str = "mars", *steps: str) -> Variant:
    """A variant that is scaled by steps, and by the clock."""
    alarm = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "InvocationsPerInstance",
        "Statistic": "Sum",
        "Dimensions": [{"Name": "VariantName", "Value": name}],
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 100,
    }
    configuration = {
        "AdjustmentType": "ChangeInCapacity",
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 2}],
    }
    return tracked(name) | {
        "ScalingPolicies": [
            {
                "Name": step,
                "PolicyType": "StepScaling",
                "StepScalingPolicyConfiguration": configuration,
                "Alarm": alarm,
            }
            for step in steps or ("steps-up", "steps-down")
        ],
        "ScheduledActions": [
            {
                "Schedule": f"cron(0 {hour} ? * MON-FRI *)",
                "Timezone": "Europe/Vienna",
                "ScalableTargetAction": {"MinCapacity": 2, "MaxCapacity": 8},
            }
            for hour in (8, 12, 20)
        ],
    }


def scaling_event(
    phase: str, *variants: Variant, kind: str = "Update", old: tuple[Variant, ...] | None = None
) -> Event:
    """An event as CloudFormation delivers it, all numbers as text."""

    def properties(them: tuple[Variant, ...]) -> Any:
        return stringified({"Phase": phase, "EndpointName": "iris", "Variants": list(them)})

    event: Any = {
        "RequestType": kind,
        "RequestId": "r1",
        "StackId": STACK_ID,
        "LogicalResourceId": "Scaling",
        "PhysicalResourceId": f"iris-scaling-{phase}",
        "ResourceType": "Custom::SageMakerVariantScaling",
        "ResourceProperties": properties(variants),
    }
    if old is not None:
        event["OldResourceProperties"] = properties(old)
    result: Event = event
    return result


def deliver(aws: FakeAws, event: Event) -> None:
    """Deliver an event twice, as may happen; the second time must change nothing."""
    assert variant_scaling.is_complete(event, aws.clients) == {"IsComplete": True}
    once = deepcopy((aws.scaling.targets, aws.scaling.alarms))
    assert variant_scaling.is_complete(event, aws.clients) == {"IsComplete": True}
    assert (aws.scaling.targets, aws.scaling.alarms) == once


def runs(aws: FakeAws, status: str = "InService", **instance_types: str) -> None:
    """Let the endpoint run variants on these instance types."""
    aws.endpoints["iris"] = {"EndpointStatus": status, "EndpointConfigName": "config"}
    aws.endpoint_configs["config"] = [
        {"VariantName": name, "InstanceType": instance_type}
        for name, instance_type in instance_types.items()
    ]


def policies(aws: FakeAws, resource_id: str = MARS, dimension: str = INSTANCES) -> dict[str, Any]:
    found: dict[str, Any] = aws.scaling.targets[resource_id, dimension]["policies"]
    return found
