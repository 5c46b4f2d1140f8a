"""The rule of the transform of Fourier."""

from __future__ import annotations

import numpy as np

from edgekit.frozen import replace
from edgekit.ir import Node, attributes

from .lowering import Lowering, Rule

__all__ = ["SPECTRUM_RULES"]


def rfft2d(node: Node, to: Lowering) -> None:
    """In ONNX one axis at a time; real and imaginary parts lie along a last axis."""
    rows, columns = attributes(node)["lengths"]
    rank = len(to.value(node.inputs[0]).shape)
    last = to.integers([rank], f"{node.name}/last")
    spectrum = to.between(node, "Unsqueeze", [to.read(node.inputs[0]), last])
    for axis, length in ((rank - 1, columns), (rank - 2, rows)):
        size = to.constant(np.int64(length), f"{node.name}/length")
        onesided = int(axis == rank - 1)
        spectrum = to.between(node, "DFT", [spectrum, size], axis=axis, onesided=onesided)
    for part, name in enumerate(node.outputs):
        place = to.constant(np.int64(part), f"{node.name}/part")
        output = replace(node, outputs=(name,))
        to.write(output, "Gather", [spectrum, place], axis=-1)


SPECTRUM_RULES: dict[str, Rule] = {"Rfft2D": rfft2d}
