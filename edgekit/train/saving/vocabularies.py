"""Vocabularies beside the config in `.keras` files: `assets/<path of the layer>/vocabulary.txt`.

As in Keras, those are the ones that lookups learned by `adapt` or were told later; what was given
to a constructor stands in its config. Older files of edgekit hold all of them there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from edgekit.errors import ModelFormatError
from edgekit.train.layers.preprocessing.text import TextVectorization
from edgekit.train.layers.preprocessing.tokens import BESIDE, TokenLayer
from edgekit.train.saving.weights import holders

__all__ = ["is_vocabulary", "read_vocabularies", "vocabularies_beside"]


def is_vocabulary(name: str) -> bool:
    """Whether a part of a `.keras` file is a vocabulary."""
    return name.startswith("assets/") and name.endswith("/vocabulary.txt")


@contextlib.contextmanager
def vocabularies_beside(model: Any) -> Iterator[dict[str, bytes]]:
    """The vocabularies of a model as parts of its file; configs made meanwhile leave them out."""
    parts, beside = {}, set()
    for path, layer in holders(model):
        # Keras writes that of a TextVectorization under its own name too
        lookup = layer._lookup_layer if isinstance(layer, TextVectorization) else layer
        lines = lookup.lines() if isinstance(lookup, TokenLayer) else None
        if lines is not None:
            parts[f"assets/{path}/vocabulary.txt"] = lines.encode("utf-8")
            beside.add(id(lookup))
    token = BESIDE.set(frozenset(beside))
    try:
        yield parts
    finally:
        BESIDE.reset(token)


def read_vocabularies(model: Any, parts: Mapping[str, bytes]) -> None:
    """Give the lookups of a model that have no vocabulary yet the one in the file.

    Raises ModelFormatError for one that is no text, or not of the layer's kind.
    """
    for path, layer in holders(model):
        name = f"assets/{path}/vocabulary.txt"
        if not isinstance(layer, TokenLayer) or layer.get_vocabulary(False) or name not in parts:
            continue
        try:
            layer.take_lines(parts[name].decode("utf-8"))
        except ValueError as error:
            raise ModelFormatError(f"{name} is no vocabulary: {error}") from error
