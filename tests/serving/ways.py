"""A way to serve with its template, and what that asks SageMaker for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.serving.matrix import Served
from tests.stacks.api_requests import resolved

Properties = dict[str, Any]


@dataclass(frozen=True)
class Way:
    """A combination that loads."""

    name: str
    """Of its workload and of its stack."""
    served: Served
    template: dict[str, Any]

    def all_of(self, kind: str) -> dict[str, Properties]:
        """The properties of each resource of a type, by its logical id."""
        return {
            logical_id: resource["Properties"]
            for logical_id, resource in self.template["Resources"].items()
            if resource["Type"] == kind
        }

    def one_of(self, kind: str, **which: str) -> tuple[str, Properties]:
        """The logical id and the properties of the only resource of a type, or with these too."""
        (found,) = (
            (logical_id, properties)
            for logical_id, properties in self.all_of(kind).items()
            if which.items() <= properties.items()
        )
        return found


def known(value: Any, made: Mapping[str, Mapping[str, str]]) -> Any:
    """Put what was made in the place of references to it, and a stand-in in that of all others.

    `made` has the attributes of each resource by its logical id; that of Ref is "Ref".
    """
    return resolved(_known(value, made))


def _known(value: Any, made: Mapping[str, Mapping[str, str]]) -> Any:
    match value:
        case {"Fn::GetAtt": [str(logical_id), str(attribute)]} if logical_id in made:
            return made[logical_id][attribute]
        case {"Ref": str(logical_id)} if logical_id in made:
            return made[logical_id]["Ref"]
        case dict():
            return {key: _known(member, made) for key, member in value.items()}
        case list():
            return [_known(item, made) for item in value]
        case _:
            return value
