"""Both kinds of dev host in the embedded AWS where no engine runs machines: states and records."""

import time
from collections.abc import Callable, Iterator

import pytest

from local.leftovers import leftovers
from tests.e2e.conftest import App, project, silent
from tests.e2e.dev_host import STACK, add_host

WORKLOAD = "iris-mars"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, WORKLOAD) as app:
        app.bootstrap()
        yield app


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_an_rstudio_host_is_deployed_stopped_started_and_replaced(app: App) -> None:
    add_host(app)
    app.deploy(STACK)
    ec2, instance = app.aws.client("ec2"), app.deployment.output(STACK, "InstanceId")

    def state(identifier: str) -> str:
        (found,) = ec2.describe_instances(InstanceIds=[identifier])["Reservations"]
        return str(found["Instances"][0]["State"]["Name"])

    (found,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"]
    assert not found["Instances"][0].get("PublicIpAddress")
    assert found["Instances"][0]["MetadataOptions"]["HttpTokens"] == "required"
    ec2.stop_instances(InstanceIds=[instance])
    until(lambda: state(instance) == "stopped")
    ec2.start_instances(InstanceIds=[instance])
    until(lambda: state(instance) == "running")
    (schedule,) = app.aws.client("scheduler").list_schedules()["Schedules"]
    target = app.aws.client("scheduler").get_schedule(Name=schedule["Name"])["Target"]
    assert instance in target["Input"]

    settings = app.root / "environments" / "default.toml"
    settings.write_text(settings.read_text() + "idle_minutes = 30\n")
    app.deploy(STACK)
    replaced = app.deployment.output(STACK, "InstanceId")
    assert replaced != instance
    assert (state(instance), state(replaced)) == ("terminated", "running")


def test_a_notebook_host_takes_its_place_and_is_stopped_and_started(app: App) -> None:
    add_host(app, "notebook")
    app.deploy(STACK)
    sagemaker = app.aws.client("sagemaker")
    name = app.deployment.output(STACK, "NotebookInstanceName")

    def status() -> str:
        found = sagemaker.describe_notebook_instance(NotebookInstanceName=name)
        return str(found["NotebookInstanceStatus"])

    found = sagemaker.describe_notebook_instance(NotebookInstanceName=name)
    assert (found["RootAccess"], found["DirectInternetAccess"]) == ("Disabled", "Disabled")
    sagemaker.stop_notebook_instance(NotebookInstanceName=name)
    until(lambda: status() == "Stopped")
    sagemaker.start_notebook_instance(NotebookInstanceName=name)
    until(lambda: status() == "InService")


def test_destroy_leaves_nothing(app: App) -> None:
    app.deployment.destroy(silent)
    assert leftovers(app.aws.client) == []
