"""Log groups of CloudFormation: their names, and the keys that CloudWatch Logs may use."""

from typing import Any

import pytest

from tests.local.conftest import Account
from tests.local.test_cloudformation import Stack

ACTIONS = [
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey*",
    "kms:ReEncrypt*",
]
GROUP: dict[str, Any] = {
    "Type": "AWS::Logs::LogGroup",
    "Properties": {"KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]}},
}


def key(pattern: str, *, enabled: bool = True, **change: Any) -> dict[str, Any]:
    """A key that lets CloudWatch Logs use it for the groups whose ARN is like `pattern`."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "logs.us-east-1.amazonaws.com"},
        "Action": ACTIONS,
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": [pattern]}},
        **change,
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": policy, "Enabled": enabled}}


def arn(name: str) -> str:
    return f"arn:aws:logs:us-east-1:000000000000:log-group:{name}"


@pytest.fixture
def stack(account: Account) -> Any:
    made = Stack(account, "encrypted")
    yield made
    made.delete()


def test_a_group_is_named_after_its_stack_and_encrypted_and_stays_in_an_update(
    account: Account, stack: Stack
) -> None:
    resources = {"Key": key(arn("encrypted-*")), "Group": GROUP}
    assert stack.put(**resources) == "CREATE_COMPLETE"
    name = stack.physical_id("Group")
    assert name.startswith("encrypted-Group-")
    changed = {**GROUP, "Properties": {**GROUP["Properties"], "RetentionInDays": 7}}
    assert stack.put(**{**resources, "Group": changed}) == "UPDATE_COMPLETE"
    assert stack.physical_id("Group") == name
    (group,) = account.logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert group["kmsKeyId"].endswith(stack.physical_id("Key"))
    assert group["retentionInDays"] == 7


@pytest.mark.parametrize(
    "useless",
    [
        key(arn("other-*")),
        key("*", enabled=False),
        key("*", Effect="Deny"),
        key("*", Principal={"Service": "logs.eu-west-1.amazonaws.com"}),
        key("*", Principal={"AWS": "arn:aws:iam::000000000000:root"}),
        key("*", Action=[action for action in ACTIONS if action != "kms:Decrypt"]),
        key("*", Condition={"StringEquals": {"aws:SourceAccount": "000000000000"}}),
    ],
)
def test_a_key_that_cloudwatch_logs_may_not_use_is_refused(
    stack: Stack, useless: dict[str, Any]
) -> None:
    assert stack.put(Key=useless, Group=GROUP) == "ROLLBACK_COMPLETE"
    reason = "The specified KMS key does not exist or is not allowed to be used with Arn"
    assert any(reason in found for found in stack.reasons()), stack.reasons()
