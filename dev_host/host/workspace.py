"""Attaches the volume of the user's files, and mounts it; sagestack-workspace.service, each boot.

The host does this and not CloudFormation: that would attach the volume to a new instance before it
deletes the old one, which still has it. Here a new instance stops the old one and takes the volume
over; should the update then fail, the old one takes it back when it is started.
"""

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

from host.settings import HOME, USER, Settings, instance_id

DEVICE = "/dev/sdf"
TIMEOUT = 300
"""Seconds that a volume or an instance has for a change of its state."""


def attach(
    ec2: Any, volume_id: str, instance: str, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Attach the volume to this instance; any other that has it is stopped first.

    Raises TimeoutError if it is not attached within TIMEOUT seconds, and ClientError.
    """
    for _ in range(TIMEOUT):
        (volume,) = ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"]
        attached = {each["InstanceId"]: each["State"] for each in volume["Attachments"]}
        if attached.get(instance) == "attached":
            return
        if volume["State"] == "available":
            ec2.attach_volume(VolumeId=volume_id, InstanceId=instance, Device=DEVICE)
        for other in (each for each, state in attached.items() if state == "attached"):
            _take_over(ec2, volume_id, other)
        sleep(1)
    raise TimeoutError(f"{volume_id} was not attached within {TIMEOUT} s; it is {volume}")


def _take_over(ec2: Any, volume_id: str, other: str) -> None:
    """Go one step towards a volume that nobody has: what is mounted is lost if it is torn out."""
    (reservation,) = ec2.describe_instances(InstanceIds=[other])["Reservations"]
    (found,) = reservation["Instances"]
    match found["State"]["Name"]:
        case "running" | "pending":
            print(f"stopping {other}, which has {volume_id}")
            ec2.stop_instances(InstanceIds=[other])
        case "stopped":
            print(f"detaching {volume_id} from {other}")
            ec2.detach_volume(VolumeId=volume_id, InstanceId=other)


def device_of(volume_id: str, dev: Path = Path("/dev")) -> Path | None:
    """Find the volume's device: by its id on Nitro instances, by its name on those before.

    https://docs.aws.amazon.com/ebs/latest/userguide/nvme-ebs-volumes.html
    """
    nitro = dev / f"disk/by-id/nvme-Amazon_Elastic_Block_Store_{volume_id.replace('-', '')}"
    candidates = (nitro, dev / "xvdf", dev / "sdf")
    return next((device for device in candidates if device.exists()), None)


def mount(device: Path, folder: Path = HOME) -> None:
    """Mount the device, with a file system made if it is blank, and grown to the volume's size."""
    if subprocess.run(["mountpoint", "--quiet", folder], check=False).returncode == 0:
        return
    signatures = subprocess.run(
        ["wipefs", "--no-act", "--noheadings", device], check=True, capture_output=True
    )
    if not signatures.stdout.strip():
        subprocess.run(["mkfs.ext4", "-q", "-L", "sagestack", device], check=True)
    # fsck first, or resize2fs refuses; its exit codes 0 and 1 mean that all is well now
    if subprocess.run(["fsck.ext4", "-f", "-p", device], check=False).returncode > 1:
        raise RuntimeError(f"{device} has errors that fsck does not mend by itself")
    subprocess.run(["resize2fs", device], check=True)
    folder.mkdir(mode=0o750, exist_ok=True)
    subprocess.run(["mount", device, folder], check=True)
    if folder.owner() != USER:  # it was blank: what every home begins with
        shutil.copytree("/etc/skel", folder, dirs_exist_ok=True)
        subprocess.run(["chown", "--recursive", f"{USER}:{USER}", folder], check=True)


def main() -> None:
    """Attach and mount, or end with an error that systemd shows."""
    settings = Settings.load()
    ec2 = boto3.client("ec2", region_name=settings.region)
    attach(ec2, settings.volume_id, instance_id())
    for _ in range(TIMEOUT):
        if device := device_of(settings.volume_id):
            mount(device)
            return
        time.sleep(1)
    raise TimeoutError(f"no device of {settings.volume_id} appeared within {TIMEOUT} s")


if __name__ == "__main__":
    main()
