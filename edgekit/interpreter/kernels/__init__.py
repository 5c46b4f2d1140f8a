"""The table of kernels: how each operator runs, by operator and dtype of its first input.

A kernel is a function that takes a `Step` and says, once, what every inference must do:

    @kernel("Relu", "float32")
    def relu(step: Step) -> None:
        step.call(np.maximum, step.input(0), ZERO, out=step.output())

It looks at shapes, scales and constants while the plan is made; `step.call` appends to the flat
list of calls that an inference runs. Arrays that a call needs besides inputs and outputs are made
here, by `step.scratch` (shared by all steps) or as constants of its own: a call allocates nothing
large. `step.py` says how activations look.

`FAMILIES` says which modules have kernels of an operator. A network needs few of them, and a small
device feels every module that it imports.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from edgekit import errors  # whose `lookup` has the name of a module here

from ..step import Step

__all__ = ["FAMILIES", "Kernel", "all_kernels", "find_kernel", "kernel"]

Kernel = Callable[[Step], None]

ARITHMETIC = ("Add", "Sub", "Mul", "Div", "Maximum", "Minimum")

FAMILIES: dict[str, tuple[str, ...]] = {
    "activation": ("Relu", "Relu6", "Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "Elu", "Gelu"),
    "binary": (*ARITHMETIC, "Pow", "Atan2", "FloorDiv", "FloorMod", "SquaredDifference"),
    "bits": ("Bitcast", "BitwiseXor"),
    "cast": ("Cast",),
    "compare": (
        *("Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual"),
        *("LogicalAnd", "LogicalOr", "Select"),
    ),
    "control": ("If", "While"),
    "convolution": ("Conv2D",),
    "convolution3d": ("Conv3D",),
    "dense": ("Dense",),
    "depthwise": ("DepthwiseConv2D",),
    "detection": ("DetectionPostProcess",),
    "elementwise": (*ARITHMETIC, "BatchNorm"),
    "gather": ("Gather", "GatherNd"),
    "lstm": ("Lstm",),
    "math": (
        *("Exp", "Log", "Sqrt", "Rsqrt", "Square", "Sin", "Cos"),
        *("Floor", "Ceil", "Round", "Sign", "Neg", "Abs", "LogicalNot"),
    ),
    "matmul": ("BatchMatMul",),
    "normalization": ("LogSoftmax", "L2Normalize", "Prelu"),
    "pooling": ("MaxPool2D", "AveragePool2D"),
    "quantization": ("Quantize", "Dequantize", "Requantize"),
    "reductions": ("Sum", "ReduceProd", "ReduceAny", "ReduceAll", "ReduceMax", "ReduceMin", "Mean"),
    "reshape": ("Reshape",),
    "resize": ("ResizeNearest", "ResizeBilinear"),
    "search": ("ArgMax", "ArgMin", "TopK", "CumSum", "OneHot"),
    "shape": (
        *("Transpose", "Pad", "MirrorPad", "Slice", "Concat", "Split", "Tile", "BroadcastTo"),
    ),
    "rnn": ("Rnn",),
    "scatter": ("ScatterNd",),
    "softmax": ("Softmax", "WideSoftmax"),
    "spaces": ("SpaceToDepth", "DepthToSpace", "SpaceToBatch", "BatchToSpace"),
    "suppression": ("NonMaxSuppression",),
    "svdf": ("Svdf",),
    "transposed": ("TransposeConv2D",),
    "spectra": ("Rfft2D",),
    "update": ("UpdateSlice",),
    "lstm_integer": ("Lstm",),
    "sixteen_bits": ("Sigmoid", "Tanh", "Gelu", "LeakyRelu", "Softmax", "Exp", "Log", "Rsqrt"),
}
"""The operators that each module of this package has kernels of; for a dtype that several might
have, they are asked in this order."""

_MODULES: dict[str, list[str]] = {}
for _module, _operators in FAMILIES.items():
    for _op in _operators:
        _MODULES.setdefault(_op, []).append(_module)

_KERNELS: dict[str, dict[str, Kernel]] = {}
"""By operator and dtype, of the modules imported so far."""


def kernel(op: str, *dtypes: str) -> Callable[[Kernel], Kernel]:
    """Register a function as the kernel of `op` for these dtypes of its first input."""

    def register(function: Kernel) -> Kernel:
        for dtype in dtypes:
            if dtype in _KERNELS.setdefault(op, {}):
                raise ValueError(f"a kernel for {op} in {dtype} exists already")
            _KERNELS[op][dtype] = function
        return function

    return register


def find_kernel(op: str, dtype: str, layer: str) -> Kernel:
    """The kernel, or UnsupportedOperator naming the layer and what is missing."""
    kernels = _KERNELS.get(op, {})
    if dtype in kernels:
        return kernels[dtype]
    for module in errors.lookup(_MODULES, op, f"layer {layer!r}: kernel"):
        import_module(f".{module}", __package__)
        if dtype in _KERNELS[op]:
            return _KERNELS[op][dtype]
    known = ", ".join(sorted(_KERNELS[op]))
    raise errors.UnsupportedOperator(
        f"layer {layer!r}: {op} has no kernel for {dtype}, only for {known}"
    )


def kernels_of(op: str) -> dict[str, Kernel]:
    """The kernels of an operator by dtype."""
    for module in _MODULES[op]:
        import_module(f".{module}", __package__)
    return _KERNELS[op]


def all_kernels() -> dict[tuple[str, str], Kernel]:
    """Every kernel there is, by operator and dtype of its first input."""
    return {(op, dtype): found for op in _MODULES for dtype, found in kernels_of(op).items()}
