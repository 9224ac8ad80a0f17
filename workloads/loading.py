"""Reads the settings files, and reports every problem of every file at once."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from environments.schema import Environment
from workloads.schema import Project, Workload
from workloads.schema.section import Section, hint

S = TypeVar("S", bound=Section)


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


def load_settings(root: Path, environment: str = "default") -> Settings:
    """Load environments/<environment>.toml and every workload of the project at root.

    Raises SettingsError with the problems of all of these files.
    """
    problems: list[str] = []
    try:
        loaded = load_environment(root / "environments" / f"{environment}.toml")
    except SettingsError as error:
        problems += error.problems
    try:
        workloads = load_workloads(root / "workloads")
    except SettingsError as error:
        problems += error.problems
    if problems:
        raise SettingsError(*problems)
    return Settings(loaded, workloads)


def load_environment(path: Path) -> Environment:
    """Load one environment's file.

    Raises SettingsError with all of its problems.
    """
    if not path.is_file():
        names = sorted(file.stem for file in path.parent.glob("*.toml"))
        there = ", ".join(names) or "none"
        raise SettingsError(
            f"{_shown(path)}: no such file; there is: {there}{hint(path.stem, names)}"
        )
    return _load(path, Environment)


def load_workloads(folder: Path) -> tuple[Workload, ...]:
    """Load every workload's file in the folder, in the order of their names.

    A workload's name is its file's, so that two of them cannot share one. Raises SettingsError
    with the problems of all of the files.
    """
    if not folder.is_dir():
        raise SettingsError(f"{folder.name}: no such folder in {folder.parent.resolve().name}")
    workloads: list[Workload] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            workloads.append(_load(path, Workload))
        except SettingsError as error:
            problems += error.problems
    if problems:
        raise SettingsError(*problems)
    return tuple(workloads)


def _load(path: Path, schema: type[S]) -> S:
    """Load a file that stands in a folder of the project."""
    try:
        # R users on Windows have editors that write a byte order mark.
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SettingsError(f"{_shown(path)}: byte {error.start} is not UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{_shown(path)}: {_where(error)}") from error
    try:
        return schema.model_validate(document, context=Project(path.parent.parent, path))
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
                key += ("." if key else "") + (part if bare else f'"{part}"')
    return key


def _where(error: tomllib.TOMLDecodeError) -> str:
    """Put the place before the reason, as for every other problem."""
    reason, _, place = str(error).removesuffix(")").rpartition(" (at ")
    return f"{place}: {reason}"


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
