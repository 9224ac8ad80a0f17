"""`make new-workload`: a small complete workload that trains and serves at once, to be changed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from rich.console import Console

from cli.problems import InputError
from cli.report import say
from cli.words import unknown
from workloads.schema.section import shown
from workloads.schema.workload import RESERVED_NAMES, WorkloadName

STARTERS = Path(__file__).parent / "starters"
"""A folder for each FROM: workload.toml, data/ and, with a container of its own, container/."""
TOOLKIT = "toolkit"
"""The folder of container/ that is none, and the link to the part of it for a container's language.

The programs of a container are links as well, which are followed when its image is built."""
PROGRAMS = ("train", "evaluate", "serve", "model-server")

_NAME = TypeAdapter(WorkloadName)
_PLACEHOLDER = "{{name}}"


def new_workload(root: Path, console: Console, *, name: str, starter: str) -> None:
    """Write the starter as the workload `name` of the project at `root`.

    Raises InputError, with nothing written, for a name that cannot be or that is taken, for a
    starter that there is not, and for a disk that cannot be written to.
    """
    starters = sorted(folder.name for folder in STARTERS.iterdir() if folder.is_dir())
    if starter not in starters:
        raise unknown("FROM", starter, starters)
    _assert_name(name)
    targets = dict(_targets(root, name, STARTERS / starter))
    if taken := [str(target.relative_to(root)) for target in targets.values() if target.exists()]:
        raise InputError(f"NAME: found {shown(name)}, of which there is {', '.join(taken)} already")
    try:
        for source, target in targets.items():
            _write(source, target, name)
            if source.name == "container":
                _link(target, starter)
    except BaseException as error:
        for target in targets.values():
            _remove(target)
        if isinstance(error, OSError):
            raise InputError(f"NAME: {shown(name)} could not be written: {error}") from error
        raise
    _say_what_now(console, name, [target.relative_to(root) for target in targets.values()])


def _assert_name(name: str) -> None:
    try:
        _NAME.validate_python(name)
    except ValidationError as error:
        raise InputError(f"NAME: {error.errors()[0]['msg']}") from error
    if name in (*RESERVED_NAMES, TOOLKIT):
        raise InputError(f"NAME: found {shown(name)}; allowed: another name, this one is in use")


def _targets(root: Path, name: str, starter: Path) -> Iterator[tuple[Path, Path]]:
    """Yield what is copied to where, the workload's file last: without the others it is wrong."""
    yield starter / "data", root / "workloads" / "data" / name
    if (starter / "container").is_dir():
        yield starter / "container", root / "container" / name
    yield starter / "workload.toml", root / "workloads" / f"{name}.toml"


def _write(source: Path, target: Path, name: str) -> None:
    """Copy a file or a folder with the name filled in."""
    if source.is_dir():
        shutil.copytree(source, target)
        files = [file for file in target.rglob("*") if file.is_file()]
    else:
        shutil.copy(source, target)
        files = [target]
    for file in files:
        text = file.read_text(encoding="utf-8")
        if _PLACEHOLDER in text:
            file.write_text(text.replace(_PLACEHOLDER, name), encoding="utf-8")


def _link(container: Path, language: str) -> None:
    (container / TOOLKIT).symlink_to(Path("..", TOOLKIT, language))
    for program in PROGRAMS:
        (container / program).symlink_to(Path(TOOLKIT, program))


def _remove(target: Path) -> None:
    if target.is_dir():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)


def _say_what_now(console: Console, name: str, written: list[Path]) -> None:
    for path in written:
        say(console, ("wrote", str(path)))
    say(
        console,
        ("test it", f"make test WORKLOAD={name}"),
        ("run it", f"make local WORKLOADS={name}"),
        ("change it", "docs/your-own-model.md says how"),
    )
