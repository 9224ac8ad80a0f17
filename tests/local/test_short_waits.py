"""An execution in the embedded AWS waits as long as on AWS, but for its first waits."""

import json
import threading
import time

import pytest
from ministack.services import stepfunctions

from local.patches import short_waits
from tests.local.conftest import TRUST, Account, settled


def slept(monkeypatch: pytest.MonkeyPatch, *waits: float) -> list[float]:
    """What a new execution sleeps for waits of so many seconds."""
    sleeps: list[float] = []
    monkeypatch.setattr(time, "sleep", sleeps.append)
    execution = threading.Thread(target=lambda: [*map(stepfunctions._scaled_sleep, waits)])
    execution.start()
    execution.join()
    return sleeps


def test_the_first_waits_of_each_execution_are_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepfunctions, "_scaled_sleep", stepfunctions._scaled_sleep)
    short_waits.apply()
    for _ in range(2):
        assert slept(monkeypatch, *[5] * 4, 1) == [0.25, 0.375, 0.5625, 0.84375, 1]
    assert slept(monkeypatch, 5, 0.1, 5) == [0.25, 0.1, 0.5625]
    assert slept(monkeypatch, *[5] * 2000)[-1] == 5


def test_a_state_machine_that_waits_ends_the_sooner(account: Account) -> None:
    states = {
        "First": {"Type": "Wait", "Seconds": 3600, "Next": "Second"},
        "Second": {"Type": "Wait", "Seconds": 3600, "End": True},
    }
    role = account.aws.client("iam").create_role(
        RoleName="waiting", AssumeRolePolicyDocument=json.dumps(TRUST)
    )["Role"]["Arn"]
    client = account.aws.client("stepfunctions")
    machine = client.create_state_machine(
        name="waiting", roleArn=role, definition=json.dumps({"StartAt": "First", "States": states})
    )["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=machine)["executionArn"]
    ended = settled(
        lambda: client.describe_execution(executionArn=execution),
        lambda found: found["status"] != "RUNNING",
    )
    assert ended["status"] == "SUCCEEDED"
