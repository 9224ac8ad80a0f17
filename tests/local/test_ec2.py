"""A host's stack on the embedded AWS, where an instance is a record."""

import json
import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Account
from tests.local.hosts import (
    PARAMETERS,
    Host,
    Resources,
    decoded,
    everything,
    identity,
    instance,
    network,
    small,
    volume,
)

NOWHERE = {
    "Type": "AWS::EC2::SecurityGroup",
    "Properties": {"GroupDescription": "in no VPC", "VpcId": "vpc-0"},
}


@pytest.fixture(scope="module")
def host(account: Account) -> Iterator[Host]:
    """A host with everything, for tests that leave it as it was."""
    host = Host(account, "host")
    host.up(**everything())
    yield host
    host.down()


def test_a_host_has_no_public_address_and_is_in_its_subnet_and_group(host: Host) -> None:
    found = host.instance()
    assert "PublicIpAddress" not in found
    assert "PublicDnsName" not in found
    assert found["SubnetId"] == host.physical_id("Subnet")
    assert found["VpcId"] == host.physical_id("Vpc")
    assert found["Placement"]["AvailabilityZone"] == "us-east-1b"
    assert ip_address(found["PrivateIpAddress"]) in ip_network("10.9.1.0/28")
    (group,) = host.ec2.describe_security_groups(GroupIds=[host.physical_id("Group")])[
        "SecurityGroups"
    ]
    assert [each["GroupId"] for each in found["SecurityGroups"]] == [group["GroupId"]]
    assert group["IpPermissions"] == []
    (egress,) = group["IpPermissionsEgress"]
    assert (egress["IpProtocol"], egress["FromPort"], egress["ToPort"]) == ("tcp", 443, 443)


def test_a_host_has_what_its_template_says(host: Host) -> None:
    found = host.instance()
    assert found["State"] == {"Code": 16, "Name": "running"}
    assert found["InstanceType"] == "t3.small"
    assert found["MetadataOptions"]["HttpTokens"] == "required"
    assert found["MetadataOptions"]["HttpPutResponseHopLimit"] == 2
    profile = host.physical_id("Profile")
    assert found["IamInstanceProfile"]["Arn"].endswith(f":instance-profile/{profile}")
    assert {"Key": "app", "Value": "host"} in found["Tags"]
    assert {"Key": "aws:cloudformation:logical-id", "Value": "Instance"} in found["Tags"]
    resource = host.cloudformation.describe_stack_resource(
        StackName=host.name, LogicalResourceId="Instance"
    )["StackResourceDetail"]
    assert json.loads(resource["Metadata"])["AWS::CloudFormation::Init"]

    def attribute(name: str) -> str:
        described = host.ec2.describe_instance_attribute(InstanceId=host.id, Attribute=name)
        return str(described[name[0].upper() + name[1:]]["Value"])

    assert attribute("instanceInitiatedShutdownBehavior") == "stop"
    assert host.physical_id("Handle") in decoded(attribute("userData"))


def test_the_disks_are_encrypted_with_the_key_and_tagged(host: Host) -> None:
    found = host.instance()
    (mapping,) = found["BlockDeviceMappings"]
    assert mapping["DeviceName"] == found["RootDeviceName"] == "/dev/sda1"
    root, disk = host.volume(mapping["Ebs"]["VolumeId"]), host.disk()
    for each, size in (root, 20), (disk, 30):
        assert (each["Size"], each["VolumeType"], each["Encrypted"]) == (size, "gp3", True)
        assert each["KmsKeyId"].endswith(f":key/{host.physical_id('Key')}")
        assert each["AvailabilityZone"] == "us-east-1b"
        assert {"Key": "app", "Value": "host"} in each["Tags"]


def test_get_att_of_an_instance_is_what_it_is(account: Account) -> None:
    host = Host(account, "attributes")
    names = ("PrivateIp", "PrivateDnsName", "AvailabilityZone", "InstanceId", "VpcId")
    note = {"Fn::Join": [" ", [{"Fn::GetAtt": ["Instance", name]} for name in names]]}
    properties = {"Name": "/attributes", "Type": "String", "Value": note}
    host.up(**small(Note={"Type": "AWS::SSM::Parameter", "Properties": properties}))
    value = account.aws.client("ssm").get_parameter(Name="/attributes")["Parameter"]["Value"]
    found = host.instance()
    address = found["PrivateIpAddress"]
    assert value.split() == [
        *(address, f"ip-{address.replace('.', '-')}.ec2.internal", "us-east-1b"),
        *(host.id, found["VpcId"]),
    ]
    host.down()


def test_a_generated_secret_is_as_asked_for_and_named_by_its_arn(host: Host) -> None:
    arn = host.physical_id("Password")
    assert arn.startswith("arn:aws:secretsmanager:us-east-1:000000000000:secret:")
    secrets = host.account.aws.client("secretsmanager")
    password = secrets.get_secret_value(SecretId=arn)["SecretString"]
    assert re.fullmatch("[A-Za-z0-9]{24}", password)
    key = secrets.describe_secret(SecretId=arn)["KmsKeyId"]
    assert key.endswith(f":key/{host.physical_id('Key')}")


def test_canonicals_images_have_stable_ids_an_own_one_for_each(host: Host) -> None:
    ssm = host.account.aws.client("ssm")
    names = [parameter["Default"] for parameter in PARAMETERS.values()]
    first, second = (ssm.get_parameter(Name=name)["Parameter"]["Value"] for name in names)
    assert re.fullmatch("ami-[0-9a-f]{17}", first)
    assert first != second
    assert host.instance()["ImageId"] == first
    with pytest.raises(ClientError, match="ParameterNotFound"):
        ssm.get_parameter(Name=names[0].replace("server", "desktop"))


def test_the_log_says_that_nobody_is_behind_the_signals(host: Host) -> None:
    log = host.account.aws.log_path.read_text()
    assert f"no machine runs behind {host.id}: SUCCESS is signalled in its host's name" in log
    events = host.cloudformation.describe_stack_events(StackName=host.name)["StackEvents"]
    reasons = [event.get("ResourceStatusReason") for event in events]
    assert f"Received SUCCESS signal with UniqueId {host.id}" in reasons


def test_a_host_stops_and_starts_with_the_states_of_aws(host: Host) -> None:
    def changed(operation: Callable[..., Any], key: str) -> tuple[str, str]:
        (change,) = operation(InstanceIds=[host.id])[key]
        return change["PreviousState"]["Name"], change["CurrentState"]["Name"]

    address = host.instance()["PrivateIpAddress"]
    stop, start = host.ec2.stop_instances, host.ec2.start_instances
    assert changed(stop, "StoppingInstances") == ("running", "stopping")
    host.until("stopped")
    assert changed(stop, "StoppingInstances") == ("stopped", "stopped")
    assert changed(start, "StartingInstances") == ("stopped", "pending")
    assert host.until("running")["PrivateIpAddress"] == address
    assert changed(start, "StartingInstances") == ("running", "running")
    with pytest.raises(ClientError, match=r"InvalidInstanceID\.NotFound"):
        stop(InstanceIds=[host.id, "i-00000000000000000"])
    assert host.instance()["State"]["Name"] == "running"


def test_a_volume_is_attached_once_and_by_its_own_zone_and_device(host: Host) -> None:
    disk = host.physical_id("Disk")
    elsewhere = host.ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    with pytest.raises(ClientError, match=r"InvalidVolume\.ZoneMismatch"):
        host.ec2.attach_volume(VolumeId=elsewhere, InstanceId=host.id, Device="/dev/sdg")
    with pytest.raises(ClientError, match="/dev/sda1 is already in use"):
        host.ec2.attach_volume(VolumeId=disk, InstanceId=host.id, Device="/dev/sda1")
    host.attach()
    with pytest.raises(ClientError, match="VolumeInUse"):
        host.attach()
    with pytest.raises(ClientError, match="VolumeInUse"):
        host.ec2.delete_volume(VolumeId=disk)
    (attachment,) = host.disk()["Attachments"]
    assert (attachment["InstanceId"], attachment["State"]) == (host.id, "attached")
    devices = [mapping["DeviceName"] for mapping in host.instance()["BlockDeviceMappings"]]
    assert devices == ["/dev/sda1", "/dev/sdf"]
    host.ec2.detach_volume(VolumeId=disk)
    assert host.disk()["State"] == "available"
    with pytest.raises(ClientError, match="IncorrectState"):
        host.ec2.detach_volume(VolumeId=disk)
    host.ec2.delete_volume(VolumeId=elsewhere)


def test_a_new_type_or_user_data_stops_and_starts_the_same_instance(account: Account) -> None:
    host = Host(account, "resized")
    host.up(**small())
    before = host.instance()
    host.up(**small(Instance=instance(InstanceType="t3.large")))
    after = host.instance()
    assert (after["InstanceId"], after["InstanceType"]) == (before["InstanceId"], "t3.large")
    assert after["State"]["Name"] == "running"
    host.ec2.stop_instances(InstanceIds=[host.id])
    host.until("stopped")
    host.up(**small(Instance=instance("#!/bin/sh\ntrue\n", InstanceType="t3.large")))
    assert host.id == before["InstanceId"]
    assert host.instance()["State"]["Name"] == "stopped"  # as it was found
    host.down()


def test_other_tags_and_groups_do_not_interrupt_an_instance(account: Account) -> None:
    host = Host(account, "retagged")
    host.up(**small())
    before = host.instance()
    host.ec2.create_tags(Resources=[host.id], Tags=[{"Key": "mine", "Value": "too"}])
    group = network()["Group"]
    tags = [{"Key": "team", "Value": "models"}]
    changed = instance(SecurityGroupIds=[{"Ref": "Second"}], Tags=tags)
    host.up(**small(Instance=changed, Second=group))
    after = host.instance()
    assert after["InstanceId"] == before["InstanceId"]
    assert after["LaunchTime"] == before["LaunchTime"]
    assert [each["GroupId"] for each in after["SecurityGroups"]] == [host.physical_id("Second")]
    keys = [tag["Key"] for tag in after["Tags"] if not tag["Key"].startswith("aws:")]
    assert sorted(keys) == ["mine", "team"]
    host.down()


def test_the_volume_outlives_the_instance_that_another_replaces(account: Account) -> None:
    host = Host(account, "replaced")
    host.up(**small())
    first, disk = host.id, host.physical_id("Disk")
    (root,) = host.instance()["BlockDeviceMappings"]
    host.attach()
    host.up(**small(Instance=instance(ImageId={"Ref": "Imagearm64"}, InstanceType="t4g.small")))
    assert host.id != first
    assert host.instance(first)["State"]["Name"] == "terminated"
    assert host.instance()["Architecture"] == "arm64"
    assert host.physical_id("Disk") == disk
    assert host.disk()["State"] == "available"
    with pytest.raises(ClientError, match=r"InvalidVolume\.NotFound"):
        host.volume(root["Ebs"]["VolumeId"])
    with pytest.raises(ClientError, match="IncorrectState"):
        host.ec2.attach_volume(VolumeId=disk, InstanceId=first, Device="/dev/sdf")
    with pytest.raises(ClientError, match="IncorrectInstanceState"):
        host.ec2.start_instances(InstanceIds=[first])
    host.attach()
    host.down()


def test_a_volume_grows_in_place_and_never_moves(account: Account) -> None:
    host = Host(account, "grown")
    host.up(**identity(), Disk=volume())
    disk = host.physical_id("Disk")
    host.up(**identity(), Disk=volume(Size="40"))
    assert (host.physical_id("Disk"), host.disk()["Size"]) == (disk, 40)
    for change in {"AvailabilityZone": "us-east-1c"}, {"Encrypted": False}, {"Size": 10}:
        assert host.put(**identity(), Disk=volume(**change)) == "UPDATE_ROLLBACK_COMPLETE"
        assert (host.physical_id("Disk"), host.disk()["Size"]) == (disk, 40)
    assert any("AvailabilityZone of resource type AWS::EC2::Volume" in r for r in host.reasons())
    host.down()


def test_a_volume_in_use_fails_the_deletion_of_its_stack(account: Account) -> None:
    host, other = Host(account, "user"), Host(account, "used")
    host.up(**small())
    other.up(**identity(), Disk=volume())
    disk = other.physical_id("Disk")
    other.ec2.attach_volume(VolumeId=disk, InstanceId=host.id, Device="/dev/sdg")
    other.delete()
    assert other.settled() == "DELETE_FAILED"
    assert any("VolumeInUse" in reason for reason in other.reasons())
    host.down()  # which detaches it
    other.down()


def test_a_volume_that_its_policy_keeps_a_snapshot_of_leaves_one(account: Account) -> None:
    host = Host(account, "kept")
    host.up(**identity(), Disk={**volume(), "DeletionPolicy": "Snapshot"})
    disk = host.physical_id("Disk")
    host.down()
    of_disk = [{"Name": "volume-id", "Values": [disk]}]
    (snapshot,) = host.ec2.describe_snapshots(Filters=of_disk)["Snapshots"]
    host.ec2.delete_snapshot(SnapshotId=snapshot["SnapshotId"])


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        (small(Instance=instance(SubnetId="subnet-0")), "The subnet ID 'subnet-0' does not exist"),
        (small(Instance=instance(SecurityGroupIds=["sg-0"])), "security group 'sg-0' does not"),
        (small(Instance=instance(IamInstanceProfile="arn:aws:iam::1:a")), "Invalid IAM Instance"),
        (small(Instance=instance(KeyName="mine")), "does not support KeyName of AWS::EC2::In"),
        (small(Disk=volume(MultiAttachEnabled=True)), "support MultiAttachEnabled of AWS::EC2::V"),
        (small(Instance=instance("#" * 16385)), "User data is limited to 16384 bytes"),
        (small(Instance=instance(UserData="#!/bin/sh")), "Invalid BASE64 encoding of user data"),
        (small(Instance=instance(AvailabilityZone="us-east-1a")), "zone of the subnet"),
        (small(Instance=instance(timeout="5 minutes")), "duration of the form PT#H#M#S"),
        ({"Group": NOWHERE}, "The vpc ID 'vpc-0' does not exist"),
    ],
)
def test_what_aws_refuses_fails_the_stack(
    account: Account, resources: Resources, reason: str
) -> None:
    host = Host(account, "refused")
    assert host.put(**resources) == "ROLLBACK_COMPLETE"
    assert any(reason in each for each in host.reasons()), host.reasons()
    host.down()


def test_a_group_with_an_instance_in_it_is_not_deleted(host: Host) -> None:
    with pytest.raises(ClientError, match="DependencyViolation"):
        host.ec2.delete_security_group(GroupId=host.physical_id("Group"))
