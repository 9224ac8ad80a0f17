"""`make stop`: a job of any kind ends before its time."""

import pytest

from cli.jobs import KINDS, TRAINING, Kind
from cli.problems import InputError
from cli.stop import stop
from environments.schema import Environment
from tests.cli.conftest import Terminal
from tests.cli.fake_aws import FakeAws

ENVIRONMENT = Environment(name="app")


def _stop(aws: FakeAws, terminal: Terminal, name: str) -> None:
    stop(aws.account, terminal.console, environment=ENVIRONMENT, name=name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_of_any_kind_is_stopped_once(aws: FakeAws, terminal: Terminal, kind: Kind) -> None:
    aws.add(kind, "job")
    for _ in range(2):
        _stop(aws, terminal, "job")
        assert aws.jobs[kind.name]["job"][f"{kind.name}Status"] == "Stopping"
    assert aws.calls.count(f"Stop{kind.name}") == 1
    assert terminal.lines[:2] == [f"stopping   {kind.words} job", "follow it  make logs JOB=job"]


def test_a_job_that_has_ended_is_not_said_to_be_stopped(aws: FakeAws, terminal: Terminal) -> None:
    aws.add(TRAINING, "job")
    aws.end(TRAINING, "job")
    with pytest.raises(InputError, match="found training job job, Completed; allowed: one that"):
        _stop(aws, terminal, "job")
    assert "StopTrainingJob" not in aws.calls


def test_an_unknown_job_is_answered_with_what_was_meant(aws: FakeAws, terminal: Terminal) -> None:
    aws.add(TRAINING, "app-iris-1234")
    with pytest.raises(InputError, match=r'JOB: found "app-irs-1234".*mean "app-iris-1234"'):
        _stop(aws, terminal, "app-irs-1234")
