"""In which order CloudFormation makes the resources of a template."""

from typing import Any


def before(template: dict[str, Any], key: str) -> set[str]:
    """All that a resource waits for, by DependsOn or because it names it, and what those do."""
    found: set[str] = set()
    rest = [key]
    while rest:
        resource = template[rest.pop()]
        there = set(resource.get("DependsOn", ())) | set(_named(resource.get("Properties", {})))
        rest += (there & template.keys()) - found
        found |= there
    return found


def _named(value: Any) -> list[str]:
    match value:
        case {"Ref": str(key)} | {"Fn::GetAtt": [str(key), _]}:
            return [key]
        case dict():
            return [key for member in value.values() for key in _named(member)]
        case list():
            return [key for item in value for key in _named(item)]
        case _:
            return []
