"""Data sets of texts as lists of word numbers, in the files that Keras publishes.

The files hold lists of Python integers as pickles. A pickle can execute code, so none is loaded:
its operations are read one by one, and only those that make lists of integers count.
"""

from __future__ import annotations

import json
import pickletools
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.train.datasets.download import RemoteFile, fetch

__all__ = ["as_objects", "coded", "lists_of", "word_index"]

_INTEGERS = ("BININT", "BININT1", "BININT2", "INT", "LONG", "LONG1")


def lists_of(path: Path, name: str) -> list[list[int]]:
    """The lists of integers that an array of objects holds; nothing is executed."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as file:
            version = np.lib.format.read_magic(file)
            read = {(1, 0): np.lib.format.read_array_header_1_0}.get(
                version, np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = read(file)
            if not dtype.hasobject:
                raise InputError(f"{path}: {name!r} is not an array of lists")
            found = _lists_in(file.read())
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
    if len(found) != shape[0]:
        raise InputError(f"{path}: {name!r} declares {shape[0]} lists and holds {len(found)}")
    return found


def _lists_in(data: bytes) -> list[list[int]]:
    """The innermost lists of a pickle, in order."""
    stack: list[Any] = []
    marks: list[int] = []
    made: list[list[int]] = []
    for operation, argument, _ in pickletools.genops(data):
        name = operation.name
        if name in _INTEGERS:
            stack.append(argument)
        elif name == "MARK":
            marks.append(len(stack))
        elif name == "EMPTY_LIST":
            made.append([])
            stack.append(made[-1])
        elif name in ("APPEND", "APPENDS") and stack:
            at = marks.pop() if name == "APPENDS" and marks else len(stack) - 1
            items, stack = stack[at:], stack[:at]
            target = stack[-1] if stack else None
            if isinstance(target, list):
                target.extend(items)
        elif name in ("TUPLE", "BUILD", "REDUCE", "STOP"):
            marks = marks[:-1] if name == "TUPLE" else marks
    return [one for one in made if all(isinstance(i, int) for i in one)]


def coded(
    texts: list[list[int]],
    num_words: int | None,
    skip_top: int,
    start_char: int | None,
    oov_char: int | None,
    index_from: int,
) -> list[list[int]]:
    """Word numbers moved up by `index_from`, after a start number; what is too rare or too common
    becomes `oov_char`, or is left out.
    """
    first = [] if start_char is None else [start_char]
    most = num_words or max(map(max, texts), default=0) + (index_from or 0)

    def kept(word: int) -> bool:
        return skip_top <= word < most

    moved = ([*first, *(w + (index_from or 0) for w in text)] for text in texts)
    if oov_char is None:
        return [[w for w in text if kept(w)] for text in moved]
    return [[w if kept(w) else oov_char for w in text] for text in moved]


def as_objects(texts: list[list[int]]) -> np.ndarray:
    """Lists of different lengths as one array of objects."""
    array = np.empty(len(texts), object)
    array[:] = texts
    return array


def word_index(file: RemoteFile, path: str) -> dict[str, int]:
    """word -> number, without the `index_from` that load_data adds."""
    found: dict[str, int] = json.loads(fetch(file, path).read_text(encoding="utf-8"))
    return found
