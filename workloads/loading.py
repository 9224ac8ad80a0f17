"""Reads settings files, and reports every problem of every file at once."""

import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from workloads.schema import Project, Workload
from workloads.schema.section import Section, shown

S = TypeVar("S", bound=Section)

LOCAL_CHANNELS = 25
"""How many channels of local data the workloads have at most, all together.

BucketDeployment puts a tag for each on the shared bucket; Environment.tags says what the others of
S3's 50 tags are.
"""


class SettingsError(Exception):
    """What is wrong with the settings files; its text has one line for each problem."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load_workloads(folder: Path) -> tuple[Workload, ...]:
    """Load every workload's file in the folder, in the order of their names.

    A workload's name is its file's, so that two of them cannot share one. Raises SettingsError
    with the problems of all of the files.
    """
    if not folder.is_dir():
        raise SettingsError(f"{folder.name}: found no such folder")
    workloads: list[Workload] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        with collecting(problems):
            workloads.append(load_file(path, Workload))
    if problems:
        raise SettingsError(*problems)
    local = sum(channel.s3 is None for workload in workloads for channel in workload.data.values())
    if local > LOCAL_CHANNELS:
        raise SettingsError(
            f"{folder.name}: found {local} channels of local data; allowed: at most "
            f"{LOCAL_CHANNELS} in all, as each adds a tag to the one bucket, which takes 50: "
            "upload more to S3 and name it by s3 ="
        )
    return tuple(workloads)


@contextmanager
def collecting(problems: list[str]) -> Iterator[None]:
    """Keep the problems of what is loaded within, so that the next file is read as well."""
    try:
        yield
    except SettingsError as error:
        problems += error.problems


def load_file(path: Path, schema: type[S]) -> S:
    """Load a settings file that stands in a folder of the project.

    Raises SettingsError with all of its problems.
    """
    try:
        # R users on Windows have editors that write a byte order mark.
        text = path.read_text(encoding="utf-8-sig")
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise SettingsError(f"{shown_path(path)}: byte {error.start} is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{shown_path(path)}: {_where(error, text)}") from error
    except ValueError as error:
        found = "found an integer of more than 4300 digits; allowed: at most 64 bits"
        raise SettingsError(f"{shown_path(path)}: {found}") from error
    except RecursionError as error:
        found = "found too many levels of arrays and tables; allowed: a few"
        raise SettingsError(f"{shown_path(path)}: {found}") from error
    try:
        project = Project(path.absolute().parent.parent, path.absolute())
        return schema.model_validate(document, context=project)
    except ValidationError as error:
        raise SettingsError(*_lines(path, error)) from error


def _lines(path: Path, error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_url=False):
        yield f"{shown_path(path)}: {_key(detail)}: {detail['msg']}"


def _key(detail: ErrorDetails) -> str:
    """Write the key as TOML does: variants[1].weight, hyperparameters."learning rate"."""
    key = ""
    for part in detail["loc"]:
        match part:
            case int():
                key += f"[{part}]"
            case "[key]":  # pydantic's mark of a problem with the key itself
                pass
            case _:
                bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
                key += ("." if key else "") + (part if bare else shown(part))
    return key


def _where(error: tomllib.TOMLDecodeError, text: str) -> str:
    """Put the place before the reason, as for every other problem."""
    reason, _, place = str(error).removesuffix(")").rpartition(" (at ")
    if place == "end of document":
        *above, last = text.split("\n")
        place = f"line {len(above) + 1}, column {len(last) + 1}"
    return f"{place}: {reason}"


def shown_path(path: Path) -> str:
    """Name a settings file by its place in the project, as workloads/iris-mars.toml."""
    return f"{path.parent.name}/{path.name}"
