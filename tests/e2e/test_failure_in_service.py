"""What goes wrong while models serve: what callers get, what recovers, which alarm says so.

A model in R and one in Python, deployed whole and asked through the API. Their faults are real: see
tests/traps.py, and the limit and the signals of serving_processes.py. Before each test the alarms
of its model are OK again, whatever the one before it has done.
"""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from cli.api_client import Answer
from local.cdk_cli import ROOT
from tests.e2e import serving_processes as running
from tests.e2e.conftest import App, project
from tests.local.conftest import TIMEOUT, settled
from tests.traps import (
    DIE,
    HANG,
    HANGS,
    LINGER,
    LINGERS,
    MARS,
    SKLEARN,
    WANT,
    Trapped,
    processes_that,
)

IRIS = 2.9
"""The sepal width of an iris."""
MODEL_SECONDS = 10
"""What a model has for a request, in the place of 55."""
ALARMS = "\n[alarms]\ninvocation_5xx_errors = 1\nmodel_latency_ms = 1000\n"
ERRORS, LATENCY = "Invocation5XXErrors", "ModelLatency"
CALM = {ERRORS: "OK", LATENCY: "OK"}


class Served:
    """A workload that is deployed, and its model's traps."""

    def __init__(self, app: App, model: Trapped) -> None:
        self.app = replace(app, workload=model.workload)
        self.endpoint = self.app.stack
        self.place = running.place_of(app.aws, self.endpoint)
        self._model = model

    def ask(self, sepal_width: float = IRIS, rows: int = 1) -> Answer:
        """What the API answers to a flower, or to many."""
        header, row = self._model.body(sepal_width).splitlines(keepends=True)
        return self.app.api.post(
            f"/workloads/{self.app.workload}/invocations",
            header + row * rows,
            content_type="text/csv",
        )

    def ask_sagemaker(self, sepal_width: float) -> dict[str, Any]:
        """The error that InvokeEndpoint has for somebody who calls it without the API."""
        runtime = self.app.aws.client("sagemaker-runtime")
        with pytest.raises(runtime.exceptions.ModelError) as raised:
            runtime.invoke_endpoint(
                EndpointName=self.endpoint,
                ContentType="text/csv",
                Body=self._model.body(sepal_width),
            )
        return dict(raised.value.response)

    def alarms(self) -> dict[str, str]:
        """The states of the stack's alarms, by their metrics."""
        found = self.app.aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
        of_endpoint = {"Name": "EndpointName", "Value": self.endpoint}
        ours = [alarm for alarm in found if of_endpoint in alarm["Dimensions"]]
        for alarm in ours:  # as docs/serving.md says
            named = f"{self.endpoint}-EndpointAlarms{self._model.variant}{alarm['MetricName']}"
            assert alarm["AlarmName"].startswith(named)
        return {alarm["MetricName"]: alarm["StateValue"] for alarm in ours}

    def log(self) -> str:
        """What the containers have said."""
        group = f"/aws/sagemaker/Endpoints/{self.endpoint}"
        events = self.app.aws.client("logs").filter_log_events(logGroupName=group)["events"]
        return "\n".join(event["message"] for event in events)

    def until_alarms(self, **states: str) -> None:
        """Until these are so; another one may be set off as well, where the machine is slow."""
        settled(self.alarms, lambda found: found | states == found)

    def until_logged(self, text: str, since: str = "") -> None:
        settled(lambda: {"log": self.log()[len(since) :]}, lambda found: text in found["log"])

    def busy(self, says: str) -> int:
        """The process that works on a request, as it has last said."""
        return processes_that(says, self.log())[-1]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with project(tmp_path_factory, MARS.workload) as app:
        shutil.copy(ROOT / "workloads" / f"{SKLEARN.workload}.toml", app.root / "workloads")
        for model in (MARS, SKLEARN):
            folder = app.root / "container" / model.container
            model.set_in(folder)
            for serve in (folder / "serve", folder / "toolkit" / "http" / "serve"):
                text = serve.read_text()
                serve.write_text(re.sub(r"seconds=55\b", f"seconds={MODEL_SECONDS}", text))
            with (app.root / "workloads" / f"{model.workload}.toml").open("a") as file:
                file.write(ALARMS)
        app.bootstrap()
        app.deploy()
        yield app


@pytest.fixture(params=[MARS, SKLEARN], ids=["in R", "in Python"])
def served(app: App, request: pytest.FixtureRequest) -> Served:
    served = Served(app, request.param)
    served.until_alarms(**CALM)
    return served


def until(ask: Callable[[], Answer], status: int) -> list[Answer]:
    """What is answered until it has this status."""
    answers = [ask()]
    deadline = time.monotonic() + TIMEOUT
    while answers[-1].status != status:
        assert time.monotonic() < deadline, answers[-1]
        answers.append(ask())
    return answers


def problem(answer: Answer) -> tuple[int, str, str]:
    """An error's status, code and message: all that there is, but for the request's id."""
    told = answer.json()
    assert set(told) == {"type", "title", "status", "detail", "instance"}
    assert told["status"] == answer.status
    return answer.status, told["type"].removeprefix("urn:sagestack:problem:"), told["detail"]


FAILED = (502, "model_failed", "The model failed; its log has the reason")
TOOK_TOO_LONG = (
    504,
    "model_timeout",
    "The model took longer than a request of this API can wait: send fewer rows, or give the "
    "workload [async_inference] and ask by POST /workloads/{name}/async-invocations",
)


def test_a_worker_that_is_killed_at_work_costs_nobody_an_answer(served: Served) -> None:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(served.ask, LINGER)
        served.until_logged(LINGERS)
        killed = served.busy(LINGERS)
        running.kill(killed)
        assert asked.result().status == 200
    settled(lambda: {"busy": served.busy(LINGERS)}, lambda found: found["busy"] != killed)
    assert served.alarms()[ERRORS] == "OK"


def test_a_full_disk_hinders_neither_answers_nor_new_workers(served: Served) -> None:
    with running.no_space(served.place):
        assert served.ask(rows=20_000).status == 200
        before = running.workers(served.place)
        for pid in before:
            running.kill(pid)
        assert served.ask().status == 200
        assert not before & running.workers(served.place)
    assert served.alarms()[ERRORS] == "OK"


def test_a_request_that_ends_every_worker_it_meets_is_502(served: Served) -> None:
    assert problem(served.ask(DIE)) == FAILED
    assert served.ask().status == 200
    served.until_alarms(**{ERRORS: "ALARM"})
    error = served.ask_sagemaker(DIE)
    assert error["OriginalStatusCode"] == 502
    assert "the model server ended while it worked on this request" in error["OriginalMessage"]


def test_a_model_that_hangs_is_504_and_others_are_answered_meanwhile(served: Served) -> None:
    with ThreadPoolExecutor(1) as pool:
        hanging = pool.submit(served.ask, HANG)
        served.until_logged(HANGS)
        hung = served.busy(HANGS)
        assert served.ask().status == 200
        assert running.is_there(hung)
        assert problem(hanging.result()) == TOOK_TOO_LONG
    served.until_alarms(**{ERRORS: "ALARM", LATENCY: "ALARM"})
    assert served.ask().status == 200
    settled(lambda: {"hung": running.is_there(hung)}, lambda found: not found["hung"])
    served.until_logged(
        {
            MARS.workload: f"ended worker {hung}, which took longer than {MODEL_SECONDS} s",
            SKLEARN.workload: f"Worker with pid {hung} was terminated due to signal 14",
        }[served.app.workload]
    )
    assert served.app.endpoint()["EndpointStatus"] == "InService"


def test_a_model_that_finds_no_memory_is_502_and_its_log_says_so(served: Served) -> None:
    before = served.log()
    assert problem(served.ask(WANT)) == FAILED
    assert served.ask().status == 200
    reason = {MARS.workload: "cannot allocate", SKLEARN.workload: "MemoryError"}
    served.until_logged(reason[served.app.workload], since=before)
    served.until_alarms(**{ERRORS: "ALARM"})


def test_the_death_of_what_holds_the_model_is_502_until_another_one_serves(
    served: Served,
) -> None:
    before = served.log()
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(served.ask, LINGER)
        served.until_logged(LINGERS, since=before)
        running.kill(running.holder(served.place))
        answers = [*until(served.ask, 502), *until(served.ask, 200)]
        # R's workers live on until they have answered; Python's end with their parent
        answers.append(asked.result())
        assert (
            answers[-1].status == {MARS.workload: 200, SKLEARN.workload: 502}[served.app.workload]
        )
    assert {problem(each) for each in answers if each.status != 200} == {FAILED}
    served.until_logged("serve: the model server ended by itself", since=before)
    served.until_alarms(**{ERRORS: "ALARM"})
    assert served.app.endpoint()["EndpointStatus"] == "InService"


def test_in_the_end_all_alarms_are_ok_again(served: Served) -> None:
    assert served.alarms() == CALM
