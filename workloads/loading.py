"""Reads the settings files, and reports every problem of every file at once."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from environments.schema import Environment
from workloads.builtin_images import BUILTINS
from workloads.schema import Project, Workload
from workloads.schema.section import Section, hint, shown

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


@dataclass(frozen=True)
class Settings:
    """Everything that the app is built from."""

    environment: Environment
    workloads: tuple[Workload, ...]


def load_settings(
    root: Path, environment: str = "default", default_region: str | None = None
) -> Settings:
    """Load environments/<environment>.toml and every workload of the project at root.

    `default_region` is where an environment without a region is deployed, if that is known. Raises
    SettingsError with the problems of all of these files.
    """
    problems: list[str] = []
    with _collecting(problems):
        loaded = load_environment(root / "environments" / f"{environment}.toml")
    with _collecting(problems):
        workloads = load_workloads(root / "workloads")
    if not problems and (region := loaded.region or default_region):
        problems += _builtins_elsewhere(workloads, region)
    if problems:
        raise SettingsError(*problems)
    return Settings(loaded, workloads)


def load_environment(path: Path) -> Environment:
    """Load one environment's file.

    Raises SettingsError with all of its problems.
    """
    if not path.is_file():
        names = sorted(file.stem for file in path.parent.glob("*.toml"))
        there = f"allowed: {', '.join(names)}{hint(path.stem, names)}"
        raise SettingsError(f"{_shown(path)}: found no such file; {there}")
    return _load(path, Environment)


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
        with _collecting(problems):
            workloads.append(_load(path, Workload))
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


def _builtins_elsewhere(workloads: Iterable[Workload], region: str) -> Iterator[str]:
    """Yield each model of a built-in algorithm that AWS does not have in the region."""
    for workload in workloads:
        for name, model in workload.models.items():
            builtin = BUILTINS.get(model.image.builtin or "")
            if builtin is not None and region not in builtin.accounts:
                key = f"workloads/{workload.name}.toml: models.{name}.image.builtin"
                there = f"a region that has {builtin.title}: {', '.join(builtin.accounts)}"
                yield f"{key}: found {shown(region)}, where it would be deployed; allowed: {there}"


@contextmanager
def _collecting(problems: list[str]) -> Iterator[None]:
    """Keep the problems of what is loaded within, so that the next file is read as well."""
    try:
        yield
    except SettingsError as error:
        problems += error.problems


def _load(path: Path, schema: type[S]) -> S:
    """Load a file that stands in a folder of the project."""
    try:
        # R users on Windows have editors that write a byte order mark.
        text = path.read_text(encoding="utf-8-sig")
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise SettingsError(f"{_shown(path)}: byte {error.start} is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{_shown(path)}: {_where(error, text)}") from error
    except ValueError as error:
        found = "found an integer of more than 4300 digits; allowed: at most 64 bits"
        raise SettingsError(f"{_shown(path)}: {found}") from error
    except RecursionError as error:
        found = "found too many levels of arrays and tables; allowed: a few"
        raise SettingsError(f"{_shown(path)}: {found}") from error
    try:
        project = Project(path.absolute().parent.parent, path.absolute())
        return schema.model_validate(document, context=project)
    except ValidationError as error:
        raise SettingsError(*_lines(path, error)) from error


def _lines(path: Path, error: ValidationError) -> Iterator[str]:
    for detail in error.errors(include_url=False):
        yield f"{_shown(path)}: {_key(detail)}: {detail['msg']}"


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


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
