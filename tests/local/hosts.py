"""A stack with an EC2 host, and all that belongs to one."""

import base64
import time
from collections.abc import Iterator
from itertools import chain
from typing import Any

from tests.local.conftest import Account, settled
from tests.local.test_cloudformation import Stack

Resources = dict[str, Any]

UBUNTU = "/aws/service/canonical/ubuntu/server/24.04/stable/20260904/{}/hvm/ebs-gp3/ami-id"
PARAMETERS = {
    f"Image{architecture}": {
        "Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
        "Default": UBUNTU.format(architecture),
    }
    for architecture in ("amd64", "arm64")
}


def network() -> Resources:
    """A subnet without public addresses and a group that lets nobody in."""
    vpc = {"Ref": "Vpc"}
    subnet = {"VpcId": vpc, "CidrBlock": "10.9.1.0/28", "AvailabilityZone": "us-east-1b"}
    egress = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0"}
    return {
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.9.0.0/16"}},
        "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": subnet},
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": "the host",
                "VpcId": vpc,
                "SecurityGroupEgress": [egress],
            },
        },
    }


def identity() -> Resources:
    """The key of the disks, the host's role and its profile."""
    return {
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17"}}},
        "Role": role("ec2"),
        "Profile": {
            "Type": "AWS::IAM::InstanceProfile",
            "Properties": {"Roles": [{"Ref": "Role"}]},
        },
    }


def role(service: str, *actions: str) -> dict[str, Any]:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    allow = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = {"PolicyName": "own", "PolicyDocument": {"Statement": [allow]}}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            **({"Policies": [policy]} if actions else {}),
        },
    }


def instance(text: Any = "#!/bin/sh\n", timeout: str = "PT1M", **change: Any) -> dict[str, Any]:
    """An instance in `network` with `identity`, set up by a script; `timeout` is its policy's."""
    ebs = {
        "Encrypted": True,
        "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
        "VolumeType": "gp3",
        "VolumeSize": 20,
        "DeleteOnTermination": True,
    }
    policy = {"ResourceSignal": {"Count": 1, "Timeout": timeout}}
    return {
        "Type": "AWS::EC2::Instance",
        **({"CreationPolicy": policy} if timeout else {}),
        "Metadata": {"AWS::CloudFormation::Init": {"config": {"files": {}}}},
        "Properties": {
            "ImageId": {"Ref": "Imageamd64"},
            "InstanceType": "t3.small",
            "SubnetId": {"Ref": "Subnet"},
            "SecurityGroupIds": [{"Ref": "Group"}],
            "IamInstanceProfile": {"Ref": "Profile"},
            "UserData": {"Fn::Base64": text},
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 2},
            "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": ebs}],
            "InstanceInitiatedShutdownBehavior": "stop",
            "PropagateTagsToVolumeOnCreation": True,
            "Tags": [{"Key": "app", "Value": "host"}],
            **change,
        },
    }


def volume(**change: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::EC2::Volume",
        "Properties": {
            "AvailabilityZone": "us-east-1b",
            "Size": 30,
            "VolumeType": "gp3",
            "Encrypted": True,
            "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
            "AutoEnableIO": False,  # as the CDK writes it, with MultiAttachEnabled
            "MultiAttachEnabled": False,
            "Tags": [{"Key": "app", "Value": "host"}],
            **change,
        },
    }


def signalled(timeout: str = "60") -> Resources:
    """A wait condition, and the handle that the host's script is to be told."""
    return {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Ready": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "DependsOn": "Instance",
            "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": timeout},
        },
    }


TELLS = {"Fn::Sub": "#!/bin/sh\ncfn-signal '${Handle}'\n"}
"""A script that signals the handle."""


def schedule(expression: str, operation: str, text: Any, *actions: str) -> Resources:
    """A schedule that calls an operation, with a role that may do these actions."""
    target = {
        "Arn": f"arn:aws:scheduler:::aws-sdk:{operation}",
        "RoleArn": {"Fn::GetAtt": ["NightRole", "Arn"]},
        "Input": text,
    }
    return {
        "NightRole": role("scheduler", *actions),
        "Night": {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "ScheduleExpression": expression,
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": target,
            },
        },
    }


def small(**more: Any) -> Resources:
    """The least that an instance and a disk need."""
    return {**network(), **identity(), "Disk": volume(), "Instance": instance(), **more}


def everything() -> Resources:
    """All the types of a host's stack."""
    stop = {"Fn::Sub": '{"InstanceIds":["${Instance}"]}'}
    return {
        **network(),
        **identity(),
        "Disk": volume(),
        "Instance": instance(TELLS),
        **signalled(),
        **schedule("cron(0 20 * * ? *)", "ec2:stopInstances", stop, "ec2:StopInstances"),
        "Password": {
            "Type": "AWS::SecretsManager::Secret",
            "Properties": {
                "GenerateSecretString": {"PasswordLength": 24, "ExcludePunctuation": True},
                "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
            },
        },
        "Note": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Name": "/host/id", "Type": "String", "Value": {"Ref": "Instance"}},
        },
    }


class Host(Stack):
    """A stack with an instance, called Instance, and perhaps a volume, called Disk."""

    def __init__(self, account: Account, name: str) -> None:
        super().__init__(account, name)
        self.parameters = PARAMETERS
        self.ec2 = account.aws.client("ec2")

    def up(self, **resources: Any) -> None:
        """Create or update; it must succeed."""
        status = self.put(**resources)
        assert status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), self.reasons()

    def down(self) -> None:
        """Delete; it must succeed."""
        self.delete()
        names = [stack["StackName"] for stack in self.cloudformation.describe_stacks()["Stacks"]]
        assert self.name not in names, self.reasons()

    @property
    def id(self) -> str:
        return self.physical_id("Instance")

    def instance(self, instance_id: str = "") -> dict[str, Any]:
        reservations = self.ec2.describe_instances(InstanceIds=[instance_id or self.id])
        found: dict[str, Any] = reservations["Reservations"][0]["Instances"][0]
        return found

    def instances(self) -> list[dict[str, Any]]:
        """All that this stack has ever launched, also those that are gone."""
        tag = {"Name": "tag:aws:cloudformation:stack-name", "Values": [self.name]}
        reservations = self.ec2.describe_instances(Filters=[tag])["Reservations"]
        return list(chain.from_iterable(each["Instances"] for each in reservations))

    def until(self, state: str) -> dict[str, Any]:
        return settled(self.instance, lambda instance: instance["State"]["Name"] == state)

    def disk(self) -> dict[str, Any]:
        return self.volume(self.physical_id("Disk"))

    def volume(self, volume_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"][0]
        return found

    def attach(self) -> None:
        self.ec2.attach_volume(
            VolumeId=self.physical_id("Disk"), InstanceId=self.id, Device="/dev/sdf"
        )


def decoded(text: str) -> str:
    return base64.b64decode(text).decode()


def seconds() -> Iterator[float]:
    """The seconds since the first that was asked for."""
    began = time.monotonic()
    while True:
        yield time.monotonic() - began
