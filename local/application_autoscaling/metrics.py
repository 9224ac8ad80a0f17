"""What CloudWatch has seen, as far as scaling asks.

AWS's target tracking waits for three minutes in a row above its target, and for fifteen below. Here
the last minute decides, looked at each second: what takes AWS minutes takes this machine seconds.
So the alarms of step policies are not asked for their state either, only for what they are about.
"""

import operator
import time

from ministack.services import cloudwatch

from local.application_autoscaling.targets import Record, Target

WINDOW = 60.0
"""Seconds of a metric that are looked at: SageMaker's are counted by the minute."""
HIGH_RESOLUTION_WINDOW = 10.0

_NAMESPACE = "AWS/SageMaker"
# https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
_PREDEFINED = {
    "SageMakerVariantInvocationsPerInstance": ("InvocationsPerInstance", "Sum", WINDOW),
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": (
        "ConcurrentRequestsPerModel",
        "Average",
        HIGH_RESOLUTION_WINDOW,
    ),
    "SageMakerVariantProvisionedConcurrencyUtilization": (
        "ServerlessProvisionedConcurrencyUtilization",
        "Average",
        WINDOW,
    ),
}
_OPERATORS = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanOrEqualToThreshold": operator.le,
    "LessThanThreshold": operator.lt,
}


def tracked(target: Target, configuration: Record) -> float | None:
    """Return the metric that a target tracking policy follows; None while there is no data."""
    if predefined := configuration.get("PredefinedMetricSpecification"):
        name, statistic, window = _PREDEFINED[predefined["PredefinedMetricType"]]
        dimensions = {"EndpointName": target.endpoint, "VariantName": target.variant}
        return _value(_NAMESPACE, name, dimensions, statistic, window)
    metric = configuration["CustomizedMetricSpecification"]
    dimensions = cloudwatch._dims_from_list(metric.get("Dimensions", []))
    return _value(metric["Namespace"], metric["MetricName"], dimensions, metric["Statistic"])


def breach(alarm: Record) -> float | None:
    """Return how far beyond its threshold an alarm's metric is; None when it is not beyond."""
    breaches = _OPERATORS[alarm["ComparisonOperator"]]
    dimensions = cloudwatch._dims_from_list(alarm["Dimensions"])
    value = _value(alarm["Namespace"], alarm["MetricName"], dimensions, alarm["Statistic"])
    if value is None:
        if alarm["TreatMissingData"] != "breaching":
            return None
        return float("-inf") if breaches(0, 1) else float("inf")
    threshold: float = alarm["Threshold"]
    return value - threshold if breaches(value, threshold) else None


def _value(
    namespace: str, name: str, dimensions: Record, statistic: str, window: float = WINDOW
) -> float | None:
    points = cloudwatch._metrics.get((namespace, name, cloudwatch._dims_key(dimensions)), [])
    since = time.time() - window
    recent = [point for point in list(points) if point["Timestamp"] > since]
    statistics = cloudwatch._calc_stats(recent)
    return float(cloudwatch._stat_value(statistics, statistic, recent)) if statistics else None
