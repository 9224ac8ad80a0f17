"""EC2's entries in MiniStack's dictionaries."""

import os
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import ec2

from local.ec2 import cloudformation, descriptions, networks
from local.ec2.containers import Containers
from local.ec2.errors import EC2Error
from local.ec2.instances import Instances
from local.ec2.machines import Record, Recorded
from local.run_directory import RunDirectory
from local.runners.engine import chosen


def register(run: RunDirectory) -> Instances:
    """Add the CloudFormation types and replace the operations on instances and volumes."""
    containers = Containers(run, int(os.environ["GATEWAY_PORT"])) if chosen() == "docker" else None
    instances = Instances(containers or Recorded())
    if containers is not None:
        containers.ended = instances.ended
    descriptions.apply()
    cloudformation.register(instances)
    networks.register()
    for operation, change in (
        ("StartInstances", instances.start_instances),
        ("StopInstances", instances.stop_instances),
        ("TerminateInstances", instances.terminate_instances),
    ):
        ec2._ACTION_MAP[operation] = _operation(operation, change, _changes)
    for operation, attachment in (
        ("AttachVolume", instances.attach_volume),
        ("DetachVolume", instances.detach_volume),
    ):
        ec2._ACTION_MAP[operation] = _operation(operation, attachment, _attachment)
    return instances


def _operation(name: str, perform: Callable[[Record], Any], show: Callable[[Any], str]) -> Any:
    def answer(p: Record) -> Any:
        try:
            return ec2._xml(200, f"{name}Response", show(perform(p)))
        except EC2Error as error:
            return ec2._error(error.code, escape(error.message), 400)

    return answer


def _changes(changes: list[Record]) -> str:
    items = "".join(
        f"<item><instanceId>{change['InstanceId']}</instanceId>"
        f"<previousState>{_state(change['PreviousState'])}</previousState>"
        f"<currentState>{_state(change['CurrentState'])}</currentState></item>"
        for change in changes
    )
    return f"<instancesSet>{items}</instancesSet>"


def _state(state: Record) -> str:
    return f"<code>{state['Code']}</code><name>{state['Name']}</name>"


def _attachment(attachment: Record) -> str:
    return (
        f"<volumeId>{attachment['VolumeId']}</volumeId>"
        f"<instanceId>{attachment['InstanceId']}</instanceId>"
        f"<device>{escape(attachment['Device'])}</device>"
        f"<status>{attachment['State']}</status>"
        f"<attachTime>{attachment['AttachTime']}</attachTime>"
        f"<deleteOnTermination>{str(attachment['DeleteOnTermination']).lower()}"
        "</deleteOnTermination>"
    )
