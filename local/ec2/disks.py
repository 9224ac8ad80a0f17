"""EBS volumes of containers: files, attached as loop devices under the names that EC2 gives."""

from collections.abc import Iterator
from pathlib import Path

from ministack.services import ec2

from local.ec2.docker import docker
from local.ec2.machines import Record

FOLDER = "/var/lib/embedded-ebs"
"""Where a machine sees the files of all volumes."""

# The loop devices are the kernel's, of which a container sees none until it makes their nodes. One
# that is detached while it is open goes when nobody has it open or mounted any more: the process
# that holds it ends with the container, however that ends.
_ATTACH = """
set -e
[ -e /dev/loop-control ] || mknod /dev/loop-control c 10 237
number=$(losetup --find | tr -dc 0-9)
[ -e "/dev/loop$number" ] || mknod "/dev/loop$number" b 7 "$number"
losetup "/dev/loop$number" "$1"
exec 9<"/dev/loop$number"
losetup --detach "/dev/loop$number"
mkdir -p /dev/disk/by-id /run/embedded-ebs
echo $$ >"/run/embedded-ebs/$3"
ln -sfn "/dev/loop$number" "$2"
exec sleep infinity >/dev/null 2>&1
"""
_DETACH = """
rm -f "$1"
kill "$(cat "/run/embedded-ebs/$2")"
"""
_SECONDS = 30


def attach(container: str, volume: Record, folder: Path) -> None:
    """Attach a volume, whose file in `folder` is made if it is new. Raises RuntimeError."""
    volume_id = volume["VolumeId"]
    file = folder / f"{volume_id}.img"
    if not file.exists() or file.stat().st_size < volume["Size"] << 30:
        with file.open("ab") as made:
            made.truncate(volume["Size"] << 30)  # sparse: it takes what is written
    link = _link(volume_id)
    arguments = ["bash", "-c", _ATTACH, "bash", f"{FOLDER}/{file.name}", link, volume_id]
    docker("exec", "--detach", container, *arguments)
    docker(
        "exec",
        container,
        "timeout",
        str(_SECONDS),
        "bash",
        "-c",
        f"until [ -e {link} ]; do sleep 0.1; done",
    )


def detach(container: str, volume: Record) -> None:
    """Detach a volume, as soon as it is not mounted any more. Raises RuntimeError."""
    volume_id = volume["VolumeId"]
    docker("exec", container, "bash", "-c", _DETACH, "bash", _link(volume_id), volume_id)


def of(instance: Record) -> Iterator[Record]:
    """Yield the volumes that are attached to an instance, without its root volume."""
    for mapping in instance["BlockDeviceMappings"]:
        if mapping["DeviceName"] != instance["RootDeviceName"]:
            yield ec2._volumes[mapping["Ebs"]["VolumeId"]]


def _link(volume_id: str) -> str:
    """Return the name that a volume has on a Nitro instance."""
    return f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{volume_id.replace('-', '')}"
