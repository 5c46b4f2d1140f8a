"""Model files to graphs, through one door."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from edgekit.errors import InputError
from edgekit.ir import Graph

__all__ = ["load"]

_OTHERS = {
    ".onnx": "an ONNX model, which edgekit writes but does not read",
    ".pb": "a graph of TensorFlow",
    ".pt": "a file of PyTorch",
    ".pth": "a file of PyTorch",
}
"""Kinds of files that cannot be read, by their suffix."""

_HDF5 = b"\x89HDF\r\n\x1a\n"


def load(
    path: str | os.PathLike[str],
    *,
    arithmetic: str | None = None,
    signature: str | None = None,
    shapes: Mapping[str, Sequence[int | None]] | None = None,
) -> Graph:
    """The graph of a model file: `.edge`, `.tflite` and HDF5 (`.h5`), known by their content, or
    `.keras`.

    arithmetic: how a quantized `.tflite` model rounds, "float32" (the default) or "fixedpoint";
        other files say so themselves, or are float.
    signature: the function of a `.tflite` file to read; by default the first.
    shapes: other shapes for inputs of a `.tflite` file, by name; None or -1 first leaves the batch
        open.

    Raises InputError for a file that does not exist or is of no kind that can be read, and what
    the format's own reader raises: ModelFormatError, UnsupportedOperator.
    """
    read = _reader(path)
    if read is _load_tflite:
        return _load_tflite(path, arithmetic or "float32", signature, shapes)
    if signature is not None or shapes:
        raise InputError(
            f"{os.fspath(path)}: signatures and shapes can be chosen in .tflite files only"
        )
    return read(path)


def _reader(path: str | os.PathLike[str]) -> Callable[[str | os.PathLike[str]], Graph]:
    suffix = os.path.splitext(path)[1].lower()
    start = _first_bytes(path)
    if start[4:8] == b"EDGK" or suffix == ".edge":
        return _load_edge
    if start[4:8] == b"TFL3" or suffix == ".tflite":
        return _load_tflite
    if start == _HDF5 or suffix in (".keras", ".h5", ".hdf5"):
        return _load_keras
    kind = _kind(start, suffix)
    raise InputError(
        f"{os.fspath(path)} is {kind}; what can be read: .edge, .tflite, .keras and .h5 files"
    )


def _first_bytes(path: str | os.PathLike[str]) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(8)
    except FileNotFoundError:
        raise InputError(f"there is no file {os.fspath(path)!r}; check the path") from None
    except OSError as error:
        raise InputError(f"{os.fspath(path)} cannot be read: {error.strerror}") from error


def _kind(start: bytes, suffix: str) -> str:
    """What the file seems to be, for a message."""
    if suffix in _OTHERS:
        return _OTHERS[suffix]
    if start[:4] == b"PK\x03\x04":
        return "an archive; a Keras model must have the suffix .keras"
    return "no model that edgekit knows" if start else "empty"


def _load_edge(path: str | os.PathLike[str]) -> Graph:
    from edgekit.interpreter.reader import read_edge

    return read_edge(path).graph


def _load_tflite(
    path: str | os.PathLike[str],
    arithmetic: str = "float32",
    signature: str | None = None,
    shapes: Mapping[str, Sequence[int | None]] | None = None,
) -> Graph:
    from edgekit.importers.tflite import load_tflite

    return load_tflite(path, arithmetic=arithmetic, signature=signature, shapes=shapes)


def _load_keras(path: str | os.PathLike[str]) -> Graph:
    from edgekit.importers.keras import load_keras

    return load_keras(path)
