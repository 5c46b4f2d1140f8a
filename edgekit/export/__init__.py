"""Graphs to files: `.edge` for edgekit's interpreter, `.onnx` and `.tflite` for other runtimes."""

from __future__ import annotations

import importlib
import os
from pathlib import PurePath

from edgekit.errors import InputError, lookup
from edgekit.files import replacing
from edgekit.ir import Graph

__all__ = ["save"]

EXPORTERS = {
    ".edge": ("edgekit.export.edge", "edge_bytes"),
    ".onnx": ("edgekit.export.onnx", "onnx_bytes"),
    ".tflite": ("edgekit.export.tflite", "tflite_bytes"),
}
"""Suffix of the file -> the module and its function `Graph -> bytes`, imported when needed."""


def save(graph: Graph, path: str | os.PathLike[str]) -> None:
    """Write a graph in the format that the file's suffix names: .edge, .onnx or .tflite.

    The file appears whole or not at all; an older one of that name is replaced at the end.
    Raises InputError for an unknown suffix or where the file cannot be written, and what the
    format raises for a graph that it cannot hold.
    """
    suffix = PurePath(path).suffix.lower()
    if not suffix:
        raise InputError(f"{os.fspath(path)} has no suffix; known: {', '.join(EXPORTERS)}")
    module, function = lookup(EXPORTERS, suffix, "file suffix", InputError)
    data: bytes = getattr(importlib.import_module(module), function)(graph)
    with replacing(path) as file:
        file.write(data)
