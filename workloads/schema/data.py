"""The [data] channels of a workload: what its jobs read."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import InitErrorDetails

from workloads.content import files_of
from workloads.schema.sagemaker import ContentType, InputMode, KeyArn, S3Uri
from workloads.schema.section import (
    Allowed,
    Project,
    Section,
    hint,
    not_allowed,
    problem,
    raise_any,
    shown,
)

_PATH = "a file or folder of the project, relative to this settings file"
# The upload picks a channel's file from its folder by a pattern of gitignore, in which these have a
# meaning: no file, or also others, would be uploaded.
_PATTERN_MARK = re.compile(r"[*?\[\]!#\\]|^\s|\s$")
ChannelKey = Annotated[str, Allowed("a key of [data]")]
LOCAL_BYTES = 250_000_000
"""The most that a local channel holds, in bytes: the Lambda function of its upload has 512 MB of
/tmp, which must hold both the archive and what is unpacked of it."""


class Channel(Section):
    """A channel of data: a local file or folder, or objects that are in S3 already."""

    path: Annotated[Path, Allowed(_PATH)] | None = None
    """Absolute once loaded; `workloads.content.content_hash` names what it holds."""
    s3: S3Uri | None = None
    content_type: ContentType | None = None
    s3_data_type: Annotated[str, Allowed.one_of(("S3Prefix", "ManifestFile"))] = "S3Prefix"
    distribution: Annotated[str, Allowed.one_of(("FullyReplicated", "ShardedByS3Key"))] = (
        "FullyReplicated"
    )
    """Whether each of several training instances gets all of the objects, or its share."""
    input_mode: InputMode | None = None
    """None for the mode of the training."""
    compression: Annotated[str, Allowed.one_of(("None", "Gzip"))] = "None"
    """Gzip is unpacked on the way to Pipe mode and to a transform, and by nothing else."""
    record_wrapper: Annotated[str, Allowed.one_of(("None", "RecordIO"))] = "None"
    shuffle_seed: (
        Annotated[int, Field(ge=0, le=2**63 - 1), Allowed("an integer from 0 to 2^63 - 1")] | None
    ) = None
    kms_key: KeyArn | None = None
    """The key that the data in S3 is encrypted with, which a job that reads it may then use."""

    @field_validator("path", mode="before")
    @classmethod
    def _is_data_of_the_project(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        project = Project.of(info)
        path = _resolved(project.file.parent / value)
        if path is None or not path.is_relative_to(project.root.resolve()):
            raise_any([not_allowed(value, _PATH)])
        elif not path.exists():
            folder = Path(value).parent
            there = (str(folder / file.name) for file in path.parent.glob("*"))
            meant = hint(str(folder / path.name), there)
            raise_any([problem(f"found nothing at {shown(value)}; allowed: {_PATH}{meant}")])
        else:
            raise_any(_obstacles(path, value))
        return path

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.s3 is None):
            found = "neither" if self.path is None else "both"
            raise_any([problem(f"found {found}; allowed: exactly one of path, s3")])
        return self

    @model_validator(mode="after")
    def _what_describes_s3_is_of_s3(self) -> Self:
        if self.path is not None:
            keys = {"s3_data_type": self.s3_data_type != "S3Prefix", "kms_key": self.kms_key}
            raise_any(
                not_allowed(getattr(self, key), "only with s3 =", key)
                for key, found in keys.items()
                if found
            )
        return self


def _resolved(path: Path) -> Path | None:
    """Make a path absolute; None for one at which nothing can ever be."""
    try:
        resolved = path.resolve()
        resolved.exists()  # asks the system, as resolve does not always
    except (OSError, RuntimeError, ValueError):  # too long a name, a loop of links, a NUL
        return None
    return resolved


def _obstacles(path: Path, written: str) -> Iterator[InitErrorDetails]:
    """Say why the data, which the settings write in that way, cannot be uploaded."""
    # Neither the hash of the data nor its upload would follow a link to a folder.
    if links := sorted(file.name for file in path.rglob("*") if file.is_symlink()):
        found = f"found the link {shown(links[0])} in {shown(written)}"
        yield problem(f"{found}; allowed: files and folders")
    size = sum(file.stat().st_size for file in files_of(path))
    if not size:
        yield problem(f"found no data in {shown(written)}; allowed: a file that has some")
    if size > LOCAL_BYTES:
        larger = "upload larger data to S3 and name it by s3 ="
        yield problem(
            f"found {size} bytes in {shown(written)}; allowed: at most {LOCAL_BYTES}: {larger}"
        )
    if path.is_file() and (mark := _PATTERN_MARK.search(path.name)):
        there = "a name without * ? [ ] ! # \\ and without blanks around it"
        yield problem(f"found {shown(mark[0])} in the file's name; allowed: {there}")
