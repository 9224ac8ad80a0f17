"""PutScalingPolicy, DeleteScalingPolicy, DescribeScalingPolicies."""

import uuid
from itertools import pairwise
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch

from local.application_autoscaling import targets
from local.application_autoscaling.targets import LOCK, NAMES, Record
from local.sagemaker.errors import SageMakerError, invalid, not_supported
from local.sagemaker.validation import now

_CONFIGURATIONS = {
    "StepScaling": "StepScalingPolicyConfiguration",
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
}
_MAX_POLICIES = 50
"""Of a scalable target: https://docs.aws.amazon.com/general/latest/gr/as-app.html"""


def put(request: Record) -> Record:
    """PutScalingPolicy: makes a policy, or replaces its configuration. Raises SageMakerError."""
    kind = request.get("PolicyType", "StepScaling")
    if kind not in _CONFIGURATIONS:
        raise not_supported(f"scaling policies of type {kind}")
    member = _CONFIGURATIONS[kind]
    if member not in request:
        raise invalid(f"{member} is required for a policy of type {kind}")
    (_check_steps if kind == "StepScaling" else _check_metric)(request[member])
    with LOCK:
        target = targets.find(request)
        policy = target.policies.get(request["PolicyName"])
        if policy is None:
            if len(target.policies) == _MAX_POLICIES:
                raise SageMakerError("LimitExceededException", f"{_MAX_POLICIES} scaling policies")
            policy = {
                "PolicyARN": _arn(request),
                "PolicyName": request["PolicyName"],
                **target.names,
                "PolicyType": kind,
                "CreationTime": now(),
            }
        elif policy["PolicyType"] != kind:
            raise invalid("The policy type of a scaling policy cannot be changed")
        target.policies[request["PolicyName"]] = {**policy, member: request[member]}
    return {"PolicyARN": policy["PolicyARN"], "Alarms": _alarms(policy)}


def delete(request: Record) -> Record:
    """DeleteScalingPolicy; a step policy's alarms are their maker's."""
    with LOCK:
        target = targets.find(request)
        if target.policies.pop(request["PolicyName"], None) is None:
            raise targets.not_found(
                "scaling policy", request, f", policy name: {request['PolicyName']}"
            )
    return {}


def describe(request: Record) -> Record:
    """DescribeScalingPolicies, all at once."""
    names = request.get("PolicyNames")
    found = [
        {**policy, "Alarms": _alarms(policy)}
        for target in targets.of_request(request)
        for policy in target.policies.values()
        if not names or policy["PolicyName"] in names
    ]
    return {"ScalingPolicies": targets.with_dimension(found, request)}


def alarms_of(policy: Record) -> list[Record]:
    """Return the alarms of CloudWatch that act on a step policy."""
    return [
        alarm
        for alarm in list(cloudwatch._alarms.values())
        if policy["PolicyARN"] in alarm["AlarmActions"] and alarm["ActionsEnabled"]
    ]


def _alarms(policy: Record) -> list[Record]:
    return [
        {member: alarm[member] for member in ("AlarmName", "AlarmARN")}
        for alarm in ({**each, "AlarmARN": each["AlarmArn"]} for each in alarms_of(policy))
    ]


def _arn(request: Record) -> str:
    return (
        f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scalingPolicy:{uuid.uuid4()}:"
        f"resource/{request[NAMES[0]]}/{request[NAMES[1]]}:policyName/{request['PolicyName']}"
    )


def _check_metric(configuration: Record) -> None:
    given = [
        member
        for member in ("PredefinedMetricSpecification", "CustomizedMetricSpecification")
        if member in configuration
    ]
    if len(given) != 1:
        raise invalid("Exactly one metric specification is required for target tracking")
    if "Metrics" in configuration.get("CustomizedMetricSpecification", {}):
        raise not_supported("metric math of target tracking")


def _check_steps(configuration: Record) -> None:
    """Raise SageMakerError where the intervals are not the API's.

    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepAdjustment.html
    """
    if configuration.get("AdjustmentType") not in ("ChangeInCapacity", "ExactCapacity"):
        raise not_supported(f"AdjustmentType {configuration.get('AdjustmentType')}")
    steps = configuration.get("StepAdjustments", [])
    if not steps:
        raise invalid("At least one step adjustment is required")
    bounds = sorted(map(bounds_of, steps))
    if any(lower >= upper for lower, upper in bounds) or any(
        one[1] != other[0] for one, other in pairwise(bounds)
    ):
        raise invalid("Step adjustment intervals can't overlap or have a gap between them")
    lowest, highest = bounds[0][0], bounds[-1][1]
    if (lowest < 0 and lowest != float("-inf")) or (highest > 0 and highest != float("inf")):
        raise invalid(
            "With a negative lower bound one step must have no lower bound, and with a positive "
            "upper bound one step no upper bound"
        )


def bounds_of(step: Record) -> tuple[float, float]:
    """Return the interval of a step adjustment, counted from the alarm's threshold."""
    lower: Any = step.get("MetricIntervalLowerBound", float("-inf"))
    upper: Any = step.get("MetricIntervalUpperBound", float("inf"))
    return lower, upper
