"""The record of a new instance, as RunInstances makes it of a template's properties.

MiniStack puts every instance into the region's first zone and 10.0.0.0/16, on an unencrypted disk,
and gives it a public address.
"""

import base64
import re
import secrets
from ipaddress import ip_network

from ministack.core.responses import get_region
from ministack.services import ec2, iam

from local.ec2 import volumes
from local.ec2.errors import EC2Error, not_supported
from local.ec2.machines import Record

_ROOT_DEVICES = ("/dev/sda1", "/dev/xvda")
"""Of Ubuntu's images, and of Amazon Linux's."""
_ROOT_SIZE = 8
_RESERVED = 4
"""The first addresses of a subnet are AWS's own."""
_USER_DATA = 16384
"""Bytes, before they are encoded."""
_ARM = re.compile(r"[a-z]+[0-9]+g[a-z]*\.")
"""Instance types of Graviton: t4g.small, m7gd.large."""


def launch(props: Record) -> Record:
    """Return a pending instance that has not been booted. Raises EC2Error."""
    ec2._ensure_defaults_initialized()
    assert_user_data(props)
    subnet = _subnet(props)
    groups = _security_groups(props)
    instance: Record
    (instance,) = ec2._launch_instances_internal(
        image_id=props["ImageId"],
        instance_type=props.get("InstanceType", "m1.small"),
        subnet_id=subnet["SubnetId"],
        count=1,
        user_data=props.get("UserData", ""),
        sg_ids=groups,
        requested_private_ip=_free_address(subnet),
        iam_profile=_profile(props),
    )
    address = instance["PrivateIpAddress"].replace(".", "-")
    domain = "ec2.internal"
    if get_region() != "us-east-1":
        domain = f"{get_region()}.compute.internal"
    instance.update(
        State={"Code": 0, "Name": "pending"},
        VpcId=subnet["VpcId"],
        Placement={"AvailabilityZone": subnet["AvailabilityZone"], "Tenancy": "default"},
        Architecture=architecture(instance["InstanceType"]),
        PrivateDnsName=f"ip-{address}.{domain}",
    )
    # what an interface says of it counts before the subnet
    if "NetworkInterfaces" in props or not subnet["MapPublicIpOnLaunch"]:
        instance.update(PublicIpAddress="", PublicDnsName="")
    configure(instance, props)
    _give_disks(instance, props)
    return instance


def configure(instance: Record, props: Record) -> None:
    """Set what can be changed while an instance runs. Raises EC2Error."""
    props = _with_interface(props)
    profile = _profile(props)
    groups = _security_groups(props)
    options = {"HttpTokens": "optional", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"}
    instance.update(
        IamInstanceProfile=profile,
        SecurityGroups=[
            {"GroupId": group, "GroupName": ec2._security_groups[group]["GroupName"]}
            for group in groups
        ],
        MetadataOptions={**options, **props.get("MetadataOptions", {})},
        InstanceInitiatedShutdownBehavior=props.get("InstanceInitiatedShutdownBehavior", "stop"),
    )


def rebuild(instance: Record, props: Record) -> None:
    """Set what can be changed while an instance is stopped."""
    instance.update(
        InstanceType=props.get("InstanceType", "m1.small"), UserData=props.get("UserData", "")
    )


def assert_user_data(props: Record) -> None:
    """Raise EC2Error unless the user data is one, of no more than 16 KB."""
    try:
        data = base64.b64decode(props.get("UserData", ""), validate=True)
    except ValueError as error:
        raise EC2Error(
            "InvalidUserData.Malformed", "Invalid BASE64 encoding of user data."
        ) from error
    if len(data) > _USER_DATA:
        raise EC2Error("InvalidParameterValue", f"User data is limited to {_USER_DATA} bytes")


def _with_interface(props: Record) -> Record:
    """Return the properties with those of the instance's one network interface, if it has one."""
    if "NetworkInterfaces" not in props:
        return props
    (interface,) = props["NetworkInterfaces"]
    if str(interface.get("AssociatePublicIpAddress", "unset")).lower() != "false":
        raise not_supported("a network interface without AssociatePublicIpAddress: false")
    return {
        **props,
        "SubnetId": interface["SubnetId"],
        "SecurityGroupIds": interface.get("GroupSet", []),
    }


def architecture(instance_type: str) -> str:
    """Return the architecture of an instance type."""
    return "arm64" if _ARM.match(instance_type) else "x86_64"


def _subnet(props: Record) -> Record:
    subnet_id = props.get("SubnetId", ec2._DEFAULT_SUBNET_ID)
    subnet: Record | None = ec2._subnets.get(subnet_id)
    if subnet is None:
        raise EC2Error("InvalidSubnetID.NotFound", f"The subnet ID '{subnet_id}' does not exist")
    if (zone := props.get("AvailabilityZone")) not in (None, subnet["AvailabilityZone"]):
        raise EC2Error(
            "InvalidParameterValue",
            f"The availability zone '{zone}' does not match the availability zone of the subnet "
            f"'{subnet['AvailabilityZone']}'.",
        )
    return subnet


def _security_groups(props: Record) -> list[str]:
    groups: list[str] = props.get("SecurityGroupIds") or [ec2._DEFAULT_SG_ID]
    for group in groups:
        if group not in ec2._security_groups:
            raise EC2Error("InvalidGroup.NotFound", f"The security group '{group}' does not exist")
    return groups


def _profile(props: Record) -> Record | None:
    name = props.get("IamInstanceProfile")
    if name is None:
        return None
    profile = iam._instance_profiles.get(name)
    if profile is None:
        raise EC2Error(
            "InvalidParameterValue",
            f"Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM "
            "Instance Profile name",
        )
    return {"Arn": profile["Arn"], "Id": profile["InstanceProfileId"]}


def _free_address(subnet: Record) -> str:
    taken = {instance["PrivateIpAddress"] for instance in ec2._instances.values()}
    network = ip_network(subnet["CidrBlock"])
    usable = network.num_addresses - _RESERVED - 1  # the last is for broadcasts
    while (address := str(network[_RESERVED + secrets.randbelow(usable)])) in taken:
        continue
    return address


def _give_disks(instance: Record, props: Record) -> None:
    """Replace MiniStack's root volume by what BlockDeviceMappings say."""
    volumes.release(instance)
    given = {mapping["DeviceName"]: mapping for mapping in props.get("BlockDeviceMappings", [])}
    root = next((device for device in _ROOT_DEVICES if device in given), _ROOT_DEVICES[0])
    instance["RootDeviceName"] = root
    tags = []
    if str(props.get("PropagateTagsToVolumeOnCreation", False)).lower() == "true":
        tags = [tag for tag in props.get("Tags", []) if not tag["Key"].startswith("aws:")]
    for device, mapping in {root: {"Ebs": {}}, **given}.items():
        if "Ebs" not in mapping:
            raise not_supported(f"a block device that is no Ebs: {device}")
        ebs = mapping["Ebs"]
        size = int(ebs.get("VolumeSize", _ROOT_SIZE))
        volume = volumes.create(instance["Placement"]["AvailabilityZone"], ebs, size, list(tags))
        delete = str(ebs.get("DeleteOnTermination", True)).lower() == "true"
        volumes.attach(volume, instance, device, delete=delete)
