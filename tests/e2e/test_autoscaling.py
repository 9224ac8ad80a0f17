"""An endpoint that is scaled: out under load, through every kind of update, and to its end."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from local.cdk_cli import CdkError
from local.leftovers import leftovers
from tests.e2e.conftest import App, project, silent
from tests.e2e.traffic import traffic
from tests.local.conftest import settled

WORKLOAD, VARIANT = "iris-mars", "mars"
TABLE = """
[variants.autoscaling]
max_capacity = 4
concurrent_requests_per_instance = 5
scale_out_cooldown = 0
scale_in_cooldown = 3600
schedule = [{ cron = "0 20 1 1 ? 2099", min_capacity = 1, max_capacity = 1 }]
"""
NO_TABLE = "# startup_timeout = 300\n"
PER_INSTANCE = 5
"""The table's concurrent_requests_per_instance."""
LARGE_BODY = (
    b"Sepal.Width,Petal.Length,Petal.Width,Species\n" + b"2.9,4.3,1.3,versicolor\n" * 100_000
)
"""It takes the model so long that all clients are waiting for it nearly all the time."""
AFTER_VARIANT = r"# startup_timeout = 300.*\n"
LARGE, XLARGE = 'instance_type = "ml.m5.large"', 'instance_type = "ml.m5.xlarge"'
BURSTABLE = 'instance_type = "ml.t2.medium"'
OF_VARIANT = r"(?! +# its size)"
"""Behind an instance type: not that of the training, which has a comment."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, WORKLOAD) as app:
        app.edit('instance_type = "ml.t2.medium"', LARGE)
        app.edit(AFTER_VARIANT, TABLE)
        app.bootstrap()
        app.deploy()
        yield app


def target(app: App) -> list[dict[str, Any]]:
    """The scalable targets of the endpoint, with the names of their policies and schedules."""
    client = app.aws.client("application-autoscaling")
    found = client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    policies = client.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    actions = client.describe_scheduled_actions(ServiceNamespace="sagemaker")["ScheduledActions"]
    names = [policy["PolicyName"] for policy in policies]
    names += [action["ScheduledActionName"] for action in actions]
    return [{"limits": (each["MinCapacity"], each["MaxCapacity"]), "has": names} for each in found]


def variant(app: App) -> dict[str, Any]:
    (found,) = app.endpoint()["ProductionVariants"]
    config = app.aws.client("sagemaker").describe_endpoint_config(
        EndpointConfigName=app.endpoint()["EndpointConfigName"]
    )["ProductionVariants"][0]
    return {"count": found["DesiredInstanceCount"], "type": config["InstanceType"]}


SCALED = [
    {
        "limits": (1, 4),
        "has": [
            f"sagestack-{WORKLOAD}/{VARIANT}/target-tracking",
            f"sagestack-{WORKLOAD}-{VARIANT}-1",
        ],
    }
]


def test_a_deploy_registers_the_variant(app: App) -> None:
    assert target(app) == SCALED
    assert variant(app) == {"count": 1, "type": "ml.m5.large"}


def test_load_scales_it_out_to_its_maximum_and_no_further(app: App) -> None:
    with traffic(app, LARGE_BODY, rate=1000, clients=4 * PER_INSTANCE):
        settled(lambda: variant(app), lambda found: found["count"] == 4)


def test_another_model_takes_over_with_the_count_that_scaling_found(app: App) -> None:
    before = variant(app)
    assert before["count"] == 4
    model = app.endpoint()["EndpointConfigName"]
    app.edit("degree = 2", "degree = 1")
    app.deploy()
    assert app.endpoint()["EndpointConfigName"] != model
    assert variant(app) == before
    assert target(app) == SCALED


def test_an_update_that_fails_gets_the_target_back_that_it_had_taken_away(app: App) -> None:
    # another type, and a model that does not answer the smoke payload: only the check fails
    data = app.root / "workloads" / "data" / "iris.csv"
    original = data.read_text()
    data.write_text(original.replace("Sepal.Width", "Sepal.Breadth"))
    app.edit(LARGE + OF_VARIANT, XLARGE)
    with pytest.raises(CdkError, match="smoke payload"):
        app.deploy()
    data.write_text(original)
    app.edit(XLARGE, LARGE)
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    assert variant(app)["type"] == "ml.m5.large"
    assert target(app) == SCALED


def test_so_does_one_that_sagemaker_rolls_back_by_itself(app: App) -> None:
    serve = app.root / "container" / "mars" / "serve"
    original = serve.read_text()
    serve.write_text("#!/bin/sh\nexit 3\n")
    app.edit(LARGE + OF_VARIANT, XLARGE)
    with pytest.raises(CdkError, match="SageMaker rolled the update back"):
        app.deploy()
    serve.write_text(original)
    app.edit(XLARGE, LARGE)
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    assert variant(app)["type"] == "ml.m5.large"
    assert target(app) == SCALED


def test_another_instance_type_is_deployed_though_the_variant_is_a_target(app: App) -> None:
    app.edit(LARGE + OF_VARIANT, XLARGE)
    app.deploy()
    assert variant(app)["type"] == "ml.m5.xlarge"
    assert target(app) == SCALED


def test_what_is_scaled_no_more_is_scaled_again_when_its_deploy_fails(app: App) -> None:
    spoilt = app.root / "workloads" / "data" / "iris.csv"
    original = spoilt.read_text()
    spoilt.write_text(original.replace("Sepal.Width", "Sepal.Breadth"))
    app.edit(re.escape(TABLE), NO_TABLE)
    app.edit(XLARGE, BURSTABLE)
    with pytest.raises(CdkError, match="smoke payload"):
        app.deploy()
    spoilt.write_text(original)
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    assert variant(app)["type"] == "ml.m5.xlarge"
    assert target(app) == SCALED


def test_without_its_table_it_is_a_target_no_more_and_may_be_what_cannot_be_scaled(
    app: App,
) -> None:
    app.deploy()
    assert target(app) == []
    assert variant(app)["type"] == "ml.t2.medium"


def test_with_it_again_the_whole_app_can_be_destroyed(app: App) -> None:
    app.edit(AFTER_VARIANT, TABLE)
    app.edit(BURSTABLE, LARGE)
    app.deploy()
    assert target(app) == SCALED
    app.deployment.destroy(silent)
    assert leftovers(app.aws.client) == []
