"""Groups and data sets of HDF5 files, without following what leads elsewhere."""

from __future__ import annotations

from typing import Any

from edgekit.errors import ModelFormatError

__all__ = ["member", "numbers"]


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
    if not isinstance(found, h5py.Dataset) or found.dtype.kind not in "fiu":
        raise ModelFormatError(f"{path} does not hold numbers")
    if found.external:
        raise ModelFormatError(f"{path} lies in another file, which is not read")
    return found
