"""The CDK's CLI waits for a stack in one request; everybody else is answered at once."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.config import Config

from tests.local.conftest import Account

STACK = "waited-for"
TEMPLATE = {
    "Resources": {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Signal": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "3"},
        },
    }
}


@pytest.fixture
def anybody(account: Account) -> Iterator[Any]:
    """A client, and a stack in the making that waits in vain for a signal."""
    client = account.aws.client("cloudformation")
    client.create_stack(StackName=STACK, TemplateBody=json.dumps(TEMPLATE))
    yield client
    client.delete_stack(StackName=STACK)


def status(client: Any) -> str:
    return str(client.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])


def test_the_cli_is_answered_when_the_stack_is_no_longer_in_work(
    account: Account, anybody: Any
) -> None:
    session: Any = account.aws.session()
    cli = session.client("cloudformation", config=Config(user_agent_extra="aws-cdk/2.1148.1"))
    with ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(status, cli)
        assert status(anybody) == "CREATE_IN_PROGRESS"
        assert not waiting.done()
        assert not waiting.result().endswith("IN_PROGRESS")
