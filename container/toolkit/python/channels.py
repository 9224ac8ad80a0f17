"""The rows of a channel, in the input mode that the job asks for.

A folder of CSV files (File, FastFile), or one stream of them (Pipe).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from toolkit.csv_tables import Table, parse_csv, parse_csv_numbered
from toolkit.formats import CSV, has_header
from toolkit.paths import Paths, as_text, read_config, read_text
from toolkit.problems import SHOWN_PROBLEMS, UserError, problems_in, report

Channels = dict[str, dict[str, Any]]


def job_channels(paths: Paths) -> Channels:
    """Return a training job's channels by name, each as inputdataconfig.json describes it."""
    found = sorted(paths.data.iterdir()) if paths.data.is_dir() else []
    return {**{path.name: {} for path in found if path.is_dir()}, **read_config(paths.channels)}


def channels_header(channels: Channels, names: Sequence[str]) -> bool:
    """Tell whether these channels have header lines, which their ContentType says: all or none."""
    # one that is missing is told by read_channel
    types = {name: channels[name].get("ContentType") or CSV for name in names if name in channels}
    first = next(iter(types), "")
    report(
        [
            f"channel '{name}': found ContentType '{kind}', expected a header line in all channels "
            f"or in none: channel '{first}' has '{types[first]}'"
            for name, kind in types.items()
            if has_header(kind) != has_header(types[first])
        ]
    )
    return has_header(types.get(first, CSV))


def read_channel(paths: Paths, name: str, channels: Channels, *, header: bool) -> Table:
    """Read one of the job's channels."""
    if name not in channels:
        raise UserError(
            f"channel '{name}' is missing (channels found: {', '.join(channels)}): "
            "give the job a channel of that name"
        )
    channel = channels[name]
    if channel.get("RecordWrapperType") == "RecordIO":
        raise UserError(
            f"channel '{name}': found RecordWrapperType RecordIO, expected None with CSV"
        )
    if channel.get("TrainingInputMode") != "Pipe":
        return read_folder(paths.data / name, header=header)
    with problems_in(f"channel '{name}'"):
        # one pipe for each reading of the data, counted from 0; one reading is enough
        return read_stream(paths.data / f"{name}_0", header=header)


def read_folder(folder: Path, *, header: bool) -> Table:
    """Read all CSV files below a folder; columns are taken by name."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    files = [path for path in found if path.suffix.lower() == ".csv"]
    if not files:
        names = ", ".join(str(path.relative_to(folder)) for path in found[:SHOWN_PROBLEMS])
        raise UserError(f"channel '{folder.name}' holds no .csv file (found: {names})")
    parse = _parser(header)
    tables = []
    for file in files:
        with problems_in(file.name):
            tables.append(_check_names(parse(read_text(file))))
    first = tables[0]
    report(
        [
            f"the header of {file.name} is {', '.join(table.names)}, "
            f"expected {', '.join(first.names)} as in {files[0].name}"
            if header
            else f"{file.name} has {len(table.names)} columns, "
            f"expected {len(first.names)} as in {files[0].name}"
            for file, table in zip(files, tables, strict=True)
            if set(table.names) != set(first.names)
        ]
    )
    tables = [table.select(first.names) for table in tables]
    together = zip(*(table.columns for table in tables), strict=True)
    columns = [list(chain.from_iterable(parts)) for parts in together]
    rows = tuple((file.name, table.rows) for file, table in zip(files, tables, strict=True))
    return Table(first.names, columns, rows)


def read_stream(pipe: Path, *, header: bool) -> Table:
    """Read a named pipe that SageMaker writes a channel's files to, one after the other."""
    table = _check_names(_parser(header)(as_text(pipe.read_bytes(), "the stream")))
    if not header:
        return table
    # every file but the first begins with its header again
    rows = zip(*table.columns, strict=True)
    kept = [list(row) for row in rows if list(row) != table.names]
    return Table(table.names, list(map(list, zip(*kept, strict=True))) or [[] for _ in table.names])


def _parser(header: bool) -> Callable[[str], Table]:
    return parse_csv if header else parse_csv_numbered


def _check_names(table: Table) -> Table:
    names = table.names
    report(
        [
            *(
                f"column {position} has no name in the header"
                for position, name in enumerate(names, 1)
                if not name
            ),
            *(
                f"column '{name}' is there twice"
                for name in dict.fromkeys(names)
                if name and names.count(name) > 1
            ),
        ]
    )
    return table
