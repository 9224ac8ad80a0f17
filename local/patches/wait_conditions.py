"""Resources that wait for signals wait at the same time: one's failure fails the stack at once.

MiniStack makes one resource after the other, so a wait condition that comes before what signals it
would wait for ever, and an instance whose CreationPolicy waits would not hear that the condition
beside it has failed. Here conditions come last, and a failure that reaches a handle is one of all
that wait in its stack, with its reason.
"""

from typing import Any

from ministack.services.cloudformation import stacks, wait_conditions

_CONDITION = "AWS::CloudFormation::WaitCondition"


def apply() -> None:
    """Order conditions behind the rest, as far as nothing depends on them; spread failures."""
    topological_sort = stacks._topological_sort
    deliver_signal = wait_conditions.deliver_signal

    def ordered(resources: dict[str, Any], conditions: dict[str, Any]) -> list[str]:
        order: list[str] = topological_sort(resources, conditions)
        last = [name for name in order if resources[name].get("Type") == _CONDITION]
        reordered = [name for name in order if name not in last] + last
        return order if _is_needed(last, resources) else reordered

    def delivered(token: str, payload: dict[str, Any]) -> bool:
        known: bool = deliver_signal(token, payload)
        if known and payload.get("Status") == "FAILURE":
            stack_id = wait_conditions.handle_owner(token)
            for (owner, _), waiter in list(wait_conditions._waiting.items()):
                if owner == stack_id and waiter["token"] != token:
                    deliver_signal(waiter["token"], payload)
        return known

    stacks._topological_sort = ordered
    wait_conditions.deliver_signal = delivered


def _is_needed(names: list[str], resources: dict[str, Any]) -> bool:
    """Whether another resource waits for one of these, or reads it."""
    others = [str(resource) for name, resource in resources.items() if name not in names]
    return any(f"'{name}'" in other for name in names for other in others)
