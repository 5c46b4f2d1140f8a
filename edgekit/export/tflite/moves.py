"""Rules of the operators that move or gather elements, and of the mean."""

from __future__ import annotations

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node, attributes
from edgekit.ir.graph import DTYPES
from edgekit.ir.quant import LIMITS
from edgekit.schema.tflite_layout import MirrorPadMode

from .lowering import Lowering, Rule, versioned

__all__ = ["MOVE_RULES"]


def concat(node: Node, to: Lowering) -> None:
    inputs = [to.input(node, i) for i in range(len(node.inputs))]
    axis = attributes(node)["axis"] % len(inputs[0].shape)
    options = ("ConcatenationOptions", {"axis": axis})
    names = [value.name for value in inputs]
    to.emit("CONCATENATION", names, node.outputs[0], options, versioned(inputs[0], int16=3))


def reshape(node: Node, to: Lowering) -> None:
    """The new shape stands in a tensor and in the options; -1 is the unknown batch."""
    shape = [-1 if d is None else d for d in to.output(node).shape]
    options = ("ReshapeOptions", {"new_shape": shape})
    inputs = (to.input(node, 0).name, to.integers(shape, f"{node.name}/shape"))
    to.emit("RESHAPE", inputs, node.outputs[0], options)


def transpose(node: Node, to: Lowering) -> None:
    x = to.input(node, 0)
    version = 6 if len(x.shape) > 5 else versioned(x, 4, int16=5)
    inputs = (x.name, to.integers(attributes(node)["perm"], f"{node.name}/perm"))
    to.emit("TRANSPOSE", inputs, node.outputs[0], ("TransposeOptions", {}), version)


def pad(node: Node, to: Lowering) -> None:
    """PAD adds zero (in int8 the zero point); PADV2 adds any other number."""
    x, attrs = to.input(node, 0), attributes(node)
    if len(x.shape) > 5:
        raise UnsupportedOperator(f"LiteRT pads 5 dimensions at most, received {len(x.shape)}")
    pads = np.array(attrs["pads"], np.int32).reshape(-1, 2)
    inputs = (x.name, to.constant(pads, f"{node.name}/pads"))
    version = versioned(x, 4, int16=3)
    if attrs["value"] == 0.0:
        to.emit("PAD", inputs, node.outputs[0], ("PadOptions", {}), version)
        return
    if x.quant is None:
        fill = np.array([attrs["value"]], DTYPES[x.dtype])
    else:
        inverse = np.float32(1.0) / x.quant.scales  # as in every other quantization
        stored = np.rint(np.float32(attrs["value"]) * inverse) + x.quant.zero_points
        fill = np.clip(stored, *LIMITS[x.dtype]).astype(x.dtype)
    value = to.constant(fill, f"{node.name}/value", x.quant)
    to.emit("PADV2", (*inputs, value), node.outputs[0], ("PadV2Options", {}), version)


def mirror_pad(node: Node, to: Lowering) -> None:
    x, attrs = to.input(node, 0), attributes(node)
    pads = np.array(attrs["pads"], np.int32).reshape(-1, 2)
    mode = MirrorPadMode.by_name()[attrs["mode"].upper()]
    inputs = (x.name, to.constant(pads, f"{node.name}/pads"))
    options = ("MirrorPadOptions", {"mode": mode})
    to.emit("MIRROR_PAD", inputs, node.outputs[0], options, versioned(x))


def tile(node: Node, to: Lowering) -> None:
    x = to.input(node, 0)
    inputs = (x.name, to.integers(attributes(node)["repeats"], f"{node.name}/repeats"))
    to.emit("TILE", inputs, node.outputs[0], ("TileOptions", {}), versioned(x))


def broadcast_to(node: Node, to: Lowering) -> None:
    x, shape = to.input(node, 0), to.output(node).shape
    if None in shape:
        raise UnsupportedOperator("TFLite needs the whole shape; an open batch has none")
    inputs = (x.name, to.integers([d or 1 for d in shape], f"{node.name}/shape"))
    to.emit("BROADCAST_TO", inputs, node.outputs[0], ("BroadcastToOptions", {}), 2)


MOVE_RULES: dict[str, Rule] = {
    "Concat": concat,
    "Reshape": reshape,
    "Transpose": transpose,
    "Pad": pad,
    "MirrorPad": mirror_pad,
    "Tile": tile,
    "BroadcastTo": broadcast_to,
}
