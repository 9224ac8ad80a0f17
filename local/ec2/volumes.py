"""EBS volumes: made by CloudFormation, attached and detached as on AWS.

MiniStack attaches a volume that is attached elsewhere, in another zone, or to a terminated
instance; and it leaves an instance's volumes attached when it is terminated.
"""

import threading
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2

from local.ec2.errors import EC2Error, no_such_instance

Record = dict[str, Any]

LOCK = threading.RLock()
"""Held for every change of an instance's or a volume's record."""


def create(zone: str, spec: Record, size: int, tags: list[Record]) -> Record:
    """Return a new volume; `spec` has a template's words, those of a volume or of an Ebs."""
    volume_type = spec.get("VolumeType", "gp2")
    volume = {
        "VolumeId": ec2._new_volume_id(),
        "Size": size,
        "AvailabilityZone": zone,
        "State": "available",
        "VolumeType": volume_type,
        "SnapshotId": spec.get("SnapshotId", ""),
        "Iops": int(spec.get("Iops", 3000 if volume_type == "gp3" else 0)),
        "Throughput": int(spec.get("Throughput", 125 if volume_type == "gp3" else 0)),
        "Encrypted": str(spec.get("Encrypted", False)).lower() == "true",
        "KmsKeyId": _key_arn(spec.get("KmsKeyId", "")),
        "CreateTime": ec2._now_ts(),
        "Attachments": [],
        "MultiAttachEnabled": False,
    }
    with LOCK:
        ec2._volumes[volume["VolumeId"]] = volume
        if tags:
            ec2._tags[volume["VolumeId"]] = tags
    return volume


def attach(volume: Record, instance: Record, device: str, *, delete: bool = False) -> Record:
    """Attach a volume; `delete` with the instance's termination. Raises EC2Error."""
    volume_id, instance_id = volume["VolumeId"], instance["InstanceId"]
    with LOCK:
        if volume["Attachments"]:
            raise EC2Error("VolumeInUse", f"{volume_id} is already attached to an instance")
        if instance["State"]["Name"] not in ("pending", "running", "stopped"):
            raise EC2Error("IncorrectState", f"Instance '{instance_id}' is not 'running'.")
        if volume["AvailabilityZone"] != instance["Placement"]["AvailabilityZone"]:
            raise EC2Error(
                "InvalidVolume.ZoneMismatch",
                f"The volume '{volume_id}' is not in the same availability zone as instance "
                f"'{instance_id}'",
            )
        mappings = instance["BlockDeviceMappings"]
        if device in [mapping["DeviceName"] for mapping in mappings]:
            raise EC2Error(
                "InvalidParameterValue",
                f"Invalid value '{device}' for unixDevice. Attachment point {device} is already "
                "in use",
            )
        attachment = {
            "VolumeId": volume_id,
            "InstanceId": instance_id,
            "Device": device,
            "State": "attached",
            "AttachTime": ec2._now_ts(),
            "DeleteOnTermination": delete,
        }
        volume.update(Attachments=[attachment], State="in-use")
        ebs = {"Status": "attached", **attachment}
        mappings.append({"DeviceName": device, "Ebs": ebs})
    return attachment


def detach(volume: Record) -> None:
    """Make a volume available again."""
    with LOCK:
        for attachment in volume["Attachments"]:
            if instance := ec2._instances.get(attachment["InstanceId"]):
                instance["BlockDeviceMappings"] = [
                    mapping
                    for mapping in instance["BlockDeviceMappings"]
                    if mapping["Ebs"]["VolumeId"] != volume["VolumeId"]
                ]
        volume.update(Attachments=[], State="available")


def release(instance: Record) -> None:
    """Delete a terminated instance's own volumes and detach those that outlive it."""
    with LOCK:
        for volume in list(ec2._volumes.values()):
            for attachment in volume["Attachments"]:
                if attachment["InstanceId"] == instance["InstanceId"]:
                    detach(volume)
                    if attachment["DeleteOnTermination"]:
                        ec2._volumes.pop(volume["VolumeId"], None)
                        ec2._tags.pop(volume["VolumeId"], None)


def attach_volume(p: Record) -> Record:
    """AttachVolume."""
    volume = _volume(p)
    instance_id = ec2._p(p, "InstanceId")
    instance = ec2._instances.get(instance_id)
    if instance is None:
        raise no_such_instance(instance_id)
    return attach(volume, instance, ec2._p(p, "Device"))


def detach_volume(p: Record) -> Record:
    """DetachVolume."""
    volume = _volume(p)
    with LOCK:
        if not volume["Attachments"]:
            raise EC2Error(
                "IncorrectState", f"Volume '{volume['VolumeId']}' is in the 'available' state."
            )
        attachment: Record
        (attachment,) = volume["Attachments"]
        if ec2._p(p, "InstanceId") not in ("", attachment["InstanceId"]):
            raise EC2Error(
                "InvalidAttachment.NotFound",
                f"Volume '{volume['VolumeId']}' is not attached to that instance.",
            )
        instance = ec2._instances[attachment["InstanceId"]]
        if (
            attachment["Device"] == instance["RootDeviceName"]
            and instance["State"]["Name"] != "stopped"
        ):
            raise EC2Error(
                "OperationNotPermitted",
                f"Unable to detach root volume '{volume['VolumeId']}' from instance "
                f"'{attachment['InstanceId']}'",
            )
        detach(volume)
    return attachment


def _volume(p: Record) -> Record:
    volume_id = ec2._p(p, "VolumeId")
    volume: Record | None = ec2._volumes.get(volume_id)
    if volume is None:
        raise EC2Error("InvalidVolume.NotFound", f"The volume '{volume_id}' does not exist.")
    return volume


def _key_arn(key: str) -> str:
    """Return a KMS key as DescribeVolumes names it."""
    if not key or key.startswith("arn:"):
        return key
    kind = "" if key.startswith("alias/") else "key/"
    return f"arn:aws:kms:{get_region()}:{get_account_id()}:{kind}{key}"
