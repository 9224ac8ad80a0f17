"""A job that outlasts what one custom resource may wait, with all that can go wrong on the way.

An hour is scaled down to five seconds (`job_wait`), and for the whole life of the app SageMaker
throttles every third call and CloudFormation delivers every event twice.
"""

import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from local.cdk_cli import CdkError
from local.leftovers import leftovers
from tests.e2e.conftest import App, project

WORKLOAD = "waiting"
FILES = Path(__file__).with_name(WORKLOAD)
CHAIN = ("Custom::SageMakerTrainingJob", "Custom::SageMakerJobWait")
JOB_WAIT = 5
"""Seconds that each resource waits; max_runtime = 40 asks for a starter and eight waits.

A job has to live until the test has seen its third wait and ended it: on a slow machine each wait
takes several seconds more than it waits, and 20 were too few once.
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    faults = "throttle=3,duplicate=1"
    with project(tmp_path_factory, WORKLOAD, SAGESTACK_FAULTS=faults) as app:
        shutil.copytree(FILES / "container", app.root / "container" / WORKLOAD)
        shutil.copy(FILES / f"{WORKLOAD}.toml", app.root / "workloads")
        (app.root / "control").mkdir()
        app.edit("CONTROL", str(app.root / "control"))
        environment = app.root / "environments" / "default.toml"
        environment.write_text(
            re.sub(r"(?m)^job_wait = \d+", f"job_wait = {JOB_WAIT}", environment.read_text())
        )
        app.bootstrap()
        yield app


class Deploying:
    """A deploy on another thread, of a model that answers that number; it trains until `end`."""

    def __init__(self, app: App, pool: ThreadPoolExecutor, answer: int) -> None:
        (app.root / "control" / "end").unlink(missing_ok=True)
        app.edit(r"answer = \d+", f"answer = {answer}")
        self._app = app
        self._before = _start(events(app))
        self._deployed = pool.submit(app.deploy)

    def until_it_waits_in(self, position: int) -> str:
        """Wait until it has come to that resource of the chain, the starter being 0; name it."""
        while (
            _start(events(self._app)) == self._before
            or len(begun := chain(self._app, "_IN_PROGRESS")) <= position
        ):
            assert not self._deployed.done(), f"it ended before: {self._deployed.exception()}"
            time.sleep(0.2)
        return begun[position]

    def result(self) -> None:
        """Wait until it has ended. Raises CdkError if it failed."""
        self._deployed.result()


Deploy = Callable[[int], Deploying]


@pytest.fixture(scope="module")
def deploy(app: App) -> Iterator[Deploy]:
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield lambda answer: Deploying(app, pool, answer)


def end(app: App, code: int) -> None:
    """Let the training program end with that exit code."""
    written = app.root / "control" / "code"
    written.write_text(str(code))
    written.rename(written.with_name("end"))


def events(app: App) -> list[dict[str, Any]]:
    """The events of the stack's latest operation, in order."""
    client = app.aws.client("cloudformation")
    try:
        listed = [
            event
            for page in client.get_paginator("describe_stack_events").paginate(StackName=app.stack)
            for event in page["StackEvents"]
        ]
    except client.exceptions.ClientError:  # there is no stack yet
        return []
    starts = [
        at
        for at, event in enumerate(listed)  # the newest comes first
        if event["LogicalResourceId"] == app.stack
        and event["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
    ]
    return listed[: starts[0] + 1][::-1] if starts else []


def chain(app: App, ending: str) -> list[str]:
    """The resources of the chain that came to such a status in the latest operation, in order."""
    return [
        event["LogicalResourceId"]
        for event in events(app)
        if event["ResourceType"] in CHAIN and event["ResourceStatus"].endswith(ending)
    ]


def _start(operation: list[dict[str, Any]]) -> str:
    return str(operation[0]["EventId"]) if operation else ""


def answer(app: App) -> float:
    """What the API predicts."""
    path = f"/workloads/{WORKLOAD}/invocations"
    (prediction,) = app.api.post(path, b"x\n1\n", content_type="text/csv").json()["predictions"]
    return float(prediction)


def test_a_deploy_waits_through_several_resources_for_a_long_job(app: App, deploy: Deploy) -> None:
    deployed = deploy(1)
    deployed.until_it_waits_in(2)
    assert list(app.jobs().values()) == ["InProgress"]
    end(app, 0)
    deployed.result()
    assert list(app.jobs().values()) == ["Completed"]
    assert len(chain(app, "_COMPLETE")) == 9
    assert answer(app) == 1


def test_a_job_that_fails_in_its_third_wait_rolls_back_with_its_reason(
    app: App, deploy: Deploy
) -> None:
    deployed = deploy(2)
    third = deployed.until_it_waits_in(3)
    end(app, 7)
    with pytest.raises(CdkError, match=r"the test ended it, exit\s+code: 7"):
        deployed.result()
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    assert chain(app, "_FAILED") == [third]
    assert sorted(app.jobs().values()) == ["Completed", "Failed"]
    assert answer(app) == 1


def test_a_job_that_outlasts_its_max_runtime_says_so(app: App, deploy: Deploy) -> None:
    deployed = deploy(3)
    with pytest.raises(CdkError, match="MaxRuntimeExceeded"):
        deployed.result()
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    assert sorted(app.jobs().values()) == ["Completed", "Failed", "Stopped"]
    assert answer(app) == 1


def test_a_deploy_cancelled_in_its_second_wait_stops_the_job(app: App, deploy: Deploy) -> None:
    before = app.jobs()
    deployed = deploy(4)
    deployed.until_it_waits_in(2)
    app.aws.client("cloudformation").cancel_update_stack(StackName=app.stack)
    with pytest.raises(CdkError):
        deployed.result()
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    ((_, status),) = app.jobs().items() - before.items()
    assert status == "Stopped"
    assert answer(app) == 1


def test_a_killed_process_that_waits_is_started_again(app: App, deploy: Deploy) -> None:
    before = app.jobs()
    deployed = deploy(5)
    deployed.until_it_waits_in(1)
    workers = lambda_workers(app.aws.pid)
    assert workers
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    deployed.until_it_waits_in(2)
    end(app, 0)
    deployed.result()
    ((_, status),) = app.jobs().items() - before.items()
    assert status == "Completed"
    assert answer(app) == 5


def test_a_rollback_after_the_job_trains_nothing_again(app: App, deploy: Deploy) -> None:
    before = app.jobs()
    app.edit(r'body = "1"', 'body = "2"')  # the model's server refuses it
    deployed = deploy(6)
    deployed.until_it_waits_in(1)
    end(app, 0)
    with pytest.raises(CdkError, match="smoke payload"):
        deployed.result()
    assert app.stack_status() == "UPDATE_ROLLBACK_COMPLETE"
    ((_, status),) = app.jobs().items() - before.items()
    assert status == "Completed"
    assert answer(app) == 5


def test_both_faults_were_there_all_the_time(app: App) -> None:
    log = app.aws.log_path.read_text()
    assert log.count("fault: throttled") > 50
    assert log.count("fault: delivered twice") > 50


def test_destroy_leaves_nothing(app: App) -> None:
    app.deployment.destroy(print)
    assert leftovers(app.aws.client) == []


def lambda_workers(server: int) -> list[int]:
    """The processes in which the Provider's functions look at jobs, for the server."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                environment = (folder / "environ").read_bytes()
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue  # it has ended, or is somebody else's
            function = re.search(rb"\0AWS_LAMBDA_FUNCTION_NAME=([^\0]*)", environment)
            # not those of `on_event`: there CloudFormation itself waits for the answer
            if int(parent) == server and function and b"iscomplete" in function[1].lower():
                found.append(int(folder.name))
    return found
