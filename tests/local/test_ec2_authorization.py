"""Where IAM is enforced, a host and its volume are checked one by one, and by their tags."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.session import EmbeddedAWS
from tests.local.conftest import Account, settled
from tests.local.hosts import Host, identity, instance, network, schedule, volume
from tests.local.policies import user
from tests.local.test_schedules import soon

ARN = "arn:aws:ec2:us-east-1:000000000000"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    state = tmp_path_factory.mktemp("guarded-host")
    with EmbeddedAWS(state, settings={"SAGESTACK_RUNNER": "process"}, enforce_iam=True) as aws:
        host = Host(Account(aws), "host")
        other = [{"Key": "app", "Value": "other"}]
        host.up(
            **network(),
            **identity(),
            Instance=instance(),
            Disk=volume(),
            OtherInstance=instance(Tags=other),
            OtherDisk=volume(Tags=other),
        )
        yield host


def allowed_if(*actions: str, **conditions: str) -> dict[str, Any]:
    equals = {key.replace("__", ":").replace("_", "/"): v for key, v in conditions.items()}
    return {
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": [f"{ARN}:instance/*", f"{ARN}:volume/*"],
        **({"Condition": {"StringEquals": equals}} if equals else {}),
    }


def client(host: Host, name: str, statement: dict[str, Any]) -> Any:
    session: Any = user(host.account, name, statement)
    return session.client("ec2", endpoint_url=host.account.aws.endpoint_url)


@pytest.mark.parametrize("key", ["aws__ResourceTag_app", "ec2__ResourceTag_app"])
def test_a_host_is_stopped_and_started_by_who_may_by_its_tag(host: Host, key: str) -> None:
    statement = allowed_if("ec2:StopInstances", "ec2:StartInstances", **{key: "host"})
    ec2 = client(host, f"operator-{key}", statement)
    theirs = host.physical_id("OtherInstance")
    ec2.stop_instances(InstanceIds=[host.id])
    host.until("stopped")
    ec2.start_instances(InstanceIds=[host.id])
    host.until("running")
    for ids in [theirs], [host.id, theirs]:
        with pytest.raises(ClientError, match=r"UnauthorizedOperation.*ec2:StopInstances"):
            ec2.stop_instances(InstanceIds=ids)
    assert host.instance()["State"]["Name"] == "running"


def test_a_volume_is_attached_by_who_may_use_both_it_and_the_instance(host: Host) -> None:
    statement = allowed_if("ec2:AttachVolume", "ec2:DetachVolume", aws__ResourceTag_app="host")
    ec2 = client(host, "attacher", statement)
    mine, theirs = host.physical_id("Disk"), host.physical_id("OtherDisk")
    other = host.physical_id("OtherInstance")
    for disk, machine in (theirs, host.id), (mine, other):
        with pytest.raises(ClientError, match=r"UnauthorizedOperation.*ec2:AttachVolume"):
            ec2.attach_volume(VolumeId=disk, InstanceId=machine, Device="/dev/sdf")
    ec2.attach_volume(VolumeId=mine, InstanceId=host.id, Device="/dev/sdf")
    ec2.detach_volume(VolumeId=mine)
    host.ec2.attach_volume(VolumeId=theirs, InstanceId=other, Device="/dev/sdf")
    with pytest.raises(ClientError, match=r"UnauthorizedOperation.*ec2:DetachVolume"):
        ec2.detach_volume(VolumeId=theirs)


def test_describing_is_allowed_on_everything_or_not_at_all(host: Host) -> None:
    ec2 = client(host, "reader", allowed_if("ec2:DescribeInstances"))
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        ec2.describe_instances(InstanceIds=[host.id])
    everything = {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"}
    ec2 = client(host, "reader-of-all", everything)
    assert ec2.describe_instances(InstanceIds=[host.id])["Reservations"]


def test_a_schedule_does_what_its_role_may_and_no_more(host: Host) -> None:
    stack = Host(host.account, "nights")
    target = '{"InstanceIds":["' + host.id + '"]}'
    stack.up(**schedule(soon(), "ec2:stopInstances", target, "ec2:StartInstances"))
    refusal = "not authorized to perform: ec2:StopInstances"
    log = host.account.aws.log_path
    settled(lambda: {"log": log.read_text()}, lambda found: refusal in found["log"])
    assert host.instance()["State"]["Name"] == "running"
    stack.down()


def test_a_notebook_is_stopped_by_who_may_by_its_tag(host: Host) -> None:
    sagemaker = host.account.sagemaker
    for name in ("mine", "theirs"):
        sagemaker.create_notebook_instance(
            NotebookInstanceName=name,
            InstanceType="ml.t3.medium",
            RoleArn=host.account.role,
            Tags=[{"Key": "app", "Value": name}],
        )
    statement = {
        "Effect": "Allow",
        "Action": ["sagemaker:StopNotebookInstance", "sagemaker:CreatePresigned*"],
        "Resource": "arn:aws:sagemaker:us-east-1:000000000000:notebook-instance/*",
        "Condition": {"StringEquals": {"aws:ResourceTag/app": "mine"}},
    }
    session: Any = user(host.account, "notebook-user", statement)
    theirs = session.client("sagemaker", endpoint_url=host.account.aws.endpoint_url)
    sagemaker.get_waiter("notebook_instance_in_service").wait(
        NotebookInstanceName="mine", WaiterConfig={"Delay": 0.1, "MaxAttempts": 100}
    )
    assert theirs.create_presigned_notebook_instance_url(NotebookInstanceName="mine")
    theirs.stop_notebook_instance(NotebookInstanceName="mine")
    for operation in ("stop_notebook_instance", "create_presigned_notebook_instance_url"):
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(theirs, operation)(NotebookInstanceName="theirs")


def test_a_caller_without_pass_role_cannot_give_a_notebook_its_role(host: Host) -> None:
    create = {"Effect": "Allow", "Action": "sagemaker:CreateNotebookInstance", "Resource": "*"}
    session: Any = user(host.account, "creator", create)
    sagemaker = session.client("sagemaker", endpoint_url=host.account.aws.endpoint_url)
    with pytest.raises(ClientError, match="not authorized to perform: iam:PassRole"):
        sagemaker.create_notebook_instance(
            NotebookInstanceName="no", InstanceType="ml.t3.medium", RoleArn=host.account.role
        )
