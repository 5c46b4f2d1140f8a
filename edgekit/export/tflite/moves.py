"""Rules of the operators that move or gather elements, and of the mean."""

from __future__ import annotations

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node, attributes

from .lowering import Lowering, Rule, versioned

__all__ = ["MOVE_RULES"]


def concat(node: Node, to: Lowering) -> None:
    inputs = [to.input(node, i) for i in range(len(node.inputs))]
    axis = attributes(node)["axis"] % len(inputs[0].shape)
    options = ("ConcatenationOptions", {"axis": axis})
    names = [value.name for value in inputs]
    to.emit("CONCATENATION", names, node.outputs[0], options, versioned(inputs[0]))


def mean(node: Node, to: Lowering) -> None:
    x, attrs = to.input(node, 0), attributes(node)
    axes = sorted({axis % len(x.shape) for axis in attrs["axes"]})
    options = ("ReducerOptions", {"keep_dims": attrs["keepdims"]})
    inputs = (x.name, to.integers(axes, f"{node.name}/axes"))
    to.emit("MEAN", inputs, node.outputs[0], options, versioned(x))


def reshape(node: Node, to: Lowering) -> None:
    """The new shape stands in a tensor and in the options; -1 is the unknown batch."""
    shape = [-1 if d is None else d for d in to.output(node).shape]
    options = ("ReshapeOptions", {"new_shape": shape})
    inputs = (to.input(node, 0).name, to.integers(shape, f"{node.name}/shape"))
    to.emit("RESHAPE", inputs, node.outputs[0], options)


def transpose(node: Node, to: Lowering) -> None:
    x = to.input(node, 0)
    version = 6 if len(x.shape) > 5 else versioned(x, 4)
    inputs = (x.name, to.integers(attributes(node)["perm"], f"{node.name}/perm"))
    to.emit("TRANSPOSE", inputs, node.outputs[0], ("TransposeOptions", {}), version)


def pad(node: Node, to: Lowering) -> None:
    """PAD adds zero (in int8 the zero point); PADV2 adds any other number."""
    x, attrs = to.input(node, 0), attributes(node)
    if len(x.shape) > 5:
        raise UnsupportedOperator(f"LiteRT pads 5 dimensions at most, received {len(x.shape)}")
    pads = np.array(attrs["pads"], np.int32).reshape(-1, 2)
    inputs = (x.name, to.constant(pads, f"{node.name}/pads"))
    version = versioned(x, 4)
    if attrs["value"] == 0.0:
        to.emit("PAD", inputs, node.outputs[0], ("PadOptions", {}), version)
        return
    fill = np.array([attrs["value"]], np.float32)
    if x.quant is not None:
        inverse = np.float32(1.0) / x.quant.scales  # as in every other quantization
        stored = np.rint(fill * inverse) + x.quant.zero_points
        fill = np.clip(stored, -128, 127).astype(np.int8)
    value = to.constant(fill, f"{node.name}/value", x.quant)
    to.emit("PADV2", (*inputs, value), node.outputs[0], ("PadV2Options", {}), version)


def slice_(node: Node, to: Lowering) -> None:
    x, attrs = to.input(node, 0), attributes(node)
    inputs = (
        x.name,
        to.integers(attrs["starts"], f"{node.name}/starts"),
        to.integers(attrs["sizes"], f"{node.name}/sizes"),
    )
    to.emit("SLICE", inputs, node.outputs[0], ("SliceOptions", {}), versioned(x, 5))


def resize_nearest(node: Node, to: Lowering) -> None:
    """By whole factors: cell i of the output is cell i // factor of the input.

    With half pixel centers the runtimes compute floor((i + 0.5) / factor), which stays half a
    cell away from every jump: no rounding can change it.
    """
    x, shape = to.input(node, 0), to.output(node).shape
    size = [d for d in shape[1:3] if d is not None]
    options = ("ResizeNearestNeighborOptions", {"half_pixel_centers": True})
    inputs = (x.name, to.integers(size, f"{node.name}/size"))
    to.emit("RESIZE_NEAREST_NEIGHBOR", inputs, node.outputs[0], options, 3)


MOVE_RULES: dict[str, Rule] = {
    "Concat": concat,
    "Mean": mean,
    "Reshape": reshape,
    "Transpose": transpose,
    "Pad": pad,
    "Slice": slice_,
    "ResizeNearest": resize_nearest,
}
