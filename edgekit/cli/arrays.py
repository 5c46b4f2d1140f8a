"""Arrays from files and pictures, checked, and arrays into files that appear whole."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from edgekit.errors import InputError
from edgekit.files import replaceable_mode, replacing

from .csv_files import read_csv
from .pictures import are_pictures, read_pictures

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgekit.ir import Graph

    Array = NDArray[Any]

__all__ = [
    "TARGETS",
    "Data",
    "check_arrays_output",
    "check_output",
    "describe",
    "read_arrays",
    "read_data",
    "targets_of",
    "write_arrays",
]

TARGETS = "y"


def read_arrays(path: Path, inputs: Sequence[str] = ()) -> dict[str, Array]:
    """Every array of a file by its name; the one array of a `.npy` file is named "".

    The columns of a `.csv` file are arrays where `inputs` are their names, together "x" otherwise.

    Raises InputError where the file is no array file, is damaged or holds Python objects.
    """
    import numpy as np

    if not path.exists():
        raise InputError(f"{path}: there is no such file")
    if path.suffix.lower() == ".csv":
        return read_csv(path, inputs, TARGETS)
    if path.suffix not in (".npy", ".npz"):
        raise InputError(f"{path}: expected arrays in a .npy, .npz or .csv file, or pictures")
    try:
        # Opened here: numpy leaves the file open where it finds no arrays in it.
        with open(path, "rb") as file:
            found = np.load(file, allow_pickle=False)
            if isinstance(found, np.ndarray):
                return {"": found}
            return {name: found[name] for name in found.files}
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, AttributeError) as error:
        # numpy's own sentence would have the reader load Python objects, which may be programs.
        pickled = "it is no such file, or holds Python objects; write it anew with numpy.savez"
        reason = pickled if "pickle" in str(error) else error
        raise InputError(f"{path}: no arrays can be read from it: {reason}") from error


class Data(NamedTuple):
    """Arrays for the inputs of a model, and what else a file or a folder of pictures holds.

    rest: all other arrays by name; "y" are the targets, for pictures in subfolders the numbers of
    their classes. files: the file of each picture. found: how many there are in the folder.
    line: what to print of the classes.
    """

    inputs: dict[str, Array]
    rest: dict[str, Array]
    files: Sequence[str] = ()
    found: int = 0
    line: str = ""


def read_data(
    path: Path, graph: Graph, labels: Sequence[str] = (), most: int | None = None
) -> Data:
    """What a file holds for the inputs of a model: by name, or the only array, or "x".

    Pictures (a file, or a folder of them, of which `most` are taken) are uint8 arrays of the
    model's size.
    """
    if not are_pictures(path):
        return Data(*_split(path, read_arrays(path, graph.inputs), graph.inputs))
    pictures = read_pictures(path, graph, labels, most)
    inputs = {graph.inputs[0]: pictures.pixels}
    if pictures.classes is None:
        return Data(inputs, {}, pictures.files, pictures.found)
    named = ", ".join(f"{number} {name}" for number, name in enumerate(pictures.names))
    line = f"{path}: {len(pictures.files)} pictures of the classes {named}"
    return Data(inputs, {TARGETS: pictures.classes}, pictures.files, pictures.found, line)


def targets_of(path: Path, data: Data) -> Array:
    """The targets: "y", or the one array that is left beside the inputs."""
    if TARGETS in data.rest:
        return data.rest[TARGETS]
    if len(data.rest) == 1:
        return next(iter(data.rest.values()))
    if data.files:
        raise InputError(f"{path}: no labels: expected a folder with a subfolder for each class")
    others = f"the file holds {', '.join(map(repr, data.rest))}" if data.rest else "there is none"
    raise InputError(
        f"{path}: no labels: expected an array named {TARGETS!r} beside the inputs; {others}"
    )


def _split(
    path: Path, arrays: Mapping[str, Array], inputs: Sequence[str]
) -> tuple[dict[str, Array], dict[str, Array]]:
    """The arrays of the inputs, by the names of the inputs, and all others."""
    if all(name in arrays for name in inputs):
        sources = {name: name for name in inputs}
    elif len(inputs) == 1:
        candidates = [name for name in arrays if name != TARGETS]
        if "x" in arrays:
            candidates = ["x"]
        if len(candidates) != 1:
            wanted = " or ".join(map(repr, dict.fromkeys(("x", inputs[0]))))
            raise InputError(
                f"{path}: which array is the input? Expected one named {wanted}; {_names(arrays)}"
            )
        sources = {inputs[0]: candidates[0]}
    else:
        missing = [name for name in inputs if name not in arrays]
        raise InputError(
            f"{path}: no array for the inputs {', '.join(map(repr, missing))}; {_names(arrays)}"
        )
    rest = {name: array for name, array in arrays.items() if name not in sources.values()}
    return {name: arrays[source] for name, source in sources.items()}, rest


def _names(arrays: Mapping[str, Array]) -> str:
    if list(arrays) == [""]:
        return "it is a .npy file with one array"
    return f"the file holds {', '.join(map(repr, arrays)) or 'no arrays'}"


def describe(arrays: Mapping[str, Array]) -> str:
    """dtypes and shapes, for a line of output."""
    return ", ".join(f"{name} {a.dtype.name}{list(a.shape)}" for name, a in arrays.items())


def check_output(path: Path, *sources: Path | None) -> None:
    """Raise InputError where no file can be written, before hours of work and not after.

    Nor is a file written over that the command reads.
    """
    for source in sources:
        if source is not None and path.exists() and source.exists() and path.samefile(source):
            raise InputError(f"{path}: is read by this command; name another file to write")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name the file to write")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"{path}: the folder {path.parent} cannot be written to")
    replaceable_mode(path)


def check_arrays_output(path: Path, *sources: Path) -> None:
    """Raise InputError where no arrays can be written; see `check_output`."""
    check_output(path, *sources)
    if path.suffix not in (".npy", ".npz"):
        raise InputError(f"{path}: arrays are written as .npy or .npz")


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """One array into `.npy`, or any number into `.npz`; whole, or not at all."""
    import numpy as np

    if path.suffix == ".npy" and len(arrays) != 1:
        raise InputError(f"{path}: {len(arrays)} outputs need a .npz file")
    with replacing(path) as file:
        if path.suffix == ".npy":
            np.save(file, next(iter(arrays.values())), allow_pickle=False)
        else:
            np.savez(file, **arrays)  # type: ignore[arg-type]
