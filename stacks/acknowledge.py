"""Findings of cdk-nag that are right as they are, each with its reason beside its construct."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct

BASIC_EXECUTION_ROLE = (
    "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/"
    "service-role/AWSLambdaBasicExecutionRole]"
)


def acknowledge(construct: IConstruct, findings: Mapping[str, str]) -> None:
    """Acknowledge `findings` (id of the finding -> reason) on `construct` and all below it."""
    Validations.of(construct).acknowledge(
        *(Acknowledgment(id=finding, reason=reason) for finding, reason in findings.items())
    )


def wildcard_resource(scope: IConstruct, arn: str) -> str:
    """Return the id of cdk-nag's finding about `arn`, which holds a wildcard, in a policy."""
    return f"AwsSolutions-IAM5[Resource::{_flat(Stack.of(scope).resolve(arn))}]"


def wildcard_action(action: str) -> str:
    """Return the id of cdk-nag's finding about `action`, which holds a wildcard, in a policy."""
    return f"AwsSolutions-IAM5[Action::{action}]"


def _flat(resolved: Any) -> str:
    """Return a resolved token as cdk-nag writes it in an id: `<Bucket.Arn>/*`."""
    match resolved:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_flat(part) for part in parts)
        case {"Fn::GetAtt": [logical_id, attribute]}:
            return f"<{logical_id}.{attribute}>"
        case {"Fn::ImportValue": export}:
            return str(export)
        case {"Ref": name}:
            return f"<{name}>"
        case str():
            return resolved
        case _:
            raise TypeError(f"cannot tell how cdk-nag writes {resolved}")
