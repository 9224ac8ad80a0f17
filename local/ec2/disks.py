"""EBS volumes of containers: files, attached as loop devices under the names that EC2 gives."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from ministack.services import ec2

from local.ec2.machines import Record

FOLDER = "/var/lib/embedded-ebs"
"""Where a machine sees the files of all volumes."""

# The loop devices are the kernel's, of which a container sees none until it makes their nodes.
_ATTACH = """
set -e
[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
number=$(losetup --find | tr -dc 0-9)
[ -e "/dev/loop$number" ] || mknod "/dev/loop$number" b 7 "$number"
losetup "/dev/loop$number" "$1"
mkdir -p /dev/disk/by-id
ln -sfn "/dev/loop$number" "$2"
"""
# a device that is still mounted goes when that ends
_DETACH = """
detach() {
    [ -e "$1" ] || return 0
    losetup --detach "$(readlink "$1")"
    rm "$1"
}
for link in "$@"; do detach "$link"; done
"""


def attach(container: str, volume: Record, folder: Path) -> None:
    """Attach a volume, whose file in `folder` is made if it is new. Raises RuntimeError."""
    file = folder / f"{volume['VolumeId']}.img"
    if not file.exists():
        with file.open("wb") as made:
            made.truncate(volume["Size"] << 30)  # sparse: it takes what is written
    _execute(container, _ATTACH, f"{FOLDER}/{file.name}", _link(volume["VolumeId"]))


def detach(container: str, volume: Record) -> None:
    """Detach a volume. Raises RuntimeError."""
    _execute(container, _DETACH, _link(volume["VolumeId"]))


def release(container: str) -> None:
    """Detach all, as the kernel would keep the devices when the container has ended."""
    subprocess.run(
        ["docker", "exec", container, "bash", "-c", f"set -- {_link('*')}\n{_DETACH}"],
        capture_output=True,
        check=False,  # one that has ended has nothing any more
    )


def of(instance: Record) -> Iterator[Record]:
    """Yield the volumes that are attached to an instance, without its root volume."""
    for mapping in instance["BlockDeviceMappings"]:
        if mapping["DeviceName"] != instance["RootDeviceName"]:
            yield ec2._volumes[mapping["Ebs"]["VolumeId"]]


def _link(volume_id: str) -> str:
    """Return the name that a volume has on a Nitro instance."""
    return f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{volume_id.replace('-', '')}"


def _execute(container: str, script: str, *arguments: str) -> None:
    done = subprocess.run(
        ["docker", "exec", container, "bash", "-c", script, "bash", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{container}: {done.stderr.strip()}")
