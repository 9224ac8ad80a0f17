"""AWS::EC2::Instance and AWS::EC2::Volume for MiniStack's CloudFormation, as in their references.

Ref is the id. What replaces, what stops and starts and what is left alone is theirs too.
"""

import re

from ministack.services import ec2
from ministack.services.cloudformation import _stacks, provisioners, stacks, wait_conditions

from local.ec2 import launching, volumes
from local.ec2.errors import EC2Error, not_supported
from local.ec2.instances import Instances, until
from local.ec2.machines import Record
from local.ec2.signals import Waiting
from local.ec2.volumes import LOCK

INSTANCE = "AWS::EC2::Instance"
VOLUME = "AWS::EC2::Volume"

Created = tuple[str, Record]

_REPLACING = (
    *("AvailabilityZone", "BlockDeviceMappings", "ImageId", "NetworkInterfaces", "SubnetId"),
    *("KeyName", "PrivateIpAddress"),  # not built, and refused then
)
_STOPPING = ("InstanceType", "UserData")
_IN_PLACE = (
    *("IamInstanceProfile", "InstanceInitiatedShutdownBehavior", "MetadataOptions"),
    *("PropagateTagsToVolumeOnCreation", "SecurityGroupIds", "Tags"),
)
_NOT_BUILT = ("KeyName", "PrivateIpAddress")
_VOLUME_FIXED = ("AvailabilityZone", "Encrypted", "KmsKeyId", "SnapshotId")
_VOLUME_CHANGING = ("Iops", "Size", "Tags", "Throughput", "VolumeType")


def register(instances: Instances) -> None:
    """Add the two types; instances are waited for, so off the event loop."""
    instance_type, volume_type = InstanceType(instances), VolumeType()
    provisioners._RESOURCE_HANDLERS[INSTANCE] = {
        "create": instance_type.create,
        "update": instance_type.update,
        "delete": instance_type.delete,
    }
    provisioners._RESOURCE_HANDLERS[VOLUME] = {
        "create": volume_type.create,
        "update": volume_type.update,
        "delete": volume_type.delete,
        "snapshot": volume_type.snapshot,
    }
    provisioners._REPLACING_PROPERTIES[INSTANCE] = _REPLACING
    provisioners._REPLACING_PROPERTIES[VOLUME] = ()
    for name in (INSTANCE, VOLUME):
        provisioners._STACK_TAG_PROPERTY[name] = ("Tags", "list")
    runs_on_worker_thread = stacks._runs_on_worker_thread
    stacks._runs_on_worker_thread = lambda name: name == INSTANCE or runs_on_worker_thread(name)


class InstanceType:
    """An instance, and the signal that its CreationPolicy waits for."""

    def __init__(self, instances: Instances) -> None:
        self._instances = instances

    def create(self, logical_id: str, props: Record, stack_name: str) -> Created:
        """Launch an instance; wait until it runs and, with a CreationPolicy, for its signal."""
        known = {*_REPLACING, *_STOPPING, *_IN_PLACE} - {*_NOT_BUILT}
        _assert_known(INSTANCE, props, known)
        policy = _creation_policy(stack_name, logical_id)
        instance = launching.launch(props)
        ec2._tags[instance["InstanceId"]] = list(props.get("Tags", []))
        _show_in_progress(stack_name, logical_id, instance["InstanceId"], props)
        try:
            if policy is None:
                self._instances.boot(instance)
            else:
                waiting = Waiting(provisioners._cr_stack_id(stack_name), logical_id)
                self._instances.boot(instance, waiting)
                _wait_for_signals(waiting, stack_name, *policy)
            until(instance, "running")
        except Exception as error:
            # CloudFormation deletes what it could not create; MiniStack would leave it.
            self.delete(instance["InstanceId"], props)
            _stacks[stack_name]["_resources"].pop(logical_id, None)
            if reason := instance.get("StateReason"):  # why it was never signalled
                raise EC2Error(reason["Code"], reason["Message"]) from error
            raise
        return _described(instance)

    def update(self, physical_id: str, old: Record, new: Record, _stack_name: str) -> Created:
        """Change what needs no other instance; a new type or user data stops and starts it."""
        _assert_known(INSTANCE, new, {*_REPLACING, *_STOPPING, *_IN_PLACE} - {*_NOT_BUILT})
        instance = ec2._instances[physical_id]
        launching.assert_user_data(new)
        launching.configure(instance, new)
        _retag(physical_id, old, new)
        if any(old.get(name) != new.get(name) for name in _STOPPING):
            runs = instance["State"]["Name"] in ("pending", "running")
            if runs:
                until(instance, "running")
                self._instances.stop(instance)
            until(instance, "stopped")
            launching.rebuild(instance, new)
            if runs:
                self._instances.start(instance)
                until(instance, "running")
        return _described(instance)

    def delete(self, physical_id: str, _props: Record) -> None:
        """Terminate the instance, if it is still there, and wait until it is terminated."""
        if instance := ec2._instances.get(physical_id):
            self._instances.terminate(instance)
            until(instance, "terminated")


class VolumeType:
    """A volume, which outlives the instances that it is attached to."""

    def create(self, _logical_id: str, props: Record, _stack_name: str) -> Created:
        """Create the volume."""
        _assert_known(VOLUME, props, {*_VOLUME_FIXED, *_VOLUME_CHANGING})
        for name in ("AvailabilityZone", "Size"):
            if name not in props:
                raise ValueError(f"{VOLUME} needs {name}")
        volume = volumes.create(
            props["AvailabilityZone"], props, int(props["Size"]), list(props.get("Tags", []))
        )
        return volume["VolumeId"], {"VolumeId": volume["VolumeId"]}

    def update(self, physical_id: str, old: Record, new: Record, _stack_name: str) -> Created:
        """Change the size, type and tags; the reference says of the rest: not supported."""
        for name in _VOLUME_FIXED:
            if str(old.get(name)) != str(new.get(name)):
                raise ValueError(f"Update to {name} of resource type {VOLUME} is not supported.")
        _assert_known(VOLUME, new, {*_VOLUME_FIXED, *_VOLUME_CHANGING})
        volume = ec2._volumes[physical_id]
        with LOCK:
            if int(new["Size"]) < volume["Size"]:
                raise ValueError("New size cannot be smaller than existing size")
            volume["Size"] = int(new["Size"])
            volume["VolumeType"] = new.get("VolumeType", "gp2")
            for name in ("Iops", "Throughput"):
                volume[name] = int(new.get(name, volume[name]))
        _retag(physical_id, old, new)
        return physical_id, {"VolumeId": physical_id}

    def delete(self, physical_id: str, _props: Record) -> None:
        """Delete the volume, if it is still there. Raises ValueError while it is attached."""
        with LOCK:
            if physical_id not in ec2._volumes:
                return
            status, _headers, body = ec2._delete_volume({"VolumeId": physical_id})
        if status >= 400:
            raise ValueError(_message(body))
        ec2._tags.pop(physical_id, None)

    def snapshot(self, physical_id: str, _props: Record) -> None:
        """Do what `DeletionPolicy: Snapshot` asks for."""
        ec2._create_snapshot({"VolumeId": physical_id})


def _show_in_progress(stack_name: str, logical_id: str, physical_id: str, props: Record) -> None:
    """Have DescribeStackResource know the instance already: its cfn-init reads its metadata.

    MiniStack shows a resource only when it is complete.
    """
    _stacks[stack_name].setdefault("_resources", {})[logical_id] = {
        "PhysicalResourceId": physical_id,
        "ResourceType": INSTANCE,
        "ResourceStatus": "CREATE_IN_PROGRESS",
        "LogicalResourceId": logical_id,
        "Properties": props,
        "Attributes": {},
        "Timestamp": ec2._now_ts(),
    }


def _creation_policy(stack_name: str, logical_id: str) -> tuple[int, int] | None:
    """Return the count of signals and the seconds to wait for them. Raises ValueError."""
    definition = provisioners._cfn_wait_condition_definition(stack_name, logical_id)
    if "CreationPolicy" not in definition:
        return None
    signal = definition["CreationPolicy"].get("ResourceSignal", {})
    return (
        wait_conditions.validate_count(signal.get("Count"), logical_id),
        wait_conditions.validate_resource_signal_timeout(signal.get("Timeout"), logical_id),
    )


def _wait_for_signals(waiting: Waiting, stack_name: str, count: int, timeout: int) -> None:
    """Wait for a CreationPolicy's signals, or the failure of a condition that waits meanwhile.

    Raises ValueError or RuntimeError in CloudFormation's words.
    """
    slot = wait_conditions.register_slot(waiting.stack_id)
    try:
        wait_conditions.wait_for(
            slot, waiting.stack_id, stack_name, waiting.logical_id, INSTANCE, count, timeout
        )
    except TimeoutError as error:
        raise ValueError(
            f"Failed to receive {count} resource signal(s) within the specified duration"
        ) from error
    except RuntimeError as error:
        if "failed message: '' for" not in str(error):  # that of a wait condition, with its reason
            raise
        raise ValueError(
            f"Received 1 FAILURE signal(s) out of {count}. Unable to satisfy 100% "
            "MinSuccessfulInstancesPercent requirement"
        ) from error


def _described(instance: Record) -> Created:
    return instance["InstanceId"], {
        "InstanceId": instance["InstanceId"],
        "PrivateIp": instance["PrivateIpAddress"],
        "PrivateDnsName": instance["PrivateDnsName"],
        "PublicIp": instance["PublicIpAddress"],
        "PublicDnsName": instance["PublicDnsName"],
        "AvailabilityZone": instance["Placement"]["AvailabilityZone"],
        "VpcId": instance["VpcId"],
    }


def _retag(resource_id: str, old: Record, new: Record) -> None:
    """Replace the template's tags; those that others have given stay."""
    templates = {tag["Key"] for props in (old, new) for tag in props.get("Tags", [])}
    with LOCK:
        others = [tag for tag in ec2._tags.get(resource_id, []) if tag["Key"] not in templates]
        ec2._tags[resource_id] = [*others, *new.get("Tags", [])]


def _assert_known(kind: str, props: Record, known: set[str]) -> None:
    """Raise EC2Error for a property that is not built, unless it says no to it."""
    given = {name for name, value in props.items() if str(value).lower() != "false"}
    if unknown := sorted(given - known):
        raise not_supported(f"{', '.join(unknown)} of {kind}")


def _message(body: bytes) -> str:
    code = re.search(rb"<Code>(.*?)</Code>", body)
    message = re.search(rb"<Message>(.*?)</Message>", body)
    assert code is not None
    assert message is not None
    return f"{message[1].decode()} ({code[1].decode()})"
