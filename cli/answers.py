"""The answers of a transform job, taken from S3 to a folder of this machine."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from cli.problems import InputError
from cli.report import say
from workloads.schema.section import shown

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def assert_folder(output: str) -> None:
    """Raise InputError if OUTPUT is a file, or in one, which is not to be known a job later."""
    nearest = next(path for path in (Path(output), *Path(output).parents) if path.exists())
    if not nearest.is_dir():
        raise InputError(f"OUTPUT: found the file {shown(str(nearest))}; allowed: a folder")


def fetch(s3: "S3Client", s3_uri: str, output: str, console: Console) -> None:
    """Download all below the S3 prefix to the folder `output`, and say what there is."""
    bucket, _, prefix = s3_uri.removeprefix("s3://").partition("/")
    prefix = prefix.rstrip("/") + "/"
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for key in [each["Key"] for page in pages for each in page.get("Contents", [])]:
        file = Path(output, key.removeprefix(prefix))
        file.parent.mkdir(parents=True, exist_ok=True)
        s3.download_file(bucket, key, str(file))
        say(console, ("answers", str(file)))
