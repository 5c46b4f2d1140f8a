"""Reading operators that sum or compare over windows: convolutions, dense, pooling."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgekit.errors import ShapeError, UnsupportedOperator
from edgekit.ir import Value, attributes
from edgekit.ir.quant import LIMITS
from edgekit.schema.decoder import Record
from edgekit.schema.tflite_layout import FullyConnectedOptionsWeightsFormat as Format
from edgekit.schema.tflite_layout import Padding, TensorType

from .file import Operator
from .reader import Reader, Rule

__all__ = ["READERS", "bias", "line_pads", "step"]

LARGEST_STEP = 2**16


def conv2d(op: Operator, reader: Reader) -> None:
    """A weight with fewer input channels than its input has is that of a grouped convolution."""
    options = op.options("Conv2DOptions")
    x, weight = reader.value(op, 0), reader.value(op, 1)
    channels, own = x.shape[-1:], weight.shape[-1:]
    groups = (channels[0] or 0) // (own[0] or 1) if channels and own else 1
    _convolution(op, reader, "Conv2D", options, **({"groups": groups} if groups > 1 else {}))


def depthwise_conv2d(op: Operator, reader: Reader) -> None:
    """The multiplier stands in the options too; the shapes decide, as in the runtimes."""
    _convolution(op, reader, "DepthwiseConv2D", op.options("DepthwiseConv2DOptions"))


def _convolution(op: Operator, reader: Reader, kind: str, options: Record, **attrs: int) -> None:
    x, weight = reader.value(op, 0), reader.value(op, 1)
    if weight.data is None:
        raise UnsupportedOperator(f"its weight {weight.name!r} is computed; it must be a constant")
    window = _image(weight, "weight")
    strides = _pair(options, "stride")
    dilations = _pair(options, "dilation", "_factor")
    pads = window_pads(_image(x, "input"), window, strides, options["padding"], dilations)
    source, pads = _without_padding(reader, x.name, pads, lowest=False)
    reader.emit(
        op,
        kind,
        source,
        weight.name,
        bias(op, reader, 2),
        fused=options["fused_activation_function"],
        strides=strides,
        pads=pads,
        dilations=dilations,
        **attrs,
    )


def dense(op: Operator, reader: Reader) -> None:
    """All but the last dimension are the batch; they are kept or made one."""
    options = op.options("FullyConnectedOptions")
    if options["weights_format"] != Format.DEFAULT:
        raise UnsupportedOperator("the weights are shuffled; convert the model without that")
    x, weight = reader.value(op, 0), reader.value(op, 1)
    if len(weight.shape) != 2:
        raise ShapeError(f"a weight has 2 dimensions, received {list(weight.shape)}")
    name, features = x.name, weight.shape[1] or 0
    same = bool(x.shape) and x.shape[-1] == features
    if not same or (len(x.shape) != 2 and not options["keep_num_dims"]):
        rows = -1 if None in x.shape else x.elements // max(1, features)
        name = reader.add(op, "Reshape", name, shape=(rows, features), quant=x.quant)
    fused = options["fused_activation_function"]
    if weight.data is None or (reader.has(op, 2) and reader.value(op, 2).data is None):
        _product(op, reader, name, fused)
        return
    rounding = {"asymmetric": True} if options["asymmetric_quantize_inputs"] else {}
    added = bias(op, reader, 2)
    wide = x.dtype == "int16" and options["quantized_bias_type"] == TensorType.INT64
    if added is None and wide:
        # Sums of int16 are rounded as those with such a bias, which may be left out.
        added = reader.new_constant(op, np.zeros(weight.shape[0] or 0, np.int64), "bias")
    reader.emit(op, "Dense", name, weight.name, added, fused=fused, **rounding)


def _product(op: Operator, reader: Reader, name: str, fused: int) -> None:
    """Of two activations, as attention has them. In integers a bias would have to be added before
    they are rounded."""
    weight, own = reader.value(op, 1), reader.has(op, 2) and not _adds_nothing(reader.value(op, 2))
    if weight.dtype not in ("float32", "int8", "int16") or (own and weight.dtype != "float32"):
        raise UnsupportedOperator(
            f"its weight {weight.name!r} or its bias is computed; in {weight.dtype} "
            + ("both must be constants" if own else "it must be a constant")
        )
    if not own:
        rounding = "own" if weight.dtype == "float32" else "dense"
        inputs = name, weight.name
        reader.emit(op, "BatchMatMul", *inputs, fused=fused, adj_y=True, rounding=rounding)
        return
    product = reader.add(op, "BatchMatMul", name, weight.name, adj_y=True)
    reader.emit(op, "Add", product, reader.input(op, 2), fused=fused)


def _adds_nothing(bias: Value) -> bool:
    return bias.data is not None and not bias.data.any()


def bias(op: Operator, reader: Reader, position: int) -> str | None:
    """A bias as a vector; None if it is left out or adds nothing.

    In int16 a bias of zeros stays: whether it has 32 or 64 bits decides how sums are rounded.
    """
    if not reader.has(op, position):
        return None
    value = reader.value(op, position)
    if value.data is None:
        raise UnsupportedOperator(f"the bias {value.name!r} is computed; it must be a constant")
    if _adds_nothing(value) and reader.output_tensor(op).dtype != "int16":
        return None
    if len(value.shape) == 1:
        return value.name
    return reader.new_constant(op, value.data.reshape(-1), "bias", value.quant)


def max_pool2d(op: Operator, reader: Reader) -> None:
    _pool(op, reader, "MaxPool2D")


def average_pool2d(op: Operator, reader: Reader) -> None:
    _pool(op, reader, "AveragePool2D")


def l2_pool2d(op: Operator, reader: Reader) -> None:
    """The root of the mean square."""
    x, (window, strides, pads) = reader.value(op, 0), _pooled(op, reader)
    squares = reader.add(op, "Square", x.name)
    means = reader.add(op, "AveragePool2D", squares, pool=window, strides=strides, pads=pads)
    fused = op.options("Pool2DOptions")["fused_activation_function"]
    reader.emit(op, "Sqrt", means, fused=fused)


def _pooled(
    op: Operator, reader: Reader
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int, int, int]]:
    """Window, strides and pads."""
    options = op.options("Pool2DOptions")
    window = _pair(options, "filter", names=("height", "width"))
    strides, size = _pair(options, "stride"), _image(reader.value(op, 0), "input")
    return window, strides, window_pads(size, window, strides, options["padding"])


def _pool(op: Operator, reader: Reader, kind: str) -> None:
    options, (window, strides, pads) = op.options("Pool2DOptions"), _pooled(op, reader)
    source = reader.value(op, 0).name
    if kind == "MaxPool2D":
        source, pads = _without_padding(reader, source, pads, lowest=True)
    fused = options["fused_activation_function"]
    reader.emit(op, kind, source, fused=fused, pool=window, strides=strides, pads=pads)


def _without_padding(
    reader: Reader, name: str, pads: tuple[int, int, int, int], *, lowest: bool
) -> tuple[str, tuple[int, int, int, int]]:
    """The input of a Pad of rows and columns in place of its output, and the pads of both.

    lowest: the cells that it adds must never win a maximum; else they must be zero.
    """
    node = reader.producer(name)
    if node is None or node.op != "Pad":
        return name, pads
    attrs, value = attributes(node), reader.builder.values[name]
    own = attrs["pads"]
    fill = _lowest(value) if lowest else 0.0
    if len(own) != 8 or any(own[i] for i in (0, 1, 6, 7)) or attrs["value"] != fill:
        return name, pads
    total = [a + b for a, b in zip(pads, (own[2], own[4], own[3], own[5]), strict=True)]
    return str(node.inputs[0]), (total[0], total[1], total[2], total[3])


def _lowest(value: Value) -> float:
    """The smallest number that a value can hold."""
    if value.quant is None:
        return float(np.finfo(np.float32).min)
    low = LIMITS[value.dtype][0] - value.quant.zero_point[0]
    return float(np.float32(value.quant.scale[0]) * np.float32(low))


def window_pads(
    size: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    padding: int,
    dilations: Sequence[int] = (1, 1),
) -> tuple[int, int, int, int]:
    """Top, left, bottom, right of SAME or VALID padding. `size` and `window` are (height, width).

    SAME gives ceil(size / stride) windows; the cells missing for that are added half before, half
    after, the odd one after.
    """
    lines = zip(size, window, strides, dilations, strict=True)
    (top, bottom), (left, right) = (line_pads(*line, padding) for line in lines)
    return (top, left, bottom, right)


def line_pads(size: int, window: int, stride: int, dilation: int, padding: int) -> tuple[int, int]:
    """Before and after, along one dimension."""
    if padding == Padding.VALID:
        return (0, 0)
    if padding != Padding.SAME:
        raise UnsupportedOperator(f"padding number {padding} is neither SAME nor VALID")
    reach, count = (window - 1) * dilation + 1, -(-size // stride)
    missing = max(0, (count - 1) * stride + reach - size)
    return (missing // 2, missing - missing // 2)


def _pair(
    options: Record, start: str, end: str = "", names: tuple[str, str] = ("h", "w")
) -> tuple[int, int]:
    """Two steps of the options, down and across; each is 1 or more."""
    down, right = (step(options, f"{start}_{name}{end}") for name in names)
    return (down, right)


def step(options: Record, field: str) -> int:
    """A stride, a dilation or the size of a window."""
    if not 1 <= options[field] <= LARGEST_STEP:
        options.fail(field, f"{options[field]}, expected 1 to {LARGEST_STEP}")
    return int(options[field])


def _image(value: Value, what: str) -> tuple[int, int]:
    """Height and width."""
    if len(value.shape) != 4 or None in value.shape[1:]:
        raise ShapeError(f"an {what} with 4 dimensions is needed, received {list(value.shape)}")
    return (value.shape[1] or 0, value.shape[2] or 0)


READERS: dict[str, Rule] = {
    "CONV_2D": conv2d,
    "DEPTHWISE_CONV_2D": depthwise_conv2d,
    "FULLY_CONNECTED": dense,
    "MAX_POOL_2D": max_pool2d,
    "AVERAGE_POOL_2D": average_pool2d,
    "L2_POOL_2D": l2_pool2d,
}
