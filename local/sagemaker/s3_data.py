"""Data between S3 and a container's folders: channels in, artifacts out, models in."""

import json
import tarfile
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from botocore.exceptions import ClientError

from local.archives import unpack
from local.sagemaker.errors import SageMakerError, invalid, not_supported
from local.sagemaker.records import Record


def split(uri: str) -> tuple[str, str]:
    """Return bucket and key of `s3://bucket/key`."""
    parsed = urlparse(uri)
    if parsed.scheme != "s3" or not parsed.netloc:
        raise invalid(f"{uri} is not an S3 URI")
    return parsed.netloc, parsed.path.lstrip("/")


def assert_supported(channel: Record) -> None:
    """Raise SageMakerError for a channel that cannot be had here."""
    source = channel["DataSource"].get("S3DataSource")
    if source is None:
        raise not_supported("data sources other than S3")
    if source["S3DataType"] not in ("S3Prefix", "ManifestFile"):
        raise not_supported(f"S3DataType {source['S3DataType']}")
    if channel.get("InputMode", "File") != "File":
        raise not_supported(f"InputMode {channel['InputMode']}; use File")
    if channel.get("CompressionType", "None") != "None":
        raise not_supported(f"channels with CompressionType {channel['CompressionType']}")
    if channel.get("RecordWrapperType", "None") != "None":
        raise not_supported(f"RecordWrapperType {channel['RecordWrapperType']}")


def keys_of(channel: Record, s3: Any, role_arn: str) -> dict[str, str]:
    """Return `{file name in the channel: key}` of a channel.

    Raises SageMakerError, in the words of CreateTrainingJob, if there is nothing to read.
    """
    source = channel["DataSource"]["S3DataSource"]
    uri = source["S3Uri"]
    bucket, prefix = split(uri)
    try:
        if source["S3DataType"] == "ManifestFile":
            return _keys_of_manifest(s3, bucket, prefix)
        listed = [
            item["Key"]
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for item in page.get("Contents", [])
            if not item["Key"].endswith("/")
        ]
    except ClientError as error:
        raise invalid(f"{_no_objects(uri, role_arn)} ({error})") from error
    if not listed:
        raise invalid(_no_objects(uri, role_arn))
    return {name_in_channel(key, prefix): key for key in listed}


def download(channel: Record, s3: Any, role_arn: str, target: Path) -> int:
    """Write a channel's objects into `target`; return how many."""
    bucket, _ = split(channel["DataSource"]["S3DataSource"]["S3Uri"])
    keys = keys_of(channel, s3, role_arn)
    target.mkdir(parents=True)
    for name, key in keys.items():
        path = (target / name).resolve()
        if not path.is_relative_to(target.resolve()):
            raise invalid(f"the key {key} leads out of its channel")
        path.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(bucket, key, str(path))
    return len(keys)


def upload_archive(folder: Path, uri: str, s3: Any, kms_key: str | None, scratch: Path) -> None:
    """Pack a folder's content as model.tar.gz or output.tar.gz and store it at `uri`."""
    bucket, key = split(uri)
    archive = scratch / Path(key).name
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, path.name)
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
    s3.upload_file(str(archive), bucket, key, ExtraArgs=encryption)
    archive.unlink()


def download_model(uri: str, s3: Any, target: Path, scratch: Path) -> None:
    """Unpack a model's archive into `target`."""
    bucket, key = split(uri)
    archive = scratch / "model.tar.gz"
    s3.download_file(bucket, key, str(archive))
    target.mkdir(parents=True)
    try:
        with tarfile.open(archive, "r:gz") as tar:
            unpack(tar, target, tar)
    except (tarfile.TarError, OSError) as error:
        raise invalid(f"Failed to extract model data archive from {uri}: {error}") from error
    finally:
        archive.unlink()


def assert_model_readable(uri: str, s3: Any, role_arn: str) -> None:
    """Raise SageMakerError, in the words of CreateModel, unless the role can read the archive."""
    bucket, key = split(uri)
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NoSuchBucket"):
            raise invalid(f"Could not find model data at {uri}.") from error
        raise _model_denied(uri, role_arn) from error


def _model_denied(uri: str, role_arn: str) -> SageMakerError:
    return invalid(
        f'Could not access model data at {uri}. Please ensure that the role "{role_arn}" exists '
        'and that its trust relationship policy allows the action "sts:AssumeRole" for the service '
        'principal "sagemaker.amazonaws.com". Also ensure that the role has "s3:GetObject" '
        "permissions and that the object is located in the region of the model."
    )


def _keys_of_manifest(s3: Any, bucket: str, key: str) -> dict[str, str]:
    entries = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    if not entries or set(entries[0]) != {"prefix"}:
        raise invalid(f"s3://{bucket}/{key} is no manifest: its first item must be a prefix")
    manifest_bucket, prefix = split(entries[0]["prefix"])
    if manifest_bucket != bucket:
        raise not_supported("a manifest of objects in another bucket than its own")
    return {name.lstrip("/"): f"{prefix}{name}" for name in entries[1:]}


def name_in_channel(key: str, prefix: str) -> str:
    """Return the file that an object of a channel with the S3Uri `prefix` becomes."""
    folder = f"{prefix.rstrip('/')}/" if prefix else ""
    if not key.startswith(folder):  # the prefix is a key, or ends inside a name ("data/part-")
        folder = prefix[: prefix.rfind("/") + 1]
    return key.removeprefix(folder)


def _no_objects(uri: str, role_arn: str) -> str:
    bucket, _ = split(uri)
    return (
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that '
        "the bucket exists in the selected region, that objects exist under that S3 prefix, and "
        f'that the role "{role_arn}" has "s3:ListBucket" permissions on bucket "{bucket}".'
    )
