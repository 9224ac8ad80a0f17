"""What a variant's autoscaling asks Application Auto Scaling for: requests as its API takes them.

How SageMaker's metrics are meant: https://docs.aws.amazon.com/sagemaker/latest/dg/
endpoint-auto-scaling-add-code-define.html, async-inference-autoscale.html and
serverless-endpoints-autoscale.html below the same folder.
"""

from collections.abc import Sequence
from typing import Any

from workloads.schema.autoscaling import Autoscaling, Step
from workloads.schema.hosting import Variant

Request = dict[str, Any]

_PREDEFINED_METRICS = {
    "invocations_per_instance": "SageMakerVariantInvocationsPerInstance",
    "concurrent_requests_per_instance": "SageMakerVariantConcurrentRequestsPerModelHighResolution",
    "provisioned_concurrency_utilization": "SageMakerVariantProvisionedConcurrencyUtilization",
}
_NAMESPACE = "AWS/SageMaker"
_PERIOD = 60
"""Seconds; the steps' levels are of a minute."""
_MINUTES_UP = 1
_MINUTES_DOWN = 15
"""How long it is to be quiet before instances go: so long target tracking waits too."""


def scaling_request(endpoint: str, variant: Variant, scaling: Autoscaling) -> Request:
    """Return the variant's entry in the property Variants of Custom::SageMakerVariantScaling."""
    instance_type = {} if variant.serverless else {"InstanceType": variant.instance_type}
    return {
        "VariantName": variant.name,
        **instance_type,
        "ScalableTarget": {
            "MinCapacity": scaling.min_capacity,
            "MaxCapacity": scaling.max_capacity,
        },
        "ScalingPolicies": _policies(endpoint, variant.name, scaling),
        "ScheduledActions": [
            {
                "Schedule": f"cron({schedule.cron})",
                "Timezone": schedule.time_zone,
                "ScalableTargetAction": {
                    "MinCapacity": schedule.min_capacity,
                    "MaxCapacity": schedule.max_capacity,
                },
            }
            for schedule in scaling.schedule
        ],
    }


def _policies(endpoint: str, variant: str, scaling: Autoscaling) -> list[Request]:
    of_endpoint = [{"Name": "EndpointName", "Value": endpoint}]
    if scaling.policy in _PREDEFINED_METRICS:
        metric = {"PredefinedMetricType": _PREDEFINED_METRICS[scaling.policy]}
        return [_target_tracking(scaling, {"PredefinedMetricSpecification": metric})]
    if scaling.policy == "backlog_per_instance":
        backlog = {
            "MetricName": "ApproximateBacklogSizePerInstance",
            "Namespace": _NAMESPACE,
            "Dimensions": of_endpoint,
            "Statistic": "Average",
        }
        tracking = _target_tracking(scaling, {"CustomizedMetricSpecification": backlog})
        lowest = min(scaling.min_capacity, *(each.min_capacity for each in scaling.schedule), 1)
        return [tracking] if lowest else [tracking, _from_zero(scaling, of_endpoint)]
    of_variant = [*of_endpoint, {"Name": "VariantName", "Value": variant}]
    return _stepwise(scaling, of_variant) if scaling.steps else []


def _target_tracking(scaling: Autoscaling, metric: Request) -> Request:
    return {
        "Name": "target-tracking",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": getattr(scaling, str(scaling.policy)),
            **metric,
            "ScaleOutCooldown": scaling.scale_out_cooldown,
            "ScaleInCooldown": scaling.scale_in_cooldown,
        },
    }


def _from_zero(scaling: Autoscaling, dimensions: list[Request]) -> Request:
    """Start the first instance: without any there is no backlog per instance to be tracked."""
    return _step_scaling(
        "from-zero",
        [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        scaling.scale_out_cooldown,
        {
            "MetricName": "HasBacklogWithoutCapacity",
            "Statistic": "Average",
            "Dimensions": dimensions,
            "EvaluationPeriods": 2,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": 1,
            "TreatMissingData": "missing",
        },
    )


def _stepwise(scaling: Autoscaling, dimensions: list[Request]) -> list[Request]:
    """Return a policy for the steps up and one for those down: an alarm has one threshold.

    Between the two nothing changes. An adjustment's bounds are counted from the threshold; below
    the lowest step down there is no other bound, as the API demands.
    """
    steps = sorted(scaling.steps, key=lambda step: step.above)
    up = [step for step in steps if step.add > 0]
    down = [step for step in steps if step.add < 0]
    metric = {
        "MetricName": "InvocationsPerInstance",
        "Statistic": "Sum",
        "Dimensions": dimensions,
    }
    policies = [
        _step_scaling(
            "steps-up",
            _adjustments(up, [*(step.above for step in up), None], up[0].above),
            scaling.scale_out_cooldown,
            metric
            | {
                "EvaluationPeriods": _MINUTES_UP,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
                "Threshold": up[0].above,
                "TreatMissingData": "notBreaching",
            },
        )
    ]
    if down:
        level = steps[len(down)].above
        policies.append(
            _step_scaling(
                "steps-down",
                _adjustments(down, [None, *(step.above for step in down[1:]), level], level),
                scaling.scale_in_cooldown,
                metric
                | {
                    "EvaluationPeriods": _MINUTES_DOWN,
                    "ComparisonOperator": "LessThanThreshold",
                    "Threshold": level,
                    # nothing is published of a variant that nobody asks
                    "TreatMissingData": "breaching",
                },
            )
        )
    return policies


def _adjustments(
    steps: Sequence[Step], levels: Sequence[float | None], threshold: float
) -> list[Request]:
    """Return the steps, each between two levels; None is no bound."""
    adjustments = []
    for step, lower, upper in zip(steps, levels, levels[1:], strict=False):
        adjustment: Request = {"ScalingAdjustment": step.add}
        if lower is not None:
            adjustment["MetricIntervalLowerBound"] = lower - threshold
        if upper is not None:
            adjustment["MetricIntervalUpperBound"] = upper - threshold
        adjustments.append(adjustment)
    return adjustments


def _step_scaling(name: str, adjustments: list[Request], cooldown: int, alarm: Request) -> Request:
    return {
        "Name": name,
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": {
            "AdjustmentType": "ChangeInCapacity",
            "MetricAggregationType": "Average",
            "Cooldown": cooldown,
            "StepAdjustments": adjustments,
        },
        "Alarm": {"Namespace": _NAMESPACE, "Period": _PERIOD, **alarm},
    }
