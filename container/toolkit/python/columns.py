"""From cells of text to typed columns, and from them to the matrix that an estimator takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from math import isfinite, prod
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from toolkit.csv_tables import Cell, Table
from toolkit.problems import SHOWN_LEVELS, UserError, listed, quoted, report

Matrix = npt.NDArray[np.float64]

# A text column becomes one design column per level; more levels than this is an identifier.
MOST_LEVELS = 1000

# Encoded for a cell that is not valid; what finds the cell's problem comes after.
_INVALID = -1


@dataclass(frozen=True)
class Column:
    """A column of the training data: numbers, or a category with the levels found there."""

    name: str
    levels: tuple[str, ...] | None = None

    @property
    def is_number(self) -> bool:
        """Whether its cells are numbers."""
        return self.levels is None

    @property
    def expected(self) -> str:
        """What a cell may be, in words."""
        return "a number" if self.levels is None else f"one of {listed(self.levels, SHOWN_LEVELS)}"

    def to_json(self) -> dict[str, Any]:
        """Describe it as metadata.json does."""
        if self.levels is None:
            return {"name": self.name, "type": "number"}
        return {"name": self.name, "type": "category", "levels": list(self.levels)}

    @classmethod
    def from_json(cls, described: Mapping[str, Any]) -> Column:
        """Read what `to_json` wrote."""
        levels = described.get("levels")
        return cls(described["name"], None if levels is None else tuple(levels))

    def codes(self, cells: Sequence[Cell]) -> npt.NDArray[np.intp]:
        """Return the positions of cells among the levels, -1 where one is none of them."""
        code = self._code
        return np.array([code.get(as_level(cell), _INVALID) for cell in cells], dtype=np.intp)

    @cached_property
    def _code(self) -> Mapping[str, int]:
        assert self.levels is not None
        return {level: position for position, level in enumerate(self.levels)}

    @property
    def width(self) -> int:
        """How many columns of the matrix it takes."""
        return 1 if self.levels is None else len(self.levels)

    def indicators(self, cells: Sequence[Cell]) -> Matrix:
        """Return a category's indicators (0 or 1), a column for each level, as OneHotEncoder does.

        The row of a cell that is not valid is NaN.
        """
        codes = self.codes(cells)
        matrix: Matrix = (codes[:, np.newaxis] == np.arange(self.width)).astype(np.float64)
        matrix[codes == _INVALID] = np.nan
        return matrix

    def wrong_cells(self, cells: Sequence[Cell]) -> Iterator[tuple[int, str]]:
        """Yield the rows of wrong cells, counted from 1, and what to say of each."""
        levels = None if self.levels is None else set(self.levels)
        for row, cell in enumerate(cells, 1):
            valid = isfinite(as_number(cell)) if levels is None else as_level(cell) in levels
            if not valid:
                found = quoted(None if is_missing(cell) else as_level(cell))
                yield row, f"column '{self.name}': found {found}, expected {self.expected}"


def as_numbers(columns: Sequence[Sequence[Cell]]) -> Matrix:
    """Return the numbers of columns that are as long, a row for each; NaN where a cell is none."""
    shape = len(columns), len(columns[0])
    try:  # all at once, where none needs a second look
        numbers = np.fromiter(map(float, chain.from_iterable(columns)), np.float64, prod(shape))
        if np.isfinite(numbers).all() and not any(map(_any_underscore, columns)):
            return numbers.reshape(shape)
    except (ValueError, OverflowError):
        pass
    return np.array([list(map(as_number, cells)) for cells in columns])


def as_number(cell: Cell) -> float:
    """Read a number; NaN where the cell is none or is not finite."""
    try:
        number = float(cell)
    except (ValueError, OverflowError):
        return float("nan")
    # Python reads 1_000 as a number; nobody else does
    if not isfinite(number) or (isinstance(cell, str) and "_" in cell):
        return float("nan")
    return number


def _any_underscore(cells: Sequence[Any]) -> bool:
    try:
        return "_" in "".join(cells)
    except TypeError:  # there are numbers of JSON among them
        return any(isinstance(cell, str) and "_" in cell for cell in cells)


def as_level(cell: Cell) -> str:
    """Spell a cell as a text; a number of JSON as a CSV would have it."""
    try:
        return cell if isinstance(cell, str) else f"{cell:.15g}"
    except OverflowError:  # an integer beyond the range of a double
        return str(cell)


def is_missing(cell: Cell) -> bool:
    """Whether a cell is empty, or R's word for that."""
    return cell in {"", "NA"}


def cell_problems(columns: Sequence[Column], table: Table) -> list[str]:
    """Say what is wrong with the cells of a table, row by row; it has these columns alone."""
    both = zip(columns, table.columns, strict=True)
    wrong = [each for column, cells in both for each in column.wrong_cells(cells)]
    return [f"{table.place(row)}, {said}" for row, said in sorted(wrong, key=itemgetter(0))]


def describe_columns(table: Table, target: str, *, numeric_target: bool | None) -> list[Column]:
    """Describe the columns of training data; report every one that cannot be trained on.

    `numeric_target` says whether the target's cells are numbers or names of classes; None lets its
    cells decide.
    """
    if target not in table.names:
        names = ", ".join(table.names)
        raise UserError(
            f"hyperparameter 'target': found '{target}', allowed: a column of the data ({names})"
        )
    too_little = ["found no column but the target, expected at least one feature"]
    report(
        too_little * (len(table.names) < 2) + ["found no rows of training data"] * (not table.rows)
    )
    columns = [
        _describe(name, cells, numeric_target if name == target else None)
        for name, cells in zip(table.names, table.columns, strict=True)
    ]
    useless = [
        problem
        for column, cells in zip(columns, table.columns, strict=True)
        for problem in _useless(column, cells)
    ]
    without_value = any(is_missing(cell) for cells in table.columns for cell in cells)
    report(
        cell_problems(columns, table) + useless,
        "leave out rows that have no value somewhere, in pandas by dropna()"
        if without_value
        else None,
    )
    return columns


def _describe(name: str, cells: Sequence[Cell], number: bool | None) -> Column:
    """Take mostly numbers as a number column, so that a typo is reported.

    Else it would quietly turn the column into a category with hundreds of levels.
    """
    present = [cell for cell in cells if not is_missing(cell)]
    if number is None:
        numbers = sum(isfinite(as_number(cell)) for cell in present)
        number = numbers > len(present) / 2 or not present
    # sorted by code point: the same levels on every machine
    return Column(name) if number else Column(name, tuple(sorted(set(map(as_level, present)))))


def _useless(column: Column, cells: Sequence[Cell]) -> Iterator[str]:
    if len(set(cells)) == 1:
        found = quoted(as_level(cells[0]))
        yield (
            f"column '{column.name}' is constant: found only {found}, expected at least two values"
        )
    elif column.levels and len(column.levels) > MOST_LEVELS:
        yield (
            f"column '{column.name}': found {len(column.levels)} different texts, "
            f"expected at most {MOST_LEVELS}: leave out identifiers"
        )


def design_matrix(columns: Sequence[Column], table: Table) -> Matrix:
    """Make the matrix of shape (rows, encoded columns) from columns by name, in any order.

    Raises a UserError that names every wrong column, or every wrong cell.
    """
    table = _in_order(columns, table)
    *starts, width = accumulate((column.width for column in columns), initial=0)
    matrix = np.empty((table.rows, width))
    numbers = {}
    for column, start, cells in zip(columns, starts, table.columns, strict=True):
        if column.is_number:
            numbers[start] = cells
        else:
            matrix[:, start : start + column.width] = column.indicators(cells)
    if numbers:
        matrix[:, list(numbers)] = as_numbers(list(numbers.values())).T
    if np.isnan(matrix).any():
        report(cell_problems(columns, table))
    if not table.rows:
        raise UserError("found no row, expected at least one")
    return matrix


def check_table(columns: Sequence[Column], table: Table) -> None:
    """Raise a UserError that names every wrong column, or every wrong cell."""
    report(cell_problems(columns, _in_order(columns, table)))


def _in_order(columns: Sequence[Column], table: Table) -> Table:
    expected = [column.name for column in columns]
    if table.names == expected:
        return table
    check_columns(expected, table.names)
    return table.select(expected)


def check_columns(expected: Sequence[str], found: Sequence[str]) -> None:
    """Report every column that is missing, unknown or there twice."""
    known, given = set(expected), Counter(found)
    names, all_found = ", ".join(expected), ", ".join(found)
    report(
        [
            *(
                f"column '{name}' is missing, found: {all_found}"
                for name in expected
                if name not in given
            ),
            *(
                f"column '{name}' is unknown, expected: {names}"
                for name in given
                if name not in known
            ),
            *(f"column '{name}' is given twice" for name, times in given.items() if times > 1),
        ]
    )
