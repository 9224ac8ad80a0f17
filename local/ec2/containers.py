"""Instances as Docker containers: Ubuntu with systemd, which runs the user data at its first boot.

What is a container's and not an image's for EC2 is in units.py; the metadata service and the way to
the embedded AWS in link_local.py; EBS volumes in disks.py.
"""

import contextvars
import io
import logging
import os
import ssl
import subprocess
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2, iam

from local.ec2 import disks, units
from local.ec2.certificates import Authority
from local.ec2.docker import docker
from local.ec2.link_local import LinkLocal
from local.ec2.machines import Machines, Record, user_data
from local.ec2.metadata_service import MetadataService
from local.ec2.signals import Waiting
from local.role_credentials import temporary_credentials
from local.run_directory import LABEL, RunDirectory

logger = logging.getLogger(__name__)

IMAGE = "sagestack-ec2-ubuntu:24.04"
CONTEXT = Path(__file__).parent / "ubuntu"
MIRROR = "SAGESTACK_MIRROR"
"""Environment variable: a folder `<host>/<path>` that machines get instead of https://<host>/…"""
URL_TAG = "sagestack:rstudio-url"
"""Tag of an instance: where its RStudio is, as there is no Session Manager to reach it by."""
STOP_SECONDS = 30


class Containers(Machines):
    """A container for each instance."""

    def __init__(self, run: RunDirectory, gateway_port: int) -> None:
        self._folder = run.path / "machines"
        # kept from run to run: a host installs a quarter of a gigabyte of packages
        self._packages = run.path.parent / "apt-archives"
        self._label = f"{LABEL}={run.path}"
        self._port = gateway_port
        self._mirror = Path(os.environ[MIRROR]) if os.environ.get(MIRROR) else None
        self._authority: Authority | None = None
        self._links: dict[str, LinkLocal] = {}
        self._building = threading.Lock()
        self.ended: Callable[[str], None] = lambda _: None
        """Called with the id of an instance whose machine has shut itself down."""

    def boot(self, instance: Record, _waiting: Waiting | None) -> None:
        """See Machines.boot; the user data sends the signals."""
        self._build()
        identifier, region = instance["InstanceId"], get_region()
        folder = self._folder / identifier
        self._links[identifier] = LinkLocal(
            folder / "sockets",
            gateway_port=self._port,
            metadata=_metadata(instance),
            context=self._https(region),
            mirror=self._mirror,
        )
        self._create(identifier, folder, region)
        self._copy(identifier, instance)
        self._run(identifier)
        logger.info("%s runs in a container", identifier)

    def start(self, instance: Record) -> None:
        """See Machines.start."""
        identifier = instance["InstanceId"]
        self._run(identifier)
        for volume in disks.of(instance):
            self.attach(instance, volume)

    def stop(self, instance: Record) -> None:
        """See Machines.stop."""
        docker("stop", "--time", str(STOP_SECONDS), instance["InstanceId"])

    def terminate(self, instance: Record) -> None:
        """See Machines.terminate."""
        identifier = instance["InstanceId"]
        if identifier in self._links:
            docker("rm", "--force", "--volumes", identifier)
            self._links.pop(identifier).close()

    def attach(self, instance: Record, volume: Record) -> None:
        """See Machines.attach."""
        disks.attach(instance["InstanceId"], volume, self._folder / "volumes")

    def detach(self, instance: Record, volume: Record) -> None:
        """See Machines.detach."""
        disks.detach(instance["InstanceId"], volume)

    def _build(self) -> None:
        with self._building:
            docker("build", "--quiet", "--tag", IMAGE, str(CONTEXT))

    def _https(self, region: str) -> ssl.SSLContext:
        with self._building:
            if self._authority is None:
                self._authority = Authority(self._folder / "authority")
        return self._authority.context(self._names(region))

    def _names(self, region: str) -> list[str]:
        """Name what machines reach here by HTTPS: the helper scripts know no other endpoint."""
        mirrored = [path.name for path in self._mirror.iterdir()] if self._mirror else []
        return [f"cloudformation.{region}.amazonaws.com", *sorted(mirrored)]

    def _create(self, identifier: str, folder: Path, region: str) -> None:
        volumes = self._folder / "volumes"
        for shared in (volumes, self._packages):
            shared.mkdir(exist_ok=True)
        docker(
            *("create", "--name", identifier, "--hostname", identifier),
            *("--label", self._label),
            *(f"--add-host={name}:127.0.0.1" for name in self._names(region)),
            *("--volume", f"{folder / 'sockets'}:{units.SOCKETS}"),
            *("--volume", f"{volumes}:{disks.FOLDER}"),
            *("--volume", f"{self._packages}:/var/cache/apt/archives"),
            f"--publish=127.0.0.1::{units.TUNNEL}",
            # systemd, mounts, the metadata service's address, and loop devices for the volumes
            *("--tmpfs", "/run", "--tmpfs", "/run/lock"),
            *("--cgroupns", "host", "--volume", "/sys/fs/cgroup:/sys/fs/cgroup:rw"),
            *("--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN"),
            *("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"),
            *("--device-cgroup-rule", "b 7:* rmw", "--device-cgroup-rule", "c 10:237 rmw"),
            IMAGE,
        )

    def _copy(self, identifier: str, instance: Record) -> None:
        assert self._authority is not None
        files = units.files(self._port)
        files["usr/local/share/ca-certificates/embedded-aws.crt"] = (
            self._authority.certificate.read_text()
        )
        files["var/lib/cloud/instance/user-data.txt"] = user_data(instance)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, text in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(text.encode())
                member.mode = 0o700 if name.endswith("user-data.txt") else 0o644
                archive.addfile(member, io.BytesIO(text.encode()))
        docker("cp", "-", f"{identifier}:/", stdin=packed.getvalue())

    def _run(self, identifier: str) -> None:
        docker("start", identifier)
        # whose account and region it is, the thread is to know as well
        watch = contextvars.copy_context().run
        threading.Thread(target=watch, args=(self._watch, identifier), daemon=True).start()
        # a container that starts again gets another port
        published = docker("port", identifier, f"{units.TUNNEL}/tcp").splitlines()[0]
        others = [tag for tag in ec2._tags.get(identifier, []) if tag["Key"] != URL_TAG]
        ec2._tags[identifier] = [*others, {"Key": URL_TAG, "Value": f"http://{published}"}]

    def _watch(self, identifier: str) -> None:
        """Wait for the end of a container, which a poweroff from within may be."""
        subprocess.run(["docker", "wait", identifier], capture_output=True, check=False)
        self.ended(identifier)


def _metadata(instance: Record) -> MetadataService:
    role_arn = _role_arn(instance)
    return MetadataService(
        instance_id=instance["InstanceId"],
        region=get_region(),
        zone=instance["Placement"]["AvailabilityZone"],
        account=get_account_id(),
        instance_type=instance["InstanceType"],
        role=role_arn.rpartition("/")[2] if role_arn else None,
        credentials=lambda: temporary_credentials(str(role_arn), instance["InstanceId"]),
    )


def _role_arn(instance: Record) -> str | None:
    profile = (instance.get("IamInstanceProfile") or {}).get("Arn", "")
    found = iam._lookup_instance_profile(name=profile.rpartition("/")[2], arn="")
    roles = (found or {}).get("Roles", [])
    if not roles:
        return None
    name = roles[0] if isinstance(roles[0], str) else roles[0]["RoleName"]
    return str(iam._roles[name]["Arn"])
