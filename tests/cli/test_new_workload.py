"""`make new-workload` writes a whole workload, or nothing."""

import shutil
from pathlib import Path

import pytest
from rich.console import Console

from cli.new_workload import STARTERS, new_workload
from cli.problems import InputError
from workloads.loading import load_workloads

ROOT = Path(__file__).resolve().parents[2]
ALL = sorted(folder.name for folder in STARTERS.iterdir())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project without a workload."""
    (tmp_path / "workloads" / "data").mkdir(parents=True)
    shutil.copytree(ROOT / "container" / "toolkit", tmp_path / "container" / "toolkit")
    return tmp_path


def everything(root: Path) -> set[Path]:
    return set(root.rglob("*"))


@pytest.mark.parametrize("starter", ALL)
def test_what_it_writes_is_a_workload_with_all_that_it_needs(root: Path, starter: str) -> None:
    new_workload(root, Console(quiet=True), name="my-own", starter=starter)
    (workload,) = load_workloads(root / "workloads")
    assert workload.name == "my-own"
    containers = {model.image.container for model in workload.models.values()}
    assert containers == ({None} if starter == "builtin" else {"my-own"})
    for link in (each for each in (root / "container").rglob("*") if each.is_symlink()):
        assert link.exists(), f"{link} leads nowhere"
    written = [file for file in root.rglob("*my-own*/**/*") if file.is_file()]
    assert not [file for file in written if "{{" in file.read_text()]


def test_it_says_what_it_wrote_and_what_to_do_next(root: Path) -> None:
    console = Console(record=True, quiet=False, width=200)
    new_workload(root, console, name="my-own", starter="builtin")
    text = console.export_text()
    for words in (
        "workloads/my-own.toml",
        "workloads/data/my-own",
        "make test WORKLOAD=my-own",
        "make local WORKLOADS=my-own",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("name", "starter", "message"),
    [
        ("my-own", "", "FROM: missing; allowed: builtin, python, r"),
        ("my-own", "pyton", 'FROM: found "pyton"; allowed: builtin, python, r; did you mean "pyt'),
        ("", "r", 'NAME: found ""; allowed: the file\'s name without .toml: 1 to 42 lowercase'),
        ("../out", "r", 'NAME: found "../out"; allowed: '),
        ("Own", "r", 'NAME: found "Own"; allowed: '),
        ("api", "r", 'NAME: found "api"; allowed: another name'),
        ("toolkit", "r", 'NAME: found "toolkit"; allowed: another name'),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    root: Path, name: str, starter: str, message: str
) -> None:
    before = everything(root)
    with pytest.raises(InputError) as refused:
        new_workload(root, Console(quiet=True), name=name, starter=starter)
    assert str(refused.value).startswith(message)
    assert everything(root) == before


@pytest.mark.parametrize("there", ["workloads/mine.toml", "container/mine", "workloads/data/mine"])
def test_what_is_there_is_never_written_over(root: Path, there: str) -> None:
    (root / there).mkdir()
    before = everything(root)
    with pytest.raises(InputError, match=f"of which there is {there} already"):
        new_workload(root, Console(quiet=True), name="mine", starter="r")
    assert everything(root) == before


def test_a_write_that_fails_leaves_nothing_half_done(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("shutil.copy", full)
    before = everything(root)
    with pytest.raises(InputError, match="could not be written: No space left"):
        new_workload(root, Console(quiet=True), name="mine", starter="r")
    assert everything(root) == before
