"""What the roles of the templates may do, written so that a test can say it whole."""

from collections.abc import Mapping
from typing import Any

from tests.stacks.conftest import Synth

PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "region", "AWS::AccountId": "account"}


def allowed(synth: Synth, stack: str, role: str) -> dict[str, set[str]]:
    """The resources of each action that a stack's role may take; `role` is a part of its id.

    BUCKET and KEY stand for the ARNs of the app's own, a logical id for that of another resource.
    """
    (policy,) = (
        resource
        for resource in synth.resources("AWS::IAM::Policy", stack)
        if role in resource["Properties"]["PolicyName"]
    )
    return allowed_by(policy)


def allowed_by(policy: Mapping[str, Any]) -> dict[str, set[str]]:
    """The resources of each action that a policy allows."""
    resources: dict[str, set[str]] = {}
    for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow"
        for action in _listed(statement["Action"]):
            on = (_written(resource) for resource in _listed(statement["Resource"]))
            resources.setdefault(action, set()).update(on)
    return resources


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _written(value: Any) -> str:
    match value:
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_written(part) for part in parts)
        case {"Fn::ImportValue": name} | {"Fn::GetAtt": [name, _]}:
            ours = "KEY" if "StorageKey" in name else "BUCKET" if "StorageBucket" in name else name
            return str(ours)
        case {"Ref": name}:
            return PSEUDO.get(str(name), str(name))
        case _:
            return str(value)
