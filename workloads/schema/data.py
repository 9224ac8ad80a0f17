"""The [data] channels of a workload: what a training job reads."""

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from workloads.content import files_of
from workloads.schema.sagemaker import ContentType
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

# A bucket's name, then at least one character of a key; S3Uri is 1024 characters at most.
_S3_URI = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+$"
_PATH = "a file or folder of the project, relative to this settings file"


class Channel(Section):
    """A channel of training data: a local file or folder, or an S3 prefix that exists already."""

    path: Annotated[Path, Allowed(_PATH)] | None = None
    """Absolute once loaded; `workloads.content.content_hash` names what it holds."""
    s3: (
        Annotated[
            str,
            Field(pattern=_S3_URI, max_length=1024),
            Allowed('"s3://bucket/key" or the prefix of several keys, at most 1024 characters'),
        ]
        | None
    ) = None
    content_type: ContentType | None = None

    @field_validator("path", mode="before")
    @classmethod
    def _is_data_of_the_project(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, str):
            return value
        project = Project.of(info)
        path = (project.file.parent / value).resolve()
        if not path.is_relative_to(project.root.resolve()):
            raise_any([not_allowed(value, _PATH)])
        if not path.exists():
            meant = hint(path.name, (file.name for file in path.parent.glob("*")))
            raise_any([problem(f"found nothing at {shown(value)}; allowed: {_PATH}{meant}")])
        # Neither the hash of the data nor its upload would follow a link to a folder.
        if links := sorted(file.name for file in path.rglob("*") if file.is_symlink()):
            found = f"found the link {shown(links[0])} in {shown(value)}"
            raise_any([problem(f"{found}; allowed: files and folders")])
        if not any(file.stat().st_size for file in files_of(path)):
            raise_any([problem(f"found no data in {shown(value)}; allowed: a file that has some")])
        return path

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.s3 is None):
            found = "neither" if self.path is None else "both"
            raise_any([problem(f"found {found}; allowed: exactly one of path, s3")])
        return self
