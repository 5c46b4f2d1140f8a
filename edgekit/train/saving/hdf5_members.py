"""Groups and data sets of HDF5 files, without following what leads elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from edgekit.errors import ModelFormatError

__all__ = ["Stored", "Widened", "member", "numbers", "write_numbers"]


def member(h5py: Any, group: Any, path: str) -> Any:
    """What lies at a path in a group, or None. Raises ModelFormatError for links on the way."""
    current = group
    for part in path.split("/"):
        if not isinstance(current, h5py.Group):
            raise ModelFormatError(f"the weights have no group at {path}")
        kind = current.get(part, getclass=True, getlink=True)
        if kind is None:
            return None
        if kind is not h5py.HardLink:
            raise ModelFormatError(f"the weights hold a link at {path}, which is not followed")
        current = current[part]
    return current


def numbers(h5py: Any, found: Any, path: str) -> Any:
    """A data set of numbers. Raises ModelFormatError for anything else, and for other files."""
    if not isinstance(found, h5py.Dataset):
        raise ModelFormatError(f"{path} does not hold numbers")
    halves = found.dtype == "V2" and found.attrs.get("dtype") == "bfloat16"
    if found.dtype.kind not in "fiu" and not halves:
        raise ModelFormatError(f"{path} does not hold numbers")
    if found.external:
        raise ModelFormatError(f"{path} lies in another file, which is not read")
    return Widened(found) if halves else found


class Widened:
    """A data set of bfloat16, which HDF5 does not know, as float32 once it becomes an array."""

    dtype = np.dtype(np.float32)

    def __init__(self, found: Any) -> None:
        self._found = found
        self.shape = found.shape

    def __getitem__(self, index: Any) -> np.ndarray:
        bits = np.asarray(self._found[()]).view(np.uint16).astype(np.uint32) << 16
        return bits.view(np.float32)[index]

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self[()] if dtype is None else self[()].astype(dtype)


def write_numbers(group: Any, name: str, array: np.ndarray) -> None:
    """Write an array as a data set; bfloat16 as Keras does, as two bytes and a note."""
    if array.dtype.name == "bfloat16":
        made = group.create_dataset(name, data=array.view("V2"), track_times=False)
        made.attrs["dtype"] = "bfloat16"
    else:
        group.create_dataset(name, data=array, track_times=False)


class Stored(Mapping[str, Any]):
    """The data sets of a group by their names: with a shape, and read when they become arrays.

    A group that is not there holds nothing. Raises ModelFormatError for what does not hold numbers.
    """

    def __init__(self, h5py: Any, group: Any) -> None:
        self._h5py, self._group = h5py, group

    def __getitem__(self, name: str) -> Any:
        found = None if self._group is None else member(self._h5py, self._group, name)
        if found is None:
            raise KeyError(name)
        return numbers(self._h5py, found, f"{self._group.name}/{name}")

    def __iter__(self) -> Iterator[str]:
        return iter(() if self._group is None else self._group)

    def __len__(self) -> int:
        return 0 if self._group is None else len(self._group)
