"""An endpoint with one scalable target, and its metrics."""

from tests.local.conftest import Account, settled

INSTANCES = "sagemaker:variant:DesiredInstanceCount"
CONCURRENT = "SageMakerVariantConcurrentRequestsPerModelHighResolution"


class Scaled:
    """An endpoint with one scalable target, and its metrics."""

    def __init__(
        self, account: Account, endpoint: str, variant: str = "mars", dimension: str = INSTANCES
    ) -> None:
        self.account = account
        self.endpoint = endpoint
        self.variant = variant
        self.client = account.aws.client("application-autoscaling")
        self.cloudwatch = account.aws.client("cloudwatch")
        self.target = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": f"endpoint/{endpoint}/variant/{variant}",
            "ScalableDimension": dimension,
        }

    @property
    def dimensions(self) -> list[dict[str, str]]:
        """Those of the metrics that SageMaker publishes of its variant."""
        named = {"EndpointName": self.endpoint, "VariantName": self.variant}
        return [{"Name": name, "Value": value} for name, value in named.items()]

    def register(self, low: int = 1, high: int = 4) -> None:
        self.client.register_scalable_target(**self.target, MinCapacity=low, MaxCapacity=high)

    def track(self, value: float, cooldown: int = 0, predefined: str = "") -> None:
        """Follow a metric that SageMaker publishes, or one that is `measured`."""
        measured = {
            "Namespace": "tests",
            "MetricName": "Load",
            "Dimensions": self.dimensions,
            "Statistic": "Average",
        }
        metric = (
            {"PredefinedMetricSpecification": {"PredefinedMetricType": predefined}}
            if predefined
            else {"CustomizedMetricSpecification": measured}
        )
        self.client.put_scaling_policy(
            PolicyName="track",
            **self.target,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": value,
                **metric,
                "ScaleOutCooldown": cooldown,
                "ScaleInCooldown": cooldown,
            },
        )

    def measured(self, value: float, metric: str = "Load", namespace: str = "tests") -> None:
        data = {"MetricName": metric, "Dimensions": self.dimensions, "Value": value}
        self.cloudwatch.put_metric_data(Namespace=namespace, MetricData=[data])

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
