"""Alarms on the variants of an endpoint, any of which rolls an update of it back."""

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from stacks.job_role import JobRole
from stacks.log_groups import endpoint_log_group_name
from stacks.permissions import allow
from workloads.schema import Alarms, Variant

MICROSECONDS = 1000
"""In a millisecond. ModelLatency is in microseconds, the settings have milliseconds."""


class EndpointAlarms(Construct):
    """Those that `settings` ask for on each of the production `variants`, and the user's own.

    CloudFormation names them, and keeps a name for as long as the alarm is of the same variant.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Alarms,
        endpoint_name: str,
        variants: tuple[Variant, ...],
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._endpoint_name = endpoint_name
        self._alarms: list[cloudwatch.CfnAlarm] = []
        for variant in variants:
            if settings.invocation_5xx_errors:
                self._add_errors(variant.name, settings.invocation_5xx_errors)
            if settings.model_latency_ms is not None:
                self._add_latency(variant.name, settings.model_latency_ms)

    @property
    def names(self) -> list[str]:
        """The names of all of them, the user's own last."""
        return [*(alarm.ref for alarm in self._alarms), *self._settings.names]

    def allow_describing(self, role: JobRole) -> None:
        """Allow the role of a model to look at the alarms, as SageMaker does with it in an update.

        https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
        """
        for alarm in self._alarms:
            allow(role, ["cloudwatch:DescribeAlarms"], alarm.attr_arn)
        if self._settings.names:
            allow(
                role,
                ["cloudwatch:DescribeAlarms"],
                "*",
                because="The user's own alarms may be composite ones, which CloudWatch describes "
                "to those only who may describe all.",
            )

    def _add_errors(self, variant: str, threshold: int) -> None:
        answers = "an answer" if threshold == 1 else f"{threshold} answers"
        self._add(
            variant,
            metric="Invocation5XXErrors",
            statistic="Sum",
            at_threshold="GreaterThanOrEqualToThreshold",
            threshold=threshold,
            what=f"gives {answers} of status 500 or above in {self._settings.period} s",
        )

    def _add_latency(self, variant: str, threshold_ms: float) -> None:
        self._add(
            variant,
            metric="ModelLatency",
            statistic="Average",
            at_threshold="GreaterThanThreshold",
            threshold=threshold_ms * MICROSECONDS,
            what=f"takes more than {threshold_ms:g} ms for an answer on average",
        )

    def _add(
        self,
        variant: str,
        *,
        metric: str,
        statistic: str,
        at_threshold: str,
        threshold: float,
        what: str,
    ) -> None:
        dimensions = {"EndpointName": self._endpoint_name, "VariantName": variant}
        alarm = cloudwatch.CfnAlarm(
            self,
            f"{variant}-{metric}",
            alarm_description=(
                f"Variant {variant} of the endpoint {self._endpoint_name} {what}. An update under "
                "way is rolled back; without one, look for what has changed in the requests. What "
                f"the container said is in {endpoint_log_group_name(self._endpoint_name)}."
            ),
            namespace="AWS/SageMaker",
            metric_name=metric,
            dimensions=[
                cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)
                for name, value in dimensions.items()
            ],
            statistic=statistic,
            period=self._settings.period,
            evaluation_periods=self._settings.evaluation_periods,
            comparison_operator=at_threshold,
            threshold=threshold,
            treat_missing_data="notBreaching",  # without requests there is no metric at all
        )
        self._alarms.append(alarm)
