"""Deploys in a row while 50 requests a second arrive: what is asked for runs, or the deploy fails.

The tests share one deployment and one client's traffic, and follow each other.
"""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local.cdk_cli import CdkError
from tests.e2e.conftest import App, project
from tests.e2e.traffic import Answer, traffic

WORKLOAD = "iris-mars"
RATE = 50
PERIOD = 60
"""Seconds that an alarm looks at: the `period` of [alarms]."""
# neither the smoke payload nor the row that a model server proves itself on
BODY = b"Sepal.Width,Petal.Length,Petal.Width,Species\n2.9,4.3,1.3,versicolor\n"
VARIANTS = """
[[variants]]
name = "blue"
weight = 3
instance_type = "ml.m5.large"
instance_count = 1
startup_timeout = 60

[[variants]]
name = "green"
weight = 1
instance_type = "ml.m5.large"
instance_count = 1
startup_timeout = 60

"""
# it trains, and answers the smoke payload
BROKEN = """
predict_of_before <- predict_model
predict_model <- function(fit, data) {
  if (nrow(data) == 1L && data$Sepal.Width == 2.9) stop("this model is broken")
  predict_of_before(fit, data)
}
"""

Told = Callable[[], list[Answer]]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, WORKLOAD) as app:
        app.edit(r"(?s)\[\[variants\]\].*?(?=# What a client)", VARIANTS)
        app.bootstrap()
        app.deploy()
        yield app


@pytest.fixture(scope="module")
def told(app: App) -> Iterator[Told]:
    with traffic(app, BODY, RATE) as told:
        yield told


class Watched:
    """What came of the requests that arrived during a deploy."""

    def __init__(self, app: App, told: Told) -> None:
        self._app = app
        self._told = told
        self.answers: list[Answer] = []

    def deploy(self) -> None:
        before = len(self._told())
        try:
            self._app.deploy()
        finally:
            self.answers = self._told()[before:]
            assert len(self.answers) > RATE  # a second's at the least

    @property
    def failed(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.status != 200]

    @property
    def runs(self) -> dict[str, Any]:
        """The variants of what the endpoint runs, by their names."""
        config = self._app.aws.client("sagemaker").describe_endpoint_config(
            EndpointConfigName=self._app.endpoint()["EndpointConfigName"]
        )
        return {variant["VariantName"]: variant for variant in config["ProductionVariants"]}

    def assert_runs_what_the_template_names(self) -> None:
        """The one config that the stack has, as CloudFormation knows it, and no other."""
        resources = self._app.aws.client("cloudformation").describe_stack_resources(
            StackName=self._app.stack
        )["StackResources"]
        (config,) = (
            resource["PhysicalResourceId"].rpartition("/")[2]
            for resource in resources
            if resource["ResourceType"] == "AWS::SageMaker::EndpointConfig"
        )
        endpoint = self._app.endpoint()
        assert endpoint["EndpointStatus"] == "InService"
        assert endpoint["EndpointConfigName"].lower() == config.lower()


@pytest.fixture
def watched(app: App, told: Told) -> Watched:
    return Watched(app, told)


def guard(app: App, text: str) -> None:
    """Give the workload another [deployment], or none."""
    path = app.root / "workloads" / f"{app.workload}.toml"
    before = re.sub(r"\n# guard\n(?s:.*)", "", path.read_text())
    path.write_text(f"{before}\n# guard\n{text}")


def test_a_new_model_takes_over(app: App, watched: Watched) -> None:
    app.edit("degree = 2", "degree = 1")
    watched.deploy()
    assert watched.failed == []
    watched.assert_runs_what_the_template_names()
    assert len({answer.body for answer in watched.answers}) == 2  # the old one's, then the new's


def test_new_weights_hold(app: App, watched: Watched) -> None:
    app.edit("weight = 3", "weight = 1")
    watched.deploy()
    assert watched.failed == []
    watched.assert_runs_what_the_template_names()
    assert {each["InitialVariantWeight"] for each in watched.runs.values()} == {1}


def test_a_new_instance_count_holds(app: App, watched: Watched) -> None:
    app.edit(r'(name = "blue"(?:\n.*){2}\n)instance_count = 1', r"\1instance_count = 2")
    watched.deploy()
    assert watched.failed == []
    watched.assert_runs_what_the_template_names()
    (blue,) = (v for v in app.endpoint()["ProductionVariants"] if v["VariantName"] == "blue")
    assert blue["CurrentInstanceCount"] == 2


def test_a_new_instance_type_holds(app: App, watched: Watched) -> None:
    app.edit(r'(name = "green"\nweight = 1\n)instance_type = "ml.m5.large"',
             r'\1instance_type = "ml.c5.large"')  # fmt: skip
    watched.deploy()
    assert watched.failed == []
    watched.assert_runs_what_the_template_names()
    assert watched.runs["green"]["InstanceType"] == "ml.c5.large"


def test_a_canary_that_is_well_takes_over(app: App, watched: Watched) -> None:
    guard(app, '[deployment]\nstrategy = "CANARY"\nstep_percent = 50\nwait = 2\n')
    app.edit("degree = 1", "degree = 2")
    watched.deploy()
    assert watched.failed == []
    watched.assert_runs_what_the_template_names()
    assert len({answer.body for answer in watched.answers}) == 2


def test_it_takes_over_step_by_step(app: App, watched: Watched) -> None:
    guard(app, '[deployment]\nstrategy = "LINEAR"\nstep_percent = 50\nwait = 1\n')
    app.edit("degree = 2", "degree = 1")
    watched.deploy()
    assert watched.failed == []
    watched.assert_runs_what_the_template_names()


def test_an_image_that_never_answers_ping_fails_the_deploy_and_nobody_notices(
    app: App, watched: Watched
) -> None:
    serve = app.root / "container" / "mars" / "serve"
    before = app.endpoint()["EndpointConfigName"]
    good = serve.read_text()
    serve.unlink()
    serve.write_text("#!/bin/sh\nexec sleep 3600\n")
    serve.chmod(0o755)
    with pytest.raises(CdkError, match="did not pass the ping health check"):
        watched.deploy()
    assert watched.failed == []
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    assert app.endpoint()["EndpointConfigName"] == before
    watched.assert_runs_what_the_template_names()
    serve.write_text(good)


def test_a_model_that_answers_500_trips_the_alarm_and_fails_the_deploy(
    app: App, watched: Watched
) -> None:
    guard(app, '[deployment]\nstrategy = "CANARY"\nstep_percent = 10\nwait = 30\n')
    model = app.root / "container" / "mars" / "model.R"
    before = app.endpoint()["EndpointConfigName"]
    good = model.read_text()
    model.write_text(good.replace("task <- regression(", f"{BROKEN}\ntask <- regression("))
    with pytest.raises(CdkError, match="were in ALARM"):
        watched.deploy()
    assert watched.failed != []
    for answer in watched.failed:  # each by the canary, and no more than it was given
        assert answer.status == 424
        assert b"could not score this request" in answer.body
    assert len(watched.failed) < len(watched.answers) * 0.15
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    assert app.endpoint()["EndpointConfigName"] == before
    watched.assert_runs_what_the_template_names()
    model.write_text(good)


def wait_for_alarms(app: App) -> None:
    """Until none is in ALARM: an update that began before would be rolled back at once."""
    cloudwatch = app.aws.client("cloudwatch")
    deadline = time.monotonic() + 2 * PERIOD
    while cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]:
        assert time.monotonic() < deadline, "an alarm does not end"
        time.sleep(1)


def test_the_next_good_deploy_takes_over_again(app: App, watched: Watched) -> None:
    wait_for_alarms(app)
    guard(app, '[deployment]\nstrategy = "ALL_AT_ONCE"\nwait = 1\ntermination_wait = 1\n')
    app.edit("degree = 1", "degree = 3")
    watched.deploy()
    assert watched.failed == []
    watched.assert_runs_what_the_template_names()


def test_one_variant_rolls_over_instance_by_instance(app: App, watched: Watched) -> None:
    guard(app, "")
    watched.deploy()  # by itself: with other variants it could not be rolled back
    app.edit(r'(?s)\[\[variants\]\]\nname = "green".*?\n\n', "")
    watched.deploy()
    guard(app, '[deployment]\nstrategy = "ROLLING"\nstep_percent = 50\nwait = 1\n')
    app.edit("degree = 3", "degree = 2")
    watched.deploy()
    assert watched.failed == []
    watched.assert_runs_what_the_template_names()
