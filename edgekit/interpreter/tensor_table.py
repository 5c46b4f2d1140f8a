"""What the tensors of a model are to the methods of tflite_runtime: for the type checker alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from edgekit.ir.graph import Array

__all__ = ["Details", "Ends", "NamedOperator", "TensorTable"]

Details = dict[str, Any]
Ends = tuple[Mapping[str, int], Mapping[str, int]]
"""The inputs and the outputs of a signature: indices by name."""

NamedOperator = tuple[str, Sequence[int], Sequence[int]]
"""What an operator is, and the indices of its inputs and outputs; -1 is an input left out."""


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

    def operators(self) -> list[NamedOperator]:
        """The operators in the order in which they run."""
        ...

    def subgraphs(self) -> list[list[Details]]:
        """What a file says about the tensors of each of its subgraphs, whichever was opened."""
        ...

    def check_apart(self, key: str) -> None:
        """Raise UnsupportedOperator where a signature would share memories with the opened one."""
        ...
