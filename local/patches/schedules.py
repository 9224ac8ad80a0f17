"""AWS::Scheduler::Schedule with all its properties, and targets that are any AWS operation."""

import json
import logging
import re
from typing import Any

from botocore import xform_name
from ministack.services import eventbridge, scheduler
from ministack.services.cloudformation import provisioners

from local.sagemaker.roles import RoleSession

logger = logging.getLogger(__name__)

Properties = dict[str, Any]

_UNIVERSAL_TARGET = re.compile(r"arn:aws:scheduler:::aws-sdk:([a-z0-9-]+):([A-Za-z0-9]+)")
_PRINCIPAL = "scheduler.amazonaws.com"


def apply() -> None:
    """Replace the schedule's CloudFormation handlers and wrap the invocation of targets."""
    provisioners._RESOURCE_HANDLERS["AWS::Scheduler::Schedule"] = {
        "create": _create,
        "update": _update,
        "delete": _delete,
    }
    provisioners._REPLACING_PROPERTIES["AWS::Scheduler::Schedule"] = ("Name",)
    invoke_target = eventbridge._invoke_target

    # MiniStack drops an invocation of a universal target, with a warning.
    def invoked(target: Properties, *rest: Any, **options: Any) -> None:
        if operation := _UNIVERSAL_TARGET.fullmatch(target.get("Arn", "")):
            _call(operation[1], operation[2], target)
        else:
            invoke_target(target, *rest, **options)

    eventbridge._invoke_target = invoked


def _call(service: str, operation: str, target: Properties) -> None:
    try:
        role = RoleSession(target["RoleArn"], "scheduler", _PRINCIPAL)
        name = xform_name(operation[0].upper() + operation[1:])
        getattr(role.client(service), name)(**json.loads(target.get("Input", "{}")))
    except Exception:
        logger.exception("schedule's target %s:%s", service, operation)


# MiniStack drops what is not in its own list, the time zone among it, and what CreateSchedule says.
def _create(logical_id: str, props: Properties, stack_name: str) -> Any:
    name = props.get("Name") or provisioners._physical_name(stack_name, logical_id, max_len=64)
    _done(scheduler._create_schedule(name, _request(props)))
    return name, _attributes(name, props)


def _update(physical_id: str, old: Properties, new: Properties, stack_name: str) -> Any:
    if old.get("GroupName", "default") != new.get("GroupName", "default"):
        _delete(physical_id, old)
        return _create(physical_id, {"Name": physical_id, **new}, stack_name)
    _done(scheduler._update_schedule(physical_id, _request(new)))
    return physical_id, _attributes(physical_id, new)


def _delete(physical_id: str, props: Properties) -> None:
    scheduler._delete_schedule(physical_id, {"groupName": props.get("GroupName", "default")})


def _request(props: Properties) -> Properties:
    return {name: value for name, value in props.items() if name != "Name"}


def _attributes(name: str, props: Properties) -> Properties:
    return {"Arn": scheduler._schedule_arn(props.get("GroupName", "default"), name)}


def _done(response: Any) -> None:
    status, _headers, body = response
    if status >= 400:
        raise ValueError(f"AWS::Scheduler::Schedule: {json.loads(body)['Message']}")
