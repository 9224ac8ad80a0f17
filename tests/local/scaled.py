"""An endpoint with one scalable target, and its metrics."""

from tests.local.conftest import Account, settled

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
CONCURRENT = "SageMakerVariantConcurrentRequestsPerModelHighResolution"


class Scaled:
    """An endpoint with one scalable target, and its metrics."""

    def __init__(self, account: Account, endpoint: str) -> None:
        self.account = account
        self.endpoint = endpoint
        self.client = account.aws.client("application-autoscaling")
        self.cloudwatch = account.aws.client("cloudwatch")
        self.target = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{endpoint}/variant/mars",
            "ScalableDimension": DIMENSION,
        }

    def register(self, low: int = 1, high: int = 4) -> None:
        self.client.register_scalable_target(**self.target, MinCapacity=low, MaxCapacity=high)

    def track(self, value: float, cooldown: int = 0) -> None:
        self.client.put_scaling_policy(
            PolicyName="track",
            **self.target,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": value,
                "PredefinedMetricSpecification": {"PredefinedMetricType": CONCURRENT},
                "ScaleOutCooldown": cooldown,
                "ScaleInCooldown": cooldown,
            },
        )

    def measured(self, metric: str, value: float) -> None:
        dimensions = [
            {"Name": "EndpointName", "Value": self.endpoint},
            {"Name": "VariantName", "Value": "mars"},
        ]
        data = {"MetricName": metric, "Dimensions": dimensions, "Value": value}
        self.cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=[data])

    def count(self) -> int:
        (variant,) = self.account.endpoint(self.endpoint)["ProductionVariants"]
        return int(variant["DesiredInstanceCount"])

    def until(self, count: int) -> None:
        settled(lambda: {"count": self.count()}, lambda found: found["count"] == count)

    def activities(self) -> list[str]:
        found = self.client.describe_scaling_activities(
            ServiceNamespace="sagemaker", ResourceId=self.target["ResourceId"]
        )["ScalingActivities"]
        return [activity["Cause"] for activity in found]
