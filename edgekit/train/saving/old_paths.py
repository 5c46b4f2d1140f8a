"""File names that old scripts save to: model.save("m.h5"), a folder, save_weights("x.h5").

They get a DeprecationWarning that names today's. Files called `.h5` have the layout of Keras 2,
others what `.keras` and `.weights.h5` files hold.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from edgekit.errors import InputError
from edgekit.train.deprecations import old_spelling

__all__ = [
    "LEGACY",
    "is_archive",
    "is_hdf5",
    "model_source",
    "model_target",
    "weights_source",
    "weights_target",
]

_INSIDE = "model.keras"
LEGACY = (".h5", ".hdf5")


def model_target(filepath: Any) -> Path:
    """Where a model is written: the file itself, or one in the folder that the name stands for.

    Raises InputError for a name of another kind.
    """
    path = Path(os.fspath(filepath))
    if path.name.endswith(".keras"):
        return path
    if path.suffix in LEGACY:
        old_spelling(f"model.save({path.name!r}) is an old spelling", f"use {path.stem}.keras")
        return path
    if path.suffix:
        raise InputError(f"the file name must end in .keras. Received: {path}")
    old_spelling(
        f"model.save({path.name!r}) to a folder is an old spelling", f"use {path.name}.keras"
    )
    path.mkdir(parents=True, exist_ok=True)
    return path / _INSIDE


def model_source(filepath: Any) -> Any:
    """The file in a folder that `model_target` made, else the path as it is."""
    inside = Path(os.fspath(filepath)) / _INSIDE
    return inside if inside.is_file() else filepath


def is_archive(filepath: Any) -> bool:
    """Whether a file called `.h5` holds what a `.keras` file does."""
    import zipfile

    return os.path.isfile(filepath) and zipfile.is_zipfile(filepath)


def is_hdf5(filepath: Any) -> bool:
    """Whether a file, whatever it is called, is in HDF5."""
    if not os.path.isfile(filepath):
        return False
    with open(filepath, "rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"


def weights_target(filepath: Any) -> Path:
    """Where weights are written; a name without `.weights.h5` is taken as it is."""
    path = Path(os.fspath(filepath))
    if path.name.endswith(".weights.h5"):
        return path
    if path.suffix not in (*LEGACY, ".ckpt", ""):
        raise InputError(f"the file name must end in .weights.h5. Received: {path}")
    old_spelling(f"save_weights({path.name!r}) is an old spelling", f"use {path.stem}.weights.h5")
    return path


def weights_source(filepath: Any, suffixes: tuple[str, ...]) -> tuple[str, ...]:
    """The endings that a file of weights may have: any, where there is such a file."""
    path = Path(os.fspath(filepath))
    return ("",) if path.suffix in (".ckpt", "") and path.is_file() else suffixes
