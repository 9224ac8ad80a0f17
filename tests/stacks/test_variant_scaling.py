"""What the autoscaling of a workload's file asks AWS for, and when in a deploy."""

from typing import Any

import pytest

from local.application_autoscaling.policies import _check_steps
from stacks.scaling_policies import scaling_request
from tests.stacks.conftest import Synth
from tests.stacks.policies import allowed
from workloads.schema.autoscaling import Autoscaling
from workloads.schema.hosting import Variant

STACK = "sagestack-scaled"
RESOURCE = "Custom::SageMakerVariantScaling"
OF_ENDPOINT = [{"Name": "EndpointName", "Value": "iris"}]


def request(serverless: dict[str, Any] | None = None, **autoscaling: Any) -> dict[str, Any]:
    """The request of a variant with this autoscaling."""
    kind = {"serverless": serverless} if serverless else {"instance_type": "ml.m5.large"}
    scaling = Autoscaling.model_validate({"max_capacity": 4, **autoscaling})
    variant = Variant.model_validate({"name": "mars", **kind, "autoscaling": scaling})
    return scaling_request("iris", variant, scaling)


def resources(synth: Synth, stack: str = STACK) -> dict[str, dict[str, Any]]:
    """Both custom resources with their logical ids, by their phase."""
    return {
        resource["Properties"]["Phase"]: {"LogicalId": key, **resource}
        for key, resource in synth.template(stack)["Resources"].items()
        if resource["Type"] == RESOURCE
    }


def test_the_endpoint_is_updated_between_the_two_and_checked_after_them(synth: Synth) -> None:
    before, after = (resources(synth)[phase] for phase in ("BeforeUpdate", "AfterUpdate"))
    template = synth.template(STACK)["Resources"]

    def only(kind: str) -> tuple[str, dict[str, Any]]:
        (found,) = ((key, each) for key, each in template.items() if each["Type"] == kind)
        return found

    config, _ = only("AWS::SageMaker::EndpointConfig")
    endpoint, properties = only("AWS::SageMaker::Endpoint")
    _, check = only("Custom::SageMakerEndpointCheck")
    assert config in before["DependsOn"]
    assert before["LogicalId"] in properties["DependsOn"]
    assert endpoint in after["DependsOn"]
    assert after["LogicalId"] in check["DependsOn"]
    for phase in (before, after):
        assert phase["Properties"]["EndpointName"] == STACK
    assert before["Properties"]["Variants"] == after["Properties"]["Variants"]


def test_a_workload_that_is_not_scaled_has_both_with_no_variant(synth: Synth) -> None:
    found = resources(synth, "sagestack-a-b")
    assert found.keys() == {"BeforeUpdate", "AfterUpdate"}
    assert [each["Properties"]["Variants"] for each in found.values()] == [[], []]


def test_a_variant_is_registered_with_its_limits_and_its_instance_type(synth: Synth) -> None:
    tracked, stepped = resources(synth)["AfterUpdate"]["Properties"]["Variants"]
    assert (tracked["VariantName"], tracked["InstanceType"]) == ("tracked", "ml.m5.large")
    assert stepped["ScalableTarget"] == {"MinCapacity": 2, "MaxCapacity": 10}
    assert tracked["ScheduledActions"] == [
        {
            "Schedule": "cron(0 20 ? * MON-FRI *)",
            "Timezone": "Europe/Vienna",
            "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 1},
        }
    ]


@pytest.mark.parametrize(
    ("key", "metric", "serverless"),
    [
        ("invocations_per_instance", "SageMakerVariantInvocationsPerInstance", None),
        (
            "concurrent_requests_per_instance",
            "SageMakerVariantConcurrentRequestsPerModelHighResolution",
            None,
        ),
        (
            "provisioned_concurrency_utilization",
            "SageMakerVariantProvisionedConcurrencyUtilization",
            {"provisioned_concurrency": 1},
        ),
    ],
)
def test_a_target_is_tracked_by_sagemakers_own_metric(
    key: str, metric: str, serverless: dict[str, Any] | None
) -> None:
    made = request(serverless, **{key: 0.5})
    (policy,) = made["ScalingPolicies"]
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "TargetValue": 0.5,
        "PredefinedMetricSpecification": {"PredefinedMetricType": metric},
        "ScaleOutCooldown": 60,
        "ScaleInCooldown": 300,
    }
    assert ("InstanceType" in made) == (serverless is None)


def test_a_backlog_is_tracked_for_the_endpoint() -> None:
    (policy,) = request(backlog_per_instance=5)["ScalingPolicies"]
    metric = policy["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"]
    assert metric["MetricName"] == "ApproximateBacklogSizePerInstance"
    assert (metric["Dimensions"], metric["Statistic"]) == (OF_ENDPOINT, "Average")


@pytest.mark.parametrize(
    "zero",
    [
        {"min_capacity": 0},
        {"schedule": [{"cron": "0 20 * * ? *", "min_capacity": 0, "max_capacity": 1}]},
    ],
)
def test_what_may_have_no_instance_gets_its_first_one_by_a_policy_of_its_own(
    zero: dict[str, Any],
) -> None:
    _, policy = request(backlog_per_instance=5, scale_out_cooldown=30, **zero)["ScalingPolicies"]
    assert policy["Name"] == "from-zero"
    assert policy["StepScalingPolicyConfiguration"] == {
        "AdjustmentType": "ChangeInCapacity",
        "MetricAggregationType": "Average",
        "Cooldown": 30,
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
    }
    alarm = policy["Alarm"]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("HasBacklogWithoutCapacity", 1)
    assert alarm["Dimensions"] == OF_ENDPOINT


def test_steps_up_and_down_have_an_alarm_each_and_nothing_happens_between(synth: Synth) -> None:
    _, stepped = resources(synth)["AfterUpdate"]["Properties"]["Variants"]
    up, down = stepped["ScalingPolicies"]
    assert (up["Name"], down["Name"]) == ("steps-up", "steps-down")
    assert (up["Alarm"]["Threshold"], down["Alarm"]["Threshold"]) == (100, 50)
    assert up["Alarm"]["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert down["Alarm"]["ComparisonOperator"] == "LessThanThreshold"
    assert up["StepScalingPolicyConfiguration"]["StepAdjustments"] == [
        {"ScalingAdjustment": 1, "MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 400},
        {"ScalingAdjustment": 3, "MetricIntervalLowerBound": 400},
    ]
    assert down["StepScalingPolicyConfiguration"]["StepAdjustments"] == [
        {"ScalingAdjustment": -2, "MetricIntervalUpperBound": -30},
        {"ScalingAdjustment": -1, "MetricIntervalLowerBound": -30, "MetricIntervalUpperBound": 0},
    ]
    cooldowns = [each["StepScalingPolicyConfiguration"]["Cooldown"] for each in (up, down)]
    assert cooldowns == [60, 600]
    for policy in (up, down):
        _check_steps(policy["StepScalingPolicyConfiguration"])  # what the API demands of them


def test_a_variant_that_nobody_asks_is_scaled_in(synth: Synth) -> None:
    _, stepped = resources(synth)["AfterUpdate"]["Properties"]["Variants"]
    missing = [each["Alarm"]["TreatMissingData"] for each in stepped["ScalingPolicies"]]
    assert missing == ["notBreaching", "breaching"]


def test_a_schedule_alone_is_no_policy() -> None:
    schedule = [{"cron": "0 20 * * ? *", "min_capacity": 1, "max_capacity": 1}]
    made = request(schedule=schedule)
    assert (made["ScalingPolicies"], len(made["ScheduledActions"])) == ([], 1)


def test_the_provider_may_scale_the_apps_endpoints_and_no_others(synth: Synth) -> None:
    may = allowed(synth, "sagestack-shared", "JobsIsCompleteRole")
    endpoints = {"arn:aws:sagemaker:region:account:endpoint/sagestack-*"}
    alarm = "arn:aws:cloudwatch:region:account:alarm:"
    assert may["sagemaker:UpdateEndpointWeightsAndCapacities"] == endpoints
    for action in ("PutMetricAlarm", "DeleteAlarms"):
        assert may[f"cloudwatch:{action}"] == {
            f"{alarm}sagestack-*",
            f"{alarm}TargetTracking-endpoint/sagestack-*",
        }
    service = "sagemaker.application-autoscaling.amazonaws.com"
    assert may["iam:CreateServiceLinkedRole"] == {
        f"arn:aws:iam::account:role/aws-service-role/{service}/"
        "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    }
    other = allowed(synth, "sagestack-shared", "JobsOnEventRole")
    assert not [action for action in other if action.startswith("application-autoscaling:")]
