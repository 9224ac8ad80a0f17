"""The image of a model: a container folder of the project, one of AWS's own, or one in ECR."""

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import InitErrorDetails

from workloads.builtin_images import BUILTINS
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

# What SageMaker pulls: a private repository of ECR with a tag or a digest, 255 characters at most.
# Without either it would be whatever "latest" is at the moment, so that is not allowed.
_ECR_IMAGE = (
    r"^[0-9]{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.amazonaws\.(com|com\.cn|eu)"
    r"/[a-z0-9]+([._/-]+[a-z0-9]+)*(:[A-Za-z0-9_.-]{1,128}|@sha256:[0-9a-f]{64})$"
)
_CONTAINER = "a folder of container/ that has a Dockerfile"
_KINDS = ("container", "builtin", "uri")
_ARG = re.compile(r"^\s*ARG[ \t]+(.+)", re.MULTILINE | re.IGNORECASE)
_NOT_TOLD = re.compile(r"^[ \t]*#.*\n?|\\[ \t]*\n", re.MULTILINE)
"""Comments, and ends of lines that go on in the next."""


class Image(Section):
    """The image that trains and serves: built here, of a built-in algorithm, or one in ECR."""

    container: Annotated[str, Allowed(_CONTAINER)] | None = None
    build_args: Annotated[
        Mapping[
            str,
            Annotated[
                str,
                Field(pattern=r"^[^\x00-\x1f]{0,256}$"),
                Allowed("a string of at most 256 characters on one line"),
            ],
        ],
        Allowed("a table of strings, by the names of the Dockerfile's ARGs"),
    ] = {}
    """Values for the ARGs of the container's Dockerfile; without one, the Dockerfile's own."""
    builtin: Annotated[str, Allowed.one_of(BUILTINS)] | None = None
    version: Annotated[str, Allowed("a version of the built-in algorithm")] | None = None
    """Of a `builtin`, always said: a newer one would train another model from the same settings."""
    uri: (
        Annotated[
            str,
            Field(pattern=_ECR_IMAGE, max_length=255),
            Allowed('"<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>" or @sha256'),
        ]
        | None
    ) = None

    @field_validator("container")
    @classmethod
    def _is_built_from_a_dockerfile(cls, name: str, info: ValidationInfo) -> str:
        folders = Project.of(info).root / "container"
        names = sorted(file.parent.name for file in folders.glob("*/Dockerfile"))
        if name not in names:
            there = f"{_CONTAINER} ({', '.join(names) or 'there is none'}){hint(name, names)}"
            raise_any([problem(f"found {shown(name)}; allowed: {there}")])
        return name

    @field_validator("build_args")
    @classmethod
    def _build_args_are_of_the_dockerfile(
        cls, build_args: Mapping[str, str], info: ValidationInfo
    ) -> Mapping[str, str]:
        if name := info.data.get("container"):
            known = _args(Project.of(info).root / "container" / name / "Dockerfile")
            raise_any(_unknown_args(build_args, name, known))
        return build_args

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            there = f"exactly one of {', '.join(_KINDS)}"
            raise_any([problem(f"found {found}; allowed: {there}")])
        raise_any(self._contradictions())
        return self

    def _contradictions(self) -> Iterator[InitErrorDetails]:
        if self.build_args and self.container is None:
            yield problem("found without container; allowed: only with container", "build_args")
        if self.builtin is None:
            if self.version is not None:
                yield not_allowed(self.version, "only with builtin", "version")
            return
        versions = BUILTINS[self.builtin].tags
        there = ", ".join(map(shown, versions))
        if self.version is None:
            yield problem(f"missing; allowed: {there}", "version")
        elif self.version not in versions:
            yield not_allowed(self.version, there, "version", choices=versions)


def _args(dockerfile: Path) -> list[str]:
    told = _NOT_TOLD.sub("", dockerfile.read_text())
    return [arg.partition("=")[0] for line in _ARG.findall(told) for arg in _words(line)]


def _words(line: str) -> list[str]:
    """Split `A="x y" B=2` as docker does; a quote without its other is docker's to refuse."""
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _unknown_args(
    build_args: Mapping[str, str], container: str, known: list[str]
) -> Iterator[InitErrorDetails]:
    """Yield the names that docker would only warn of."""
    there = f"an ARG of container/{container}/Dockerfile ({', '.join(known) or 'there is none'})"
    for name in build_args:
        if name not in known:
            yield problem(f"unknown key; allowed: {there}{hint(name, known)}", name)
