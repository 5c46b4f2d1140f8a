"""Vocabularies that Keras keeps beside the config, in `assets/<path of the layer>/vocabulary.txt`.

Keras writes them for lookups that learned by `adapt`; those written here stand in the config, which
Keras reads as well.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from edgekit.errors import ModelFormatError, require
from edgekit.train.layers.preprocessing.lookup import IndexLookup
from edgekit.train.layers.preprocessing.text import TextVectorization
from edgekit.train.saving.weights import holders

__all__ = ["is_vocabulary", "read_vocabularies"]


def is_vocabulary(name: str) -> bool:
    """Whether a part of a `.keras` file is a vocabulary."""
    return name.startswith("assets/") and name.endswith("/vocabulary.txt")


def read_vocabularies(model: Any, parts: Mapping[str, bytes], weights: bytes) -> None:
    """Give the lookups of a model that have no vocabulary yet the one in the file.

    Raises ModelFormatError for one that is no text, or not of the layer's kind.
    """
    for path, layer in holders(model):
        name = f"assets/{path}/vocabulary.txt"
        if name not in parts:
            continue
        inner = "/_lookup_layer" if isinstance(layer, TextVectorization) else ""
        lookup = layer._lookup if inner else layer
        if not isinstance(lookup, IndexLookup) or lookup.get_vocabulary(False):
            continue
        try:
            lines = parts[name].decode("utf-8").splitlines()
            while lines and not lines[-1]:
                lines.pop()
            tokens = lines if lookup.is_text else [int(line) for line in lines]
            idf = None
            if lookup.output_mode == "tf_idf":
                idf = _idf_weights(weights, f"{path}{inner}/vars")
            expected = lookup.vocabulary_size()
            lookup.set_vocabulary(tokens, idf)
            if lookup.vocabulary_size() != expected:
                raise ValueError(f"{lookup.vocabulary_size()} tokens, the config says {expected}")
        except ValueError as error:
            raise ModelFormatError(f"{name} is no vocabulary: {error}") from error


def _idf_weights(weights: bytes, path: str) -> np.ndarray:
    h5py = require("h5py", extra="keras")
    try:
        with h5py.File(io.BytesIO(weights), "r") as file:
            return np.asarray(file[path]["idf_weights"][()], np.float32)
    except (OSError, KeyError, RuntimeError, TypeError, AttributeError) as error:
        raise ModelFormatError(f"the weights (HDF5) hold no {path}/idf_weights: {error}") from error
