"""Arrays from `.csv` files: a row for each sample, a column for each number."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

__all__ = ["read_csv"]

SEPARATORS = ",;\t"


def read_csv(path: Path, inputs: Sequence[str], targets: str) -> dict[str, Array]:
    """float32 columns, each [samples, 1] by its name, or all together as "x" [samples, columns].

    The first line may name the columns; the one called `targets` is kept apart, as [samples]. They
    go by their names where there are several inputs, or where the only one is called like a column.
    Raises InputError, with the line, for what is no table of numbers.
    """
    rows = _rows(path)
    names = _header(rows[0][1])
    numbers = _numbers(path, rows[1:] if names else rows, names)
    columns = {name: numbers[:, [index]] for index, name in enumerate(names) if name != targets}
    found = {targets: numbers[:, names.index(targets)]} if targets in names else {}
    if names and (len(inputs) > 1 or set(inputs) <= set(names)):
        return found | columns
    kept = [index for index, name in enumerate(names) if name != targets] if names else slice(None)
    return found | {"x": numbers[:, kept]}


def _header(cells: Sequence[str]) -> list[str]:
    """The names of the columns, if the first line holds any.

    pandas counts columns that have no names: 0, 1, 2 ...
    """
    counted = len(cells) > 1 and list(cells) == [str(index) for index in range(len(cells))]
    if all(map(_is_number, cells)) and not counted:
        return []
    return [cell.strip() for cell in cells]


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """The cells of every line that is not empty, with its number."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected UTF-8 text: {error}") from None
    first = text.split("\n", 1)[0]
    separator = max(SEPARATORS, key=first.count)
    reader = csv.reader(text.splitlines(), delimiter=separator)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(f"{path}, line {reader.line_num}: {error}") from None
    if not rows:
        raise InputError(f"{path}: holds no numbers")
    for line, row in rows:
        if len(row) != len(rows[0][1]):
            raise InputError(
                f"{path}, line {line}: {len(row)} columns, expected {len(rows[0][1])} as before"
            )
    return rows


def _numbers(path: Path, rows: Sequence[tuple[int, list[str]]], names: Sequence[str]) -> Array:
    import numpy as np

    for line, row in rows:
        for index, cell in enumerate(row):
            if not _is_number(cell):
                column = f"{names[index]!r}" if names else str(index + 1)
                raise InputError(f"{path}, line {line}, column {column}: {cell!r} is no number")
    width = len(rows[0][1]) if rows else len(names)
    return np.array([row for _, row in rows], np.float32).reshape(len(rows), width)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
