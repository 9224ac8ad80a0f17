from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from toolkit.channels import channels_header, job_channels, read_channel, read_folder
from toolkit.csv_tables import Table
from toolkit.paths import Paths
from toolkit.problems import UserError
from toolkit.tests.examples import training

ABSENT = "text/csv; header=absent"


def folder_of(folder: Path, header: bool = True, **files: str | bytes) -> Table:
    for name, content in files.items():
        file = folder / f"{name}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_folder(folder, header=header)


def stream_of(paths: Paths, text: str, header: bool = True) -> Table:
    pipe = paths.data / "train_0"
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    threading.Thread(target=pipe.write_text, args=[text], daemon=True).start()
    channels = {"train": {"TrainingInputMode": "Pipe"}}
    return read_channel(paths, "train", channels, header=header)


def test_files_are_joined_by_the_names_of_their_columns(tmp_path: Path) -> None:
    table = folder_of(tmp_path, a="x,y\n1,2\n", c="y,x\n6,5\n", b="x,y\n3,4\n")
    files = (("a.csv", 1), ("b.csv", 1), ("c.csv", 1))
    assert table == Table(["x", "y"], [["1", "3", "5"], ["2", "4", "6"]], files)


def test_a_row_is_known_by_its_file(tmp_path: Path) -> None:
    table = folder_of(tmp_path, b="x\n3\n", a="x\n1\n2\n").select(["x"])
    assert [table.place(row) for row in (1, 2, 3)] == [
        "a.csv, row 1",
        "a.csv, row 2",
        "b.csv, row 1",
    ]
    assert Table(["x"], [["1"]]).place(1) == "row 1"


def test_files_are_found_in_folders_of_the_channel_and_by_any_spelling(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "B.CSV").write_text("x\n2\n")
    (tmp_path / "_SUCCESS").write_text("")
    assert folder_of(tmp_path, a="x\n1\n").columns == [["1", "2"]]


def test_windows_files_are_read_as_others_are(tmp_path: Path) -> None:
    table = folder_of(tmp_path, a=b'\xef\xbb\xbfx,y\r\n1,"\xc3\xa4, b"\r\n')
    assert table == Table(["x", "y"], [["1"], ["ä, b"]], (("a.csv", 1),))


def test_files_without_a_header_are_joined_by_position(tmp_path: Path) -> None:
    table = folder_of(tmp_path, header=False, a="1,2\n", b="3,4\n5,6\n")
    assert table.names == ["1", "2"]
    assert table.columns == [["1", "3", "5"], ["2", "4", "6"]]


@pytest.mark.parametrize(
    ("files", "header", "problem"),
    [
        ({}, True, "channel 'train' holds no .csv file (found: )"),
        ({"a": ""}, True, "a.csv: found no text, expected CSV with a header line"),
        ({"a": "", "b": ""}, False, "a.csv: found no text, expected CSV"),
        ({"a": "x,\n1,2\n"}, True, "a.csv: column 2 has no name in the header"),
        ({"a": "x,y,x\n1,2,3\n"}, True, "a.csv: column 'x' is there twice"),
        ({"a": "x,y\n1\n"}, True, "a.csv: row 1: found 1 fields, expected 2"),
        ({"a": b"x\n\xff\n"}, True, "a.csv is not UTF-8 text"),
        ({"a": "x\n\0\n"}, True, "a.csv holds NUL bytes, expected UTF-8 text"),
        (
            {"a": "x,y\n1,2\n", "b": "x,z\n1,2\n"},
            True,
            "the header of b.csv is x, z, expected x, y as in a.csv",
        ),
        ({"a": "1,2\n", "b": "1\n"}, False, "b.csv has 1 columns, expected 2 as in a.csv"),
    ],
)
def test_a_folder_that_is_no_table_is_told_by_file(
    tmp_path: Path, files: dict[str, str | bytes], header: bool, problem: str
) -> None:
    (tmp_path / "train").mkdir()
    with pytest.raises(UserError) as error:
        folder_of(tmp_path / "train", header, **files)
    assert problem in str(error.value)


def test_a_stream_may_repeat_its_header(paths: Paths) -> None:
    assert stream_of(paths, "x,y\n1,2\nx,y\n3,4\n") == Table(["x", "y"], [["1", "3"], ["2", "4"]])


def test_a_stream_of_headers_alone_has_no_rows(paths: Paths) -> None:
    assert stream_of(paths, "x,y\nx,y\n") == Table(["x", "y"], [[], []])


def test_a_stream_without_a_header_keeps_every_row(paths: Paths) -> None:
    assert stream_of(paths, "1,2\n1,2\n", header=False) == Table(
        ["1", "2"], [["1", "1"], ["2", "2"]]
    )


def test_a_streams_problems_name_its_channel(paths: Paths) -> None:
    with pytest.raises(UserError) as error:
        stream_of(paths, "x,y\n1\n")
    assert str(error.value) == "channel 'train': row 1: found 1 fields, expected 2"


def test_channels_are_those_described_and_those_that_are_there(paths: Paths) -> None:
    described = {"train": {"ContentType": ABSENT}, "test": {"TrainingInputMode": "Pipe"}}
    training(paths, {}, described, train={"a.csv": "1\n"}, validation={"a.csv": "1\n"})
    assert job_channels(paths) == {**described, "validation": {}}
    assert job_channels(Paths(paths.base / "empty")) == {}


@pytest.mark.parametrize(
    ("name", "channel", "problem"),
    [
        ("other", {}, "channel 'other' is missing (channels found: train): give the job a channel"),
        ("train", {"RecordWrapperType": "RecordIO"}, "channel 'train': found RecordWrapperType"),
    ],
)
def test_a_channel_that_cannot_be_read_is_told(
    paths: Paths, name: str, channel: dict[str, str], problem: str
) -> None:
    with pytest.raises(UserError) as error:
        read_channel(paths, name, {"train": channel}, header=True)
    assert str(error.value).startswith(problem)


@pytest.mark.parametrize(
    ("types", "header"),
    [
        ({}, True),
        ({"validation": ABSENT}, False),
        ({"train": "text/csv"}, True),
        ({"train": "text/csv", "validation": None}, True),
        ({"train": ABSENT, "validation": "Text/CSV;header=absent"}, False),
        ({"train": "text/csv; header=present"}, True),
    ],
)
def test_a_content_type_says_whether_there_are_header_lines(
    types: dict[str, str | None], header: bool
) -> None:
    channels = {name: {"ContentType": kind} if kind else {} for name, kind in types.items()}
    assert channels_header(channels, ["train", "validation"]) is header


def test_channels_that_differ_in_that_are_a_problem() -> None:
    channels = {"validation": {}, "train": {"ContentType": ABSENT}, "other": {}}
    with pytest.raises(UserError) as error:
        channels_header(channels, ["train", "validation"])
    assert str(error.value) == (
        "channel 'validation': found ContentType 'text/csv', expected a header line in all "
        "channels or in none: channel 'train' has 'text/csv; header=absent'"
    )
