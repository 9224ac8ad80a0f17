"""What `make transform` sends to the model: files of this machine, or objects in S3."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.problems import InputError
from workloads.content import files_of
from workloads.schema.section import hint, shown

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True)
class LocalInput:
    """A file, or the files of a folder: none is empty but beside one that is not."""

    path: Path

    @classmethod
    def find(cls, given: str) -> "LocalInput":
        """Find what the caller wrote. Raises InputError if there is no data."""
        path = Path(given)
        if not path.exists():
            near = (str(path.parent / file.name) for file in path.parent.glob("*"))
            raise InputError(
                f"INPUT: found nothing at {shown(given)}; allowed: a file, a folder or "
                f"s3://bucket/prefix{hint(str(path), near)}"
            )
        found = cls(path)
        if not found.size:
            raise InputError(f"INPUT: found no data in {shown(given)}; allowed: some")
        return found

    @property
    def size(self) -> int:
        """How many bytes they have."""
        return sum(file.stat().st_size for file in files_of(self.path))

    def upload(self, s3: "S3Client", bucket: str, prefix: str) -> str:
        """Upload all below `prefix`; return their S3 URI."""
        top = self.path.parent if self.path.is_file() else self.path
        for file in files_of(self.path):
            s3.upload_file(str(file), bucket, f"{prefix}/{file.relative_to(top).as_posix()}")
        return f"s3://{bucket}/{prefix}/"


def assert_has_data(s3: "S3Client", s3_uri: str) -> None:
    """Raise InputError unless an object below the S3 prefix has data: a job would fail over it."""
    bucket, _, prefix = s3_uri.removeprefix("s3://").partition("/")
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        empty = not any(each["Size"] for page in pages for each in page.get("Contents", []))
    except s3.exceptions.NoSuchBucket as error:
        raise InputError(
            f"INPUT: found no bucket {shown(bucket)}; allowed: one of yours"
        ) from error
    if empty:
        raise InputError(
            f"INPUT: found no data below {shown(s3_uri)}; allowed: the prefix of some, s3://…"
        )
