"""Application Auto Scaling of endpoint variants, by boto3 against the running server."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.leftovers import leftovers
from local.session import EmbeddedAWS
from tests.local.conftest import Account, settled
from tests.local.scaled import Scaled
from tests.local.test_hosting import reconfigure


@pytest.fixture
def scaled(account: Account, request: pytest.FixtureRequest) -> Iterator[Scaled]:
    """An endpoint of one variant, `mars`, that is not a target yet."""
    words, _, case = request.node.name.removeprefix("test_").partition("[")
    name = f"{words.replace('_', '-')[:50]}-{case[:6]}".strip("-")
    account.serve(name, mars="Hello")
    yield Scaled(account, name)
    account.sagemaker.delete_endpoint(EndpointName=name)


def refused(call: Callable[..., Any], **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as raised:
        call(**request)
    error = raised.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_target_is_described_with_the_role_that_scales_it(scaled: Scaled) -> None:
    scaled.register(1, 4)
    scaled.register(2, 4)
    (target,) = scaled.client.describe_scalable_targets(
        ServiceNamespace="sagemaker", ResourceIds=[scaled.target["ResourceId"]]
    )["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 4)
    assert target["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint")


def test_only_a_variant_that_there_is_can_be_registered(scaled: Scaled) -> None:
    register = scaled.client.register_scalable_target
    limits = {"MinCapacity": 1, "MaxCapacity": 2}
    for resource_id, message in (
        (f"endpoint/{scaled.endpoint}/variant/venus", 'Could not find variant "venus"'),
        ("endpoint/nobody/variant/mars", "Could not find endpoint"),
        ("service/cluster/mars", "Unsupported service namespace"),
    ):
        code, said = refused(register, **scaled.target | {"ResourceId": resource_id}, **limits)
        assert (code, message in said) == ("ValidationException", True)
    code, said = refused(register, **scaled.target, MinCapacity=3, MaxCapacity=2)
    assert "Maximum capacity cannot be less" in said
    assert refused(register, **scaled.target, MinCapacity=1)[0] == "ValidationException"


def test_what_is_not_there_is_an_object_that_was_not_found(scaled: Scaled) -> None:
    client, target = scaled.client, scaled.target
    code, said = refused(client.deregister_scalable_target, **target)
    assert code == "ObjectNotFoundException"
    assert said.startswith("No scalable target found for service namespace: sagemaker")
    scaled.register()
    code, said = refused(client.delete_scaling_policy, PolicyName="track", **target)
    assert (code, "policy name: track" in said) == ("ObjectNotFoundException", True)
    call = client.delete_scheduled_action
    assert refused(call, ScheduledActionName="n", **target)[0] == "ObjectNotFoundException"


def test_a_request_is_checked_by_the_model_of_the_service(scaled: Scaled) -> None:
    scaled.register()
    action = {"Schedule": "cron(0 20 * * ? *)", "ScalableTargetAction": {"MinCapacity": 1}}
    put = scaled.client.put_scheduled_action
    code, said = refused(put, ScheduledActionName="a/b", **scaled.target, **action)
    assert (code, "'scheduledActionName' failed to satisfy" in said) == (
        "ValidationException",
        True,
    )
    for change, message in (
        ({"Schedule": "cron(0 20 * * * *)"}, "Invalid schedule"),
        ({"Timezone": "Mars/Olympus"}, "Invalid timezone"),
    ):
        said = refused(put, ScheduledActionName="n", **scaled.target, **action | change)[1]
        assert message in said


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([(0, 10), (20, None)], "gap"),
        ([(0, 10), (5, None)], "overlap"),
        ([(0, 10)], "no upper bound"),
        ([(-10, 0)], "no lower bound"),
        ([], "At least one step"),
    ],
)
def test_steps_have_to_fit_each_other(
    scaled: Scaled, steps: list[tuple[float, float | None]], message: str
) -> None:
    scaled.register()
    adjustments = [
        {
            "ScalingAdjustment": 1,
            "MetricIntervalLowerBound": lower,
            **({} if upper is None else {"MetricIntervalUpperBound": upper}),
        }
        for lower, upper in steps
    ]
    configuration = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": adjustments}
    _, said = refused(
        scaled.client.put_scaling_policy,
        PolicyName="steps",
        **scaled.target,
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration=configuration,
    )
    assert message in said


def test_policies_and_schedules_go_with_their_target(scaled: Scaled) -> None:
    scaled.register()
    scaled.track(5)
    scaled.client.put_scheduled_action(
        ScheduledActionName="night",
        **scaled.target,
        Schedule="cron(0 20 * * ? *)",
        Timezone="Europe/Vienna",
        ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 1},
    )

    def found() -> list[str]:
        policies = scaled.client.describe_scaling_policies(**scaled.target)["ScalingPolicies"]
        actions = scaled.client.describe_scheduled_actions(**scaled.target)["ScheduledActions"]
        names = [policy["PolicyName"] for policy in policies]
        return names + [action["ScheduledActionName"] for action in actions]

    assert found() == ["track", "night"]
    scaled.client.deregister_scalable_target(**scaled.target)
    scaled.register()
    assert found() == []


def test_more_requests_at_a_time_than_the_target_make_more_instances(scaled: Scaled) -> None:
    scaled.register(1, 4)
    scaled.track(5, cooldown=300)
    scaled.measured(11)
    scaled.until(3)  # 11 requests, 5 for each
    assert scaled.activities() == ["metric at 11, target 5, triggered policy track"]
    time.sleep(2.5)
    assert scaled.count() == 3  # the cooldown lasts
    scaled.track(5, cooldown=0)
    scaled.until(4)  # and no more than its maximum


def test_fewer_requests_make_fewer_instances_after_the_cooldown(scaled: Scaled) -> None:
    scaled.register(3, 4)
    scaled.until(3)
    scaled.register(1, 4)
    scaled.track(5, cooldown=300)
    scaled.measured(1)
    time.sleep(2.5)
    assert scaled.count() == 3
    scaled.track(5, cooldown=0)
    scaled.until(1)


def test_a_minimum_above_the_count_is_reached_at_once(scaled: Scaled) -> None:
    scaled.register(2, 4)
    scaled.until(2)
    assert scaled.activities() == ["minimum capacity was set to 2"]


def test_an_alarm_takes_the_step_that_its_metric_is_in(scaled: Scaled) -> None:
    scaled.register(1, 9)
    policy = scaled.client.put_scaling_policy(
        PolicyName="steps",
        **scaled.target,
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "Cooldown": 300,
            "StepAdjustments": [
                {
                    "MetricIntervalLowerBound": 0,
                    "MetricIntervalUpperBound": 50,
                    "ScalingAdjustment": 1,
                },
                {"MetricIntervalLowerBound": 50, "ScalingAdjustment": 3},
            ],
        },
    )
    alarm = f"{scaled.endpoint}/steps"
    scaled.cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        Namespace="AWS/SageMaker",
        MetricName="InvocationsPerInstance",
        Statistic="Sum",
        Dimensions=[
            {"Name": "EndpointName", "Value": scaled.endpoint},
            {"Name": "VariantName", "Value": "mars"},
        ],
        Period=60,
        EvaluationPeriods=1,
        Threshold=100,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        AlarmActions=[policy["PolicyARN"]],
    )
    for _ in range(2):
        scaled.measured(70, "InvocationsPerInstance", "AWS/SageMaker")
    scaled.until(2)  # 140 of 100, which is less than 50 beyond
    (cause,) = scaled.activities()
    assert cause == f"monitor alarm {alarm} in state ALARM triggered policy steps"
    (described,) = scaled.client.describe_scaling_policies(**scaled.target)["ScalingPolicies"]
    assert [each["AlarmName"] for each in described["Alarms"]] == [alarm]
    scaled.cloudwatch.delete_alarms(AlarmNames=[alarm])


def test_an_update_that_changes_the_instances_of_a_target_is_refused(scaled: Scaled) -> None:
    account, name = scaled.account, scaled.endpoint
    scaled.register()
    reconfigure(account, name, f"{name}-2", mars={"InstanceType": "ml.m5.large"})
    account.configure(f"{name}-3", venus="Hello")
    update = account.sagemaker.update_endpoint
    for config in (f"{name}-2", f"{name}-3"):
        code, said = refused(update, EndpointName=name, EndpointConfigName=config)
        assert code == "ValidationException"
        assert '"[mars]" must be deregistered as scalable targets' in said
    scaled.client.deregister_scalable_target(**scaled.target)
    update(EndpointName=name, EndpointConfigName=f"{name}-2")
    assert account.endpoint(name)["EndpointConfigName"] == f"{name}-2"


def test_another_model_on_the_same_instances_is_no_hindrance(scaled: Scaled) -> None:
    account, name = scaled.account, scaled.endpoint
    scaled.register()
    account.configure(f"{name}-2", mars="Ciao")
    account.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=f"{name}-2")
    assert account.endpoint(name)["EndpointConfigName"] == f"{name}-2"


def test_an_endpoint_that_is_deleted_leaves_no_target(account: Account) -> None:
    account.serve("short-lived", mars="Hello")
    scaled = Scaled(account, "short-lived")
    scaled.register()
    account.sagemaker.delete_endpoint(EndpointName="short-lived")

    def left() -> dict[str, Any]:
        found: dict[str, Any] = scaled.client.describe_scalable_targets(
            ServiceNamespace="sagemaker", ResourceIds=[scaled.target["ResourceId"]]
        )
        return found

    settled(left, lambda found: not found["ScalableTargets"])


def test_a_target_and_an_alarm_count_as_left_behind(scaled: Scaled, bootstrapped: None) -> None:  # noqa: ARG001
    client = scaled.account.aws.client
    before = leftovers(client)
    scaled.register()
    alarm = f"{scaled.endpoint}/steps"
    scaled.cloudwatch.put_metric_alarm(
        AlarmName=alarm,
        Namespace="AWS/SageMaker",
        MetricName="Invocations",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    new = [each for each in leftovers(client) if each not in before]
    assert new == [
        f"cloudwatch: {alarm}",
        f"application-autoscaling: {scaled.target['ResourceId']}",
    ]
    scaled.cloudwatch.delete_alarms(AlarmNames=[alarm])


@pytest.fixture
def bootstrapped(account: Account) -> None:
    """The stack that leftovers are looked for beside."""
    cloudformation = account.aws.client("cloudformation")
    template = '{"Resources": {"Nothing": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}}'
    cloudformation.create_stack(StackName="CDKToolkit", TemplateBody=template)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="CDKToolkit")


def test_every_throttled_request_can_be_sent_again(tmp_path_factory: Any) -> None:
    state = tmp_path_factory.mktemp("throttled")
    settings = {"SAGESTACK_RUNNER": "process", "SAGESTACK_FAULTS": "throttle=2"}
    with EmbeddedAWS(state, settings=settings) as aws:
        client = aws.client("application-autoscaling")
        found = [client.describe_scalable_targets(ServiceNamespace="sagemaker") for _ in range(4)]
        assert [each["ScalableTargets"] for each in found] == [[]] * 4
        assert sum(each["ResponseMetadata"]["RetryAttempts"] for each in found) == 3
