"""What the CDK's Provider framework hands to the handlers and takes back from them.

https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html
"""

import json
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict

# CloudFormation takes a response of 4,096 bytes and waits out the whole hour when it gets a
# longer one. The framework adds three ids, the log group and a stack trace of its own: 1,200 bytes.
_MAX_REASON_BYTES = 2_800


class ResourceError(Exception):
    """The resource cannot become what was asked for; the text is CloudFormation's status reason."""


class Event(TypedDict):
    """A custom resource request; `is_complete` gets it merged with what `on_event` returned."""

    RequestType: Literal["Create", "Update", "Delete"]
    RequestId: str
    StackId: str
    LogicalResourceId: str
    PhysicalResourceId: NotRequired[str]  # not on a Create before `on_event` has answered
    ResourceType: str
    ResourceProperties: Mapping[str, Any]
    OldResourceProperties: NotRequired[Mapping[str, Any]]  # of an Update
    WaitUntil: NotRequired[int]  # from Accepted


class Accepted(TypedDict, total=False):
    """The answer of `on_event`; empty keeps the physical id (a Delete must)."""

    PhysicalResourceId: str
    WaitUntil: int  # when to stop waiting, in seconds since the epoch


class Progress(TypedDict):
    """The answer of `is_complete`; Data is allowed only with IsComplete."""

    IsComplete: bool
    Data: NotRequired[dict[str, str]]


def log(event: Event, message: str, **fields: object) -> None:
    """Print one JSON line that says which request of which resource it is about."""
    request = {
        "stack": event["StackId"],
        "resource": event["LogicalResourceId"],
        "request": f"{event['RequestType']} {event['RequestId']}",
    }
    print(json.dumps({"message": message, **request, **fields}, default=str))


def fitting_reason(error: Exception) -> str:
    """Cut the error's text so that CloudFormation's limit on a response holds."""
    reason = str(error) if isinstance(error, ResourceError) else f"{type(error).__name__}: {error}"
    return fitting(reason, _MAX_REASON_BYTES)


def fitting(text: str, room: int) -> str:
    """Cut the text to so many bytes of JSON, and an ellipsis where it was longer."""
    for position, character in enumerate(text):
        room -= len(json.dumps(character, ensure_ascii=False).encode(errors="replace")) - 2
        if room < 0:
            return text[:position] + "…"
    return text
