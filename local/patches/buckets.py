"""AWS::S3::Bucket with its tags, and refused deletion while it holds objects."""

from typing import Any

from ministack.services import s3
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]


def apply() -> None:
    """Wrap the bucket's CloudFormation handlers."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    handlers["create"] = _with_tags(handlers["create"])
    handlers["update"] = _updating_tags(handlers["update"])
    handlers["delete"] = _delete
    # Stack tags and aws:cloudformation:* tags reach the bucket as they reach other resources.
    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")


def _with_tags(create: Any) -> Any:
    # MiniStack drops the property. The CDK's auto-delete Lambda empties only a bucket that has the
    # tag aws-cdk:auto-delete-objects, so without tags `cdk destroy` would leave the objects.
    def created(logical_id: str, props: Properties, stack_name: str) -> Any:
        name, attributes = create(logical_id, props, stack_name)
        _tag(name, props)
        return name, attributes

    return created


def _updating_tags(update: Any) -> Any:
    def updated(physical_id: str, old: Properties, new: Properties, stack_name: str) -> Any:
        name, attributes = update(physical_id, old, new, stack_name)
        _tag(name, new)
        return name, attributes

    return updated


def _tag(bucket: str, props: Properties) -> None:
    s3._bucket_tags[bucket] = {tag["Key"]: tag["Value"] for tag in props.get("Tags", [])}


def _delete(physical_id: str, _props: Properties) -> None:
    # MiniStack forgets the bucket with everything in it; AWS refuses: "BucketNotEmpty".
    if physical_id not in s3._buckets:
        return
    status, _headers, body = s3._delete_bucket(physical_id)
    if status >= 400:
        raise ValueError(f"AWS::S3::Bucket {physical_id}: {body.decode()}")
