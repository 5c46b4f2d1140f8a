"""Keras models to graphs, by way of edgekit's own layers."""

from __future__ import annotations

import os

from edgekit.ir import Graph

__all__ = ["load_keras"]


def load_keras(path: str | os.PathLike[str]) -> Graph:
    """The inference graph of a `.keras` file, or of an HDF5 file of Keras 2 and tf.keras.

    The file is loaded as a model of edgekit's layers, which are Keras's, and that model is traced.
    Raises what `edgekit.train.load_model` raises for files and layers it cannot read.
    """
    from edgekit.train import load_model
    from edgekit.train.trace import trace

    return trace(load_model(path, compile=False))
