"""Data between S3 and a container's folders: channels in, artifacts out, models in."""

import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlparse

from botocore.exceptions import ClientError

from local.archives import unpack
from local.sagemaker.errors import SageMakerError, invalid
from local.sagemaker.records import Record


def split(uri: str) -> tuple[str, str]:
    """Return bucket and key of `s3://bucket/key`."""
    parsed = urlparse(uri)
    if parsed.scheme != "s3" or not parsed.netloc:
        raise invalid(f"{uri} is not an S3 URI")
    return parsed.netloc, parsed.path.lstrip("/")


@dataclass(frozen=True)
class Objects:
    """Objects of one bucket: `{file that it becomes: key}`, in the order of keys or manifest."""

    bucket: str
    keys: Mapping[str, str]

    def shard(self, number: int, count: int) -> "Objects":
        """Return the share of instance `number`, from 0, of `count` instances: ShardedByS3Key."""
        return Objects(self.bucket, dict(list(self.keys.items())[number::count]))

    def download(self, s3: Any, target: Path) -> None:
        """Write the objects into `target`. Raises SageMakerError."""
        target.mkdir(parents=True)
        for name, key in self.keys.items():
            path = (target / name).resolve()
            if not path.is_relative_to(target.resolve()):
                raise invalid(f"the key {key} leads out of its channel")
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                s3.download_file(self.bucket, key, str(path))
            except ClientError as error:
                raise invalid(f"s3://{self.bucket}/{key} cannot be read: {error}") from error


def objects_of(source: Record, s3: Any, role_arn: str) -> Objects:
    """Return the objects of an S3DataSource, or of an S3Input, by S3DataType and S3Uri.

    Raises SageMakerError, in the words of CreateTrainingJob, if there is nothing to read.
    """
    uri = source["S3Uri"]
    bucket, prefix = split(uri)
    try:
        if source["S3DataType"] == "ManifestFile":
            return _objects_of_manifest(uri, s3.get_object(Bucket=bucket, Key=prefix)["Body"])
        keys = listed(s3, bucket, prefix)
    except ClientError as error:
        raise invalid(f"{_no_objects(uri, role_arn)} ({error})") from error
    if not keys:
        raise invalid(_no_objects(uri, role_arn))
    return Objects(bucket, {name_in_channel(key, prefix): key for key in keys})


def listed(s3: Any, bucket: str, prefix: str) -> list[str]:
    """Return the keys below a prefix, without those that only stand for a folder."""
    return [
        item["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for item in page.get("Contents", [])
        if not item["Key"].endswith("/")
    ]


def encryption(kms_key: str | None) -> dict[str, str]:
    """Return the ExtraArgs of an upload that a KMS key encrypts, or the bucket's own way."""
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}


def upload_archive(
    folders: Sequence[Path], uri: str, s3: Any, kms_key: str | None, scratch: Path
) -> None:
    """Pack the content of folders as model.tar.gz or output.tar.gz and store it at `uri`.

    Where several folders have a file of the same name, the first one's counts.
    """
    bucket, key = split(uri)
    members = {
        path.relative_to(folder): path for folder in reversed(folders) for path in folder.rglob("*")
    }
    archive = scratch / Path(key).name
    with tarfile.open(archive, "w:gz", format=tarfile.GNU_FORMAT) as tar:
        for name, path in sorted(members.items()):
            tar.add(path, str(name), recursive=False)
    s3.upload_file(str(archive), bucket, key, ExtraArgs=encryption(kms_key))
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


def _objects_of_manifest(uri: str, body: IO[bytes]) -> Objects:
    # [{"prefix": "s3://bucket/some/prefix/"}, "relative/path/1", "relative/path/2"]
    try:
        (first, *names) = json.loads(body.read())
        bucket, prefix = split(first["prefix"])
        keys = {name.lstrip("/"): f"{prefix}{name}" for name in names}
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise invalid(
            f'{uri} is no manifest: a JSON array of {{"prefix": "s3://bucket/prefix"}} and names'
        ) from error
    if not keys:
        raise invalid(f"the manifest {uri} names no objects")
    return Objects(bucket, keys)


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
