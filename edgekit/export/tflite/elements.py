"""Rules of the operators that work element by element, softmax and changes of scale.

The lookup tables of int8 nodes are left out: the runtimes compute their own.
"""

from __future__ import annotations

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node, Value, attributes

from .lowering import Lowering, Options, Rule, constant_input, versioned
from .windows import activation

__all__ = ["ELEMENT_RULES"]


def add(node: Node, to: Lowering) -> None:
    x, y = to.input(node, 0), to.input(node, 1)
    options = ("AddOptions", {**activation(attributes(node)), "pot_scale_int16": False})
    to.emit("ADD", (x.name, y.name), node.outputs[0], options, versioned(x, int16=3))


def sub(node: Node, to: Lowering) -> None:
    x, y = to.input(node, 0), to.input(node, 1)
    version = 3 if _broadcasts_widely(x, y) else versioned(x, int16=5)
    options: Options = ("SubOptions", {"pot_scale_int16": False})
    to.emit("SUB", (x.name, y.name), node.outputs[0], options, version)


def mul(node: Node, to: Lowering) -> None:
    """Version 3 where the products are scaled up rather than down."""
    x, y, output = to.input(node, 0), to.input(node, 1), to.output(node)
    version = versioned(x, int16=4)
    if x.quant and y.quant and output.quant and x.dtype != "int16":
        product_scale = x.quant.scale[0] * y.quant.scale[0]
        version = 3 if product_scale >= output.quant.scale[0] else version
    to.emit("MUL", (x.name, y.name), output.name, ("MulOptions", {}), version)


def div(node: Node, to: Lowering) -> None:
    x, y = to.input(node, 0), to.input(node, 1)
    version = 2 if _broadcasts_widely(x, y) else 1
    to.emit("DIV", (x.name, y.name), node.outputs[0], ("DivOptions", {}), version)


def maximum(node: Node, to: Lowering) -> None:
    _larger_or_smaller("MAXIMUM", node, to)


def minimum(node: Node, to: Lowering) -> None:
    _larger_or_smaller("MINIMUM", node, to)


def _larger_or_smaller(code: str, node: Node, to: Lowering) -> None:
    x, y = to.input(node, 0), to.input(node, 1)
    version = 3 if _broadcasts_widely(x, y) else versioned(x, int16=4)
    options: Options = ("MaximumMinimumOptions", {})
    to.emit(code, (x.name, y.name), node.outputs[0], options, version)


def _broadcasts_widely(x: Value, y: Value) -> bool:
    return x.shape != y.shape and max(len(x.shape), len(y.shape)) > 4


def batch_norm(node: Node, to: Lowering) -> None:
    """gamma * (x - mean) / sqrt(variance + epsilon) + beta, as one product and one sum."""
    x, output = to.input(node, 0), to.output(node)
    gamma, beta, mean, variance = (
        constant_input(node, i, to).array().astype(np.float64) for i in range(1, 5)
    )
    factor = gamma / np.sqrt(variance + attributes(node)["epsilon"])
    scale = to.constant(factor.astype(np.float32), f"{node.name}/scale")
    shift = to.constant((beta - mean * factor).astype(np.float32), f"{node.name}/shift")
    scaled = to.between(f"{node.name}/scaled", x.shape, output)
    to.emit("MUL", (x.name, scale), scaled, ("MulOptions", {}))
    to.emit("ADD", (scaled, shift), output.name, ("AddOptions", {}))


def softmax(node: Node, to: Lowering) -> None:
    """TFLite's works along the last axis: another axis is moved there and back."""
    attrs, x, output = attributes(node), to.input(node, 0), to.output(node)
    rank = len(x.shape)
    axis = attrs["axis"] % rank
    options, version = ("SoftmaxOptions", {"beta": attrs["beta"]}), versioned(x, int16=3)
    if axis == rank - 1:
        to.emit("SOFTMAX", (x.name,), output.name, options, version)
        return
    if axis == 0:
        raise UnsupportedOperator("TFLite has no softmax along the batch")
    perm = [*range(rank)]
    perm[axis], perm[-1] = perm[-1], perm[axis]
    order = to.integers(perm, f"{node.name}/perm")
    shape = tuple(x.shape[p] for p in perm)
    moved = to.between(f"{node.name}/moved", shape, x)
    result = to.between(f"{node.name}/softmax", shape, output)
    transpose: Options = ("TransposeOptions", {})
    to.emit("TRANSPOSE", (x.name, order), moved, transpose, versioned(x, 4, int16=5))
    to.emit("SOFTMAX", (moved,), result, options, version)
    to.emit("TRANSPOSE", (result, order), output.name, transpose, versioned(x, 4, int16=5))


def relu(node: Node, to: Lowering) -> None:
    x = to.input(node, 0)
    version = 2 if x.dtype == "uint8" else versioned(x, int16=3)
    to.emit("RELU", (x.name,), node.outputs[0], version=version)


def relu6(node: Node, to: Lowering) -> None:
    x = to.input(node, 0)
    to.emit("RELU6", (x.name,), node.outputs[0], version=versioned(x, int16=3))


def sigmoid(node: Node, to: Lowering) -> None:
    x = to.input(node, 0)
    to.emit("LOGISTIC", (x.name,), node.outputs[0], version=versioned(x, int16=3))


def tanh(node: Node, to: Lowering) -> None:
    x = to.input(node, 0)
    to.emit("TANH", (x.name,), node.outputs[0], version=versioned(x, int16=3))


def hard_swish(node: Node, to: Lowering) -> None:
    """LiteRT's 16-bit form scales its result down: it refuses to scale it up."""
    x, output = to.input(node, 0), to.output(node)
    if x.quant is not None and output.quant is not None:
        smallest = x.quant.scale[0] / 128
        if output.quant.scale[0] <= smallest:
            raise UnsupportedOperator(
                f"LiteRT's HardSwish needs an output scale above 1/128 of its input's, "
                f"{smallest:g}, received {output.quant.scale[0]:g}"
            )
    to.emit("HARD_SWISH", (x.name,), output.name, ("HardSwishOptions", {}))


def leaky_relu(node: Node, to: Lowering) -> None:
    x = to.input(node, 0)
    options = ("LeakyReluOptions", {"alpha": attributes(node)["alpha"]})
    to.emit("LEAKY_RELU", (x.name,), node.outputs[0], options, 2 if x.dtype == "int16" else 1)


def elu(node: Node, to: Lowering) -> None:
    """TFLite's Elu has alpha 1; with another, relu(x) + alpha min(elu(x), 0) where x is float."""
    alpha, x, output = attributes(node)["alpha"], to.input(node, 0), to.output(node)
    if alpha == 1.0:
        to.emit("ELU", (x.name,), output.name)
        return
    if x.dtype != "float32":
        raise UnsupportedOperator(f"TFLite's Elu of integers has alpha 1, received {alpha:g}")
    curve, below, scaled, above = (
        to.between(f"{node.name}/{part}", x.shape, x)
        for part in ("curve", "below", "scaled", "above")
    )
    zero = to.constant(np.zeros((), np.float32), f"{node.name}/zero")
    factor = to.constant(np.full((), alpha, np.float32), f"{node.name}/alpha")
    to.emit("ELU", (x.name,), curve)
    to.emit("MINIMUM", (curve, zero), below, ("MaximumMinimumOptions", {}))
    to.emit("MUL", (below, factor), scaled, ("MulOptions", {}))
    to.emit("RELU", (x.name,), above)
    to.emit("ADD", (above, scaled), output.name, ("AddOptions", {}))


def gelu(node: Node, to: Lowering) -> None:
    x = to.input(node, 0)
    options = ("GeluOptions", {"approximate": attributes(node)["approximate"]})
    to.emit("GELU", (x.name,), node.outputs[0], options, versioned(x))


def quantize(node: Node, to: Lowering) -> None:
    """From float32, and from one scale or integer dtype to another.

    What a concatenation rounds becomes a concatenation of one input.
    """
    x, output = to.input(node, 0), to.output(node)
    if node.op == "Requantize" and attributes(node)["rounding"] == "joined":
        if (x.dtype, output.dtype) != ("uint8", "uint8"):
            raise UnsupportedOperator(f"TFLite joins uint8 alone so, received {x.dtype}")
        options: Options = ("ConcatenationOptions", {"axis": len(x.shape) - 1})
        to.emit("CONCATENATION", (x.name,), output.name, options)
        return
    if (x.dtype, output.dtype) == ("int16", "uint8"):
        raise UnsupportedOperator("TFLite has no way from int16 to uint8; go through int8")
    version = 2 if output.dtype == "int16" else 1
    to.emit("QUANTIZE", (x.name,), output.name, ("QuantizeOptions", {}), version)


def dequantize(node: Node, to: Lowering) -> None:
    x = to.input(node, 0)
    options: Options = ("DequantizeOptions", {})
    to.emit("DEQUANTIZE", (x.name,), node.outputs[0], options, versioned(x, int16=3))


ELEMENT_RULES: dict[str, Rule] = {
    "BatchNorm": batch_norm,
    "Add": add,
    "Sub": sub,
    "Mul": mul,
    "Div": div,
    "Maximum": maximum,
    "Minimum": minimum,
    "Softmax": softmax,
    "WideSoftmax": softmax,
    "Relu": relu,
    "Relu6": relu6,
    "Sigmoid": sigmoid,
    "Tanh": tanh,
    "HardSwish": hard_swish,
    "LeakyRelu": leaky_relu,
    "Elu": elu,
    "Gelu": gelu,
    "Quantize": quantize,
    "Dequantize": dequantize,
    "Requantize": quantize,
}
