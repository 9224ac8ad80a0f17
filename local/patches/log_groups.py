"""AWS::Logs::LogGroup: named after its stack, with a key that lets CloudWatch Logs use it."""

import json
from fnmatch import fnmatchcase
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import kms
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]

_CONTEXT = "kms:EncryptionContext:aws:logs:arn"
_NEEDED = (
    *("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt"),
    *("kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
)
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html"""


def apply() -> None:
    """Wrap the group's CloudFormation handlers."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Logs::LogGroup"]
    create, update = handlers["create"], handlers["update"]

    # MiniStack names a group /aws/cloudformation/<stack>/<logical id>, and takes any key.
    def created(logical_id: str, props: Properties, stack_name: str) -> Any:
        name = props.get("LogGroupName") or provisioners._physical_name(stack_name, logical_id)
        _assert_usable(props.get("KmsKeyId"), name)
        return create(logical_id, {**props, "LogGroupName": name}, stack_name)

    def updated(
        physical_id: str, old: Properties, new: Properties, stack_name: str, *logical_id: str
    ) -> Any:
        named = {"LogGroupName": physical_id} if "LogGroupName" not in {*old, *new} else {}
        _assert_usable(new.get("KmsKeyId"), physical_id)
        return update(physical_id, {**old, **named}, {**new, **named}, stack_name, *logical_id)

    handlers.update(create=created, update=updated)


def _assert_usable(key_id: str | None, group: str) -> None:
    if key_id is None:
        return
    arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}"
    key = kms._resolve_key(key_id)
    if key is None or key["KeyState"] != "Enabled" or not _allows(key["Policy"], arn):
        raise ValueError(
            "The specified KMS key does not exist or is not allowed to be used with Arn "
            f"'{arn}' (InvalidParameterException)"
        )


def _allows(policy: str, group_arn: str) -> bool:
    """Whether the policy of a key lets CloudWatch Logs do for the group all that it has to."""
    service = f"logs.{get_region()}.amazonaws.com"
    allowed = [
        action
        for statement in json.loads(policy).get("Statement", [])
        if statement["Effect"] == "Allow"
        and isinstance(statement["Principal"], dict)
        and service in _listed(statement["Principal"].get("Service", []))
        and _holds(statement.get("Condition", {}), group_arn)
        for action in _listed(statement["Action"])
    ]
    return all(any(fnmatchcase(needed, action) for action in allowed) for needed in _NEEDED)


def _holds(condition: Properties, group_arn: str) -> bool:
    """Whether the only condition that is known here is met; any other is taken for unmet."""
    arns = [
        arn
        for operator, keys in condition.items()
        if operator in ("ArnEquals", "ArnLike")
        for arn in _listed(keys.get(_CONTEXT, []))
    ]
    return not condition or any(fnmatchcase(group_arn, arn) for arn in arns)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
