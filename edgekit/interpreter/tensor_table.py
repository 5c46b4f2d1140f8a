"""What the tensors of a model are to the methods of tflite_runtime: for the type checker alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from edgekit.ir.graph import Array

__all__ = ["Details", "Ends", "TensorTable"]

Details = dict[str, Any]
Ends = tuple[Mapping[str, int], Mapping[str, int]]
"""The inputs and the outputs of a signature: indices by name."""


class TensorTable(Protocol):
    """Tensors by index.

    `names` gives the value of the graph that a tensor is, "" where the graph has none for it.
    `signatures` are those of the whole file, `own` is the key of the one that was opened.
    """

    names: tuple[str, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    signatures: Mapping[str, Ends]
    own: str | None

    def details(self, index: int) -> Details:
        """All that tflite_runtime says about a tensor, at the shape that the file gives it."""
        ...

    def data(self, index: int) -> Array | None:
        """What a constant holds in the file."""
        ...
