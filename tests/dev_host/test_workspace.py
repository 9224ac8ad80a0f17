"""The volume of the user's files comes to the instance that boots, from wherever it was."""

from pathlib import Path
from typing import Any

import pytest

from host import workspace

VOLUME, OURS, OTHER = "vol-0a1b", "i-new", "i-old"


class Ec2:
    """EC2 with a volume and another instance; every change takes two looks."""

    def __init__(self, *, attached_to: str | None, other: str = "stopped") -> None:
        self.attached_to = attached_to
        self.attachment = "attached"
        self.other = other
        self.calls: list[str] = []
        self._changes: list[tuple[int, str, str | None]] = []
        self._looks = 0

    def _later(self, what: str, value: str | None) -> None:
        self._changes.append((self._looks + 2, what, value))

    def describe_volumes(self, **_: Any) -> dict[str, Any]:
        self._looks += 1
        due = [change for change in self._changes if change[0] <= self._looks]
        for change in due:
            self._changes.remove(change)
            setattr(self, change[1], change[2])
        changing = any(what == "attached_to" for _, what, _ in self._changes)
        attachments = (
            [{"InstanceId": self.attached_to, "State": self.attachment}] if self.attached_to else []
        )
        state = "in-use" if self.attached_to or changing else "available"
        return {"Volumes": [{"State": state, "Attachments": attachments}]}

    def describe_instances(self, *, InstanceIds: list[str]) -> dict[str, Any]:  # noqa: N803
        assert InstanceIds == [OTHER]
        return {"Reservations": [{"Instances": [{"State": {"Name": self.other}}]}]}

    def stop_instances(self, **_: Any) -> None:
        self.calls.append("stop")
        self.other = "stopping"
        self._later("other", "stopped")

    def detach_volume(self, *, VolumeId: str, InstanceId: str) -> None:  # noqa: N803
        assert (VolumeId, InstanceId, self.other) == (VOLUME, OTHER, "stopped")
        assert self.attachment == "attached", "EC2 refuses to detach what it is detaching"
        self.calls.append("detach")
        self.attachment = "detaching"
        self._later("attached_to", None)

    def attach_volume(self, *, VolumeId: str, InstanceId: str, Device: str) -> None:  # noqa: N803
        assert (VolumeId, InstanceId, Device) == (VOLUME, OURS, "/dev/sdf")
        self.calls.append("attach")
        self.attachment = "attached"
        self._later("attached_to", OURS)


def attach(ec2: Ec2) -> list[str]:
    """Attach, without waiting; each kind of call, in order."""
    workspace.attach(ec2, VOLUME, OURS, sleep=lambda _: None)
    return list(dict.fromkeys(ec2.calls))


def test_a_volume_that_is_ours_is_left_alone() -> None:
    assert attach(Ec2(attached_to=OURS)) == []


def test_a_free_volume_is_attached() -> None:
    assert attach(Ec2(attached_to=None)) == ["attach"]


def test_a_running_instance_is_stopped_before_its_volume_is_taken() -> None:
    ec2 = Ec2(attached_to=OTHER, other="running")
    assert attach(ec2) == ["stop", "detach", "attach"]
    assert (ec2.other, ec2.attached_to) == ("stopped", OURS)


def test_a_stopped_instance_gives_its_volume_up() -> None:
    assert attach(Ec2(attached_to=OTHER)) == ["detach", "attach"]


def test_a_volume_that_never_comes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ec2 = Ec2(attached_to=OTHER, other="shutting-down")
    monkeypatch.setattr(workspace, "TIMEOUT", 5)
    with pytest.raises(TimeoutError, match=f"{VOLUME} was not attached within 5 s"):
        attach(ec2)
    assert ec2.calls == []


@pytest.mark.parametrize(
    "name", ["disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0a1b", "xvdf", "sdf"]
)
def test_its_device_is_found_by_each_name_that_ec2_gives(tmp_path: Path, name: str) -> None:
    assert workspace.device_of(VOLUME, tmp_path) is None
    device = tmp_path / name
    device.parent.mkdir(parents=True, exist_ok=True)
    device.touch()
    assert workspace.device_of(VOLUME, tmp_path) == device
