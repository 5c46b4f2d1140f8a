"""Models as files that other runtimes run: `Model.export`."""

from __future__ import annotations

import os
from pathlib import PurePath
from typing import Any

from edgekit.errors import InputError

__all__ = ["export_model"]

_SUFFIXES = {"edge": ".edge", "litert": ".tflite", "onnx": ".onnx", "tflite": ".tflite"}
"""Keras' format, and ours -> the suffix by which `edgekit.save` knows it."""


def export_model(model: Any, filepath: Any, format: str | None, verbose: Any) -> None:
    """Write what a model computes in inference, in float32.

    Raises InputError for a format that is not known or does not go with the file's name, and
    UnsupportedOperator for a model that the format cannot hold.
    """
    from edgekit.export import save
    from edgekit.train.trace import trace

    path = os.fspath(filepath)
    if format is not None:
        if format not in _SUFFIXES:
            raise InputError(
                f"format={format!r} is not written here; there are {', '.join(_SUFFIXES)}"
            )
        if PurePath(path).suffix.lower() != _SUFFIXES[format]:
            raise InputError(f"{path}: format={format!r} goes with a name in {_SUFFIXES[format]}")
    save(trace(model), path)
    if verbose:
        print(f"wrote {path} ({os.path.getsize(path):,} bytes)")
