"""The first record of a file without a header, whose columns are known by their order alone."""

import csv
from itertools import zip_longest
from pathlib import Path

from cli.problems import InputError
from cli.transform_input import LocalInput
from workloads.content import files_of
from workloads.schema import Workload
from workloads.schema.section import shown

_LONGEST = 1 << 20
"""Characters of a line that are looked at."""


def first_record(local: LocalInput, workload: Workload) -> str | None:
    """Put the first record beside the features of [api]; None where names tell, not the order.

    Raises InputError if a file begins with the names: they would be predicted like a record.
    """
    settings = workload.transform
    if settings is None or settings.input_filter is not None:
        return None  # the model gets other columns than the file has
    media_type, *parameters = (part.strip().lower() for part in settings.content_type.split(";"))
    if media_type != "text/csv" or "header=absent" not in parameters:
        return None
    names = [feature.name for feature in workload.api.features]
    records = {file: record for file in files_of(local.path) if (record := _first(file))}
    for file, record in records.items():
        if set(names) <= set(record) or set(record) <= set(names):
            raise InputError(
                f"INPUT: found names in the first line of {shown(str(file))}, which looks like a "
                f"header; allowed: records alone, as [transform] has {settings.content_type}"
            )
    first = next(iter(records.values()), [])
    pairs = zip_longest(names, first, fillvalue="(none)")
    return ", ".join(f"{name} = {value}" for name, value in pairs)


def _first(file: Path) -> list[str]:
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
        line = lines.readline(_LONGEST)
    try:
        return [cell.strip() for cell in next(csv.reader([line]), [])]
    except csv.Error:  # a cell that is too long
        return []
