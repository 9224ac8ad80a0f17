"""AddTags, ListTags, DeleteTags."""

from local.sagemaker import records
from local.sagemaker.errors import invalid
from local.sagemaker.records import Record

MAX_TAGS = 50


def put(arn: str, tags: list[Record]) -> None:
    """Give a resource tags. Raises SageMakerError above 50 of them."""
    with records.LOCK:
        kept = {**records.tags.get(arn, {}), **{tag["Key"]: tag["Value"] for tag in tags}}
        if len(kept) > MAX_TAGS:
            raise invalid(f"Tag limit of {MAX_TAGS} exceeded for {arn}")
        records.tags[arn] = kept


def forget(arn: str) -> None:
    """Drop the tags of a resource that is deleted."""
    records.tags.pop(arn, None)


def listed(arn: str) -> list[Record]:
    """Return a resource's tags."""
    return [{"Key": key, "Value": value} for key, value in records.tags.get(arn, {}).items()]


def add_tags(request: Record) -> Record:
    """AddTags."""
    _known(request["ResourceArn"])
    put(request["ResourceArn"], request["Tags"])
    return {"Tags": listed(request["ResourceArn"])}


def list_tags(request: Record) -> Record:
    """ListTags; all at once, a resource has 50 at most."""
    _known(request["ResourceArn"])
    return {"Tags": listed(request["ResourceArn"])}


def delete_tags(request: Record) -> Record:
    """DeleteTags."""
    arn = request["ResourceArn"]
    _known(arn)
    with records.LOCK:
        kept = records.tags[arn]
        records.tags[arn] = {k: v for k, v in kept.items() if k not in request["TagKeys"]}
    return {}


def _known(arn: str) -> None:
    if arn not in records.tags:
        raise invalid(f"Could not find resource {arn}")
