"""The rule of the transform of Fourier."""

from __future__ import annotations

from edgekit.errors import UnsupportedOperator
from edgekit.frozen import replace
from edgekit.ir import Node, attributes

from .lowering import COMPLEX, Lowering, Rule

__all__ = ["SPECTRUM_RULES"]


def rfft2d(node: Node, to: Lowering) -> None:
    """Complex numbers, and their parts."""
    lengths = attributes(node)["lengths"]
    if any(length & (length - 1) for length in lengths):
        raise UnsupportedOperator(f"TFLite transforms powers of two, not {lengths}")
    complex_output = replace(to.output(node), dtype=COMPLEX)
    spectrum = to.between(f"{node.name}/spectrum", complex_output.shape, complex_output)
    inputs = (to.input(node, 0).name, to.integers(lengths, f"{node.name}/lengths"))
    to.emit("RFFT2D", inputs, spectrum)
    to.emit("REAL", (spectrum,), node.outputs[0])
    to.emit("IMAG", (spectrum,), node.outputs[1])


SPECTRUM_RULES: dict[str, Rule] = {"Rfft2D": rfft2d}
