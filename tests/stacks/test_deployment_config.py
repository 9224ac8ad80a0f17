"""Each strategy of an update, in CloudFormation's words."""

from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk.assertions import Template

from stacks.deployment_config import deployment_config
from workloads.schema import Deployment


def _written(alarms: list[str] | None = None, **settings: Any) -> dict[str, Any]:
    """The DeploymentConfig of a template."""
    stack = Stack(App(), "stack")
    sagemaker.CfnEndpoint(
        stack,
        "Endpoint",
        endpoint_config_name="config",
        deployment_config=deployment_config(
            Deployment.model_validate(settings) if settings else None, alarms or []
        ),
    )
    (resource,) = Template.from_stack(stack).find_resources("AWS::SageMaker::Endpoint").values()
    found: dict[str, Any] = resource["Properties"].get("DeploymentConfig", {})
    return found


def test_nothing_is_asked_for_without_strategy_and_alarms() -> None:
    assert _written() == {}


def test_alarms_alone_roll_back() -> None:
    assert _written(["one", "two"]) == {
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "one"}, {"AlarmName": "two"}]}
    }


def test_a_strategy_without_alarms_has_no_list_of_them() -> None:
    # AutoRollbackConfig takes at least one
    assert _written(strategy="ALL_AT_ONCE").keys() == {"BlueGreenUpdatePolicy"}


@pytest.mark.parametrize(
    ("settings", "routing"),
    [
        ({"strategy": "ALL_AT_ONCE"}, {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 300}),
        (
            {"strategy": "CANARY", "step_percent": 5, "wait": 0},
            {
                "Type": "CANARY",
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 5},
                "WaitIntervalInSeconds": 0,
            },
        ),
        (
            {"strategy": "LINEAR", "step_instances": 2, "wait": 60},
            {
                "Type": "LINEAR",
                "LinearStepSize": {"Type": "INSTANCE_COUNT", "Value": 2},
                "WaitIntervalInSeconds": 60,
            },
        ),
    ],
    ids=["all at once", "canary", "linear"],
)
def test_traffic_is_shifted_to_a_second_fleet(
    settings: dict[str, Any], routing: dict[str, Any]
) -> None:
    config = _written(**settings)
    assert config["BlueGreenUpdatePolicy"] == {
        "TrafficRoutingConfiguration": routing,
        "TerminationWaitInSeconds": 0,
    }
    assert "RollingUpdatePolicy" not in config


def test_the_fleet_is_replaced_batch_by_batch() -> None:
    config = _written(
        strategy="ROLLING",
        step_instances=1,
        wait=30,
        max_execution_time=3600,
        rollback_percent=100,
    )
    assert config == {
        "RollingUpdatePolicy": {
            "MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1},
            "WaitIntervalInSeconds": 30,
            "MaximumExecutionTimeoutInSeconds": 3600,
            "RollbackMaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 100},
        }
    }


def test_what_a_rollback_puts_back_at_a_time_is_sagemakers_when_left_out() -> None:
    policy = _written(strategy="ROLLING", step_percent=50)["RollingUpdatePolicy"]
    assert policy.keys() == {"MaximumBatchSize", "WaitIntervalInSeconds"}
