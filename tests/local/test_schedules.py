"""Schedules call any operation of AWS at their time, with a role of their own."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.local.conftest import Account, settled
from tests.local.hosts import Host, identity, instance, network, schedule
from tests.local.test_notebooks import Notebook, notebook

IDS = {"Fn::Sub": '{"InstanceIds":["${Instance}"]}'}
NAME = {"Fn::Sub": '{"NotebookInstanceName":"${Notebook.NotebookInstanceName}"}'}


def soon() -> str:
    return f"at({datetime.now(UTC) + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S})"


def test_a_schedule_stops_a_host_at_its_time(account: Account) -> None:
    host = Host(account, "night")
    night = schedule(soon(), "ec2:stopInstances", IDS, "ec2:StopInstances")
    host.up(**network(), **identity(), Instance=instance(), **night)
    host.until("stopped")
    host.down()


def test_a_schedule_stops_a_notebook_at_its_time(account: Account) -> None:
    stack = Notebook(account, "quiet-night")
    night = schedule(soon(), "sagemaker:stopNotebookInstance", NAME, "sagemaker:*")
    stack.up(Notebook=notebook(account), **night)
    settled(stack.describe, lambda found: found["NotebookInstanceStatus"] == "Stopped")
    stack.down()


def test_a_schedule_is_what_its_template_says_until_it_is_deleted(account: Account) -> None:
    host = Host(account, "evening")
    scheduler = account.aws.client("scheduler")

    def put(expression: str, **change: Any) -> dict[str, Any]:
        resources = schedule(expression, "ec2:stopInstances", '{"InstanceIds":[]}', "ec2:*")
        resources["Night"]["Properties"].update(change)
        host.up(**resources)
        found: dict[str, Any] = scheduler.get_schedule(Name=host.physical_id("Night"))
        return found

    created = put("cron(0 20 * * ? *)", ScheduleExpressionTimezone="Europe/Zurich")
    assert created["ScheduleExpressionTimezone"] == "Europe/Zurich"
    assert created["Target"]["Arn"] == "arn:aws:scheduler:::aws-sdk:ec2:stopInstances"
    assert json.loads(created["Target"]["Input"]) == {"InstanceIds": []}
    updated = put("cron(0 22 * * ? *)", State="DISABLED")
    assert updated["Name"] == created["Name"]
    assert updated["ScheduleExpression"] == "cron(0 22 * * ? *)"
    assert updated["State"] == "DISABLED"
    host.down()
    names = [schedule["Name"] for schedule in scheduler.list_schedules()["Schedules"]]
    assert created["Name"] not in names
