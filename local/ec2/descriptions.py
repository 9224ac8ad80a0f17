"""What DescribeInstances, DescribeInstanceAttribute and DescribeVolumes leave out in MiniStack."""

import re
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import ec2

from local.ec2.machines import Record

_EMPTY = re.compile(r"<(dnsName|ipAddress|keyName)></\1>")
_OPTIONS = {
    "HttpTokens": "httpTokens",
    "HttpPutResponseHopLimit": "httpPutResponseHopLimit",
    "HttpEndpoint": "httpEndpoint",
    "InstanceMetadataTags": "instanceMetadataTags",
}


def apply() -> None:
    """Complete MiniStack's answers."""
    instance_xml, volume_xml = ec2._instance_xml, ec2._volume_inner_xml
    describe_attribute = ec2._ACTION_MAP["DescribeInstanceAttribute"]

    # AWS leaves out what an instance does not have: an empty address would be one.
    def described_instance(instance: Record) -> str:
        return _with_last(_EMPTY.sub("", instance_xml(instance)), _options(instance), "</item>")

    def described_volume(volume: Record) -> str:
        more = "".join(
            f"<{tag}>{escape(str(volume[member]))}</{tag}>"
            for tag, member in (("kmsKeyId", "KmsKeyId"), ("throughput", "Throughput"))
            if volume.get(member)
        )
        return f"{volume_xml(volume)}{more}"

    def describe_instance_attribute(p: Record) -> Any:
        attribute = ec2._p(p, "Attribute")
        instance = ec2._instances.get(ec2._p(p, "InstanceId"))
        members = {
            "userData": "UserData",
            "instanceInitiatedShutdownBehavior": "InstanceInitiatedShutdownBehavior",
        }
        value = instance.get(members.get(attribute)) if instance else None
        if not value:
            return describe_attribute(p)
        return ec2._xml(
            200,
            "DescribeInstanceAttributeResponse",
            f"<instanceId>{instance['InstanceId']}</instanceId>"
            f"<{attribute}><value>{escape(value)}</value></{attribute}>",
        )

    ec2._instance_xml = described_instance
    ec2._volume_inner_xml = described_volume
    ec2._ACTION_MAP["DescribeInstanceAttribute"] = describe_instance_attribute


def _options(instance: Record) -> str:
    options = instance.get("MetadataOptions")
    if not options:
        return ""
    members = "".join(
        f"<{tag}>{escape(str(options[name]))}</{tag}>"
        for name, tag in _OPTIONS.items()
        if name in options
    )
    return f"<metadataOptions><state>applied</state>{members}</metadataOptions>"


def _with_last(xml: str, element: str, end: str) -> str:
    """Return XML with one element more before its end."""
    return f"{xml.removesuffix(end)}{element}{end}"
