"""The hash of training data changes with the data, and with nothing else."""

import os
import shutil
from pathlib import Path

import pytest

from workloads.content import content_hash, files_of

FILES = {"a.csv": "1,2\n", "more/b.csv": "3,4\n"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write(tmp_path / "data", FILES)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_a_copy_elsewhere_at_another_time_has_the_same_hash(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "other" / "name"
    shutil.copytree(data, copy)
    os.utime(copy / "a.csv", (0, 0))
    assert content_hash(copy) == content_hash(data)
    assert content_hash(copy / "a.csv") == content_hash(data / "a.csv")


def test_the_hash_does_not_change_from_a_release_to_the_next(data: Path) -> None:
    """A changed hash trains every model of every user again."""
    assert content_hash(data) == "20af804f421e09ec"
    assert content_hash(data / "a.csv") == "60baa78dd32864b6"


@pytest.mark.parametrize(
    "changed",
    [
        {"a.csv": "1,3\n"},
        {"a.csv": "1,2\n3,4\n", "more/b.csv": ""},
        {"new.csv": ""},
    ],
)
def test_changed_data_has_another_hash(data: Path, changed: dict[str, str]) -> None:
    before = content_hash(data)
    assert content_hash(write(data, changed)) != before


def test_a_renamed_file_has_another_hash(data: Path) -> None:
    before = content_hash(data), content_hash(data / "a.csv")
    renamed = (data / "a.csv").rename(data / "c.csv")
    assert content_hash(data) != before[0]
    assert content_hash(renamed) != before[1]


def test_names_and_bytes_do_not_run_together(tmp_path: Path) -> None:
    one = write(tmp_path / "one", {"a": "bc"})
    two = write(tmp_path / "two", {"a": "", "b": "c"})
    assert content_hash(one) != content_hash(two)


def test_files_come_in_one_order_whatever_the_disk_says(tmp_path: Path) -> None:
    names = [f"{at:02}/{99 - at}.csv" for at in range(20)]
    folder = write(tmp_path / "data", dict.fromkeys(reversed(names), "1"))
    assert [file.relative_to(folder).as_posix() for file in files_of(folder)] == names
