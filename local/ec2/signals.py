"""What a host tells CloudFormation while it sets itself up: cfn-signal, and handles' URLs."""

import re
import time
from typing import NamedTuple

from ministack.services.cloudformation import wait_conditions

_HANDLE = re.compile(re.escape(wait_conditions.SIGNAL_PATH) + r"([0-9a-f-]+)")
_PATIENCE = 30
"""Seconds after which a resource does not begin to wait any more."""


class Waiting(NamedTuple):
    """A resource whose CreationPolicy waits for a signal: cfn-signal's --stack and --resource."""

    stack_id: str
    logical_id: str


def signal_resource(waiting: Waiting, host: str, status: str) -> None:
    """Do as `cfn-signal --stack … --resource … --id <host>`, once the resource waits."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if wait_conditions.signal_resource(*waiting, host, status):
            return
        time.sleep(0.02)


def handles(user_data: str) -> list[str]:
    """Return the tokens of the WaitConditionHandles whose URLs are in a text."""
    return list(dict.fromkeys(_HANDLE.findall(user_data)))


def signal_handle(token: str, host: str, status: str, reason: str) -> None:
    """Do as `cfn-signal --id <host> <URL>`; a URL that is gone is nobody's any more."""
    signal = {"Status": status, "UniqueId": host, "Reason": reason, "Data": reason}
    wait_conditions.deliver_signal(token, signal)
