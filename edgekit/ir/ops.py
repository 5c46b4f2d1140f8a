"""What each operator *is*: inputs, attributes, shape rule, and what quantization must respect.

No computation here. Kernels, derivatives and file formats keep tables of their own under the same
names. To add an operator, add one `define(...)` below and one entry per concern; the completeness
test names each place that is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from edgekit.errors import ShapeError, lookup

from . import shapes
from .graph import AttrValue, Node, Shape, Value
from .quant import QuantParams, per_tensor

__all__ = ["OPS", "Attr", "OpSpec", "attributes", "infer_shapes", "spec"]

Kind = Literal["int", "float", "str", "bool", "ints", "floats"]
ShapeRule = Callable[[Sequence[Value | None], Mapping[str, Any]], tuple[Shape, ...]]
LARGEST = 2**31 - 1
MOST_NUMBERS = 64  # in one attribute; a Pad of eight dimensions takes sixteen


@dataclass(frozen=True)
class Attr:
    """An attribute: its kind, its default (None: it must be given), and what it may be."""

    kind: Kind
    default: AttrValue | None = None
    length: int | None = None
    low: float = -LARGEST
    high: float = LARGEST
    choices: tuple[str, ...] = ()

    def problem(self, value: object) -> str | None:
        """Why `value` cannot be this attribute, or None if it can."""
        items: Sequence[object] = value if isinstance(value, tuple) else (value,)
        scalar = {"ints": "int", "floats": "float"}.get(self.kind, self.kind)
        plural = scalar != self.kind
        if len(items) > MOST_NUMBERS:
            return f"expected at most {MOST_NUMBERS} numbers, received {len(items)}"
        python_type = {"int": int, "float": float, "str": str, "bool": bool}[scalar]
        if plural != isinstance(value, tuple) or any(type(i) is not python_type for i in items):
            return f"expected {self.kind}, received {value!r}"
        if self.length is not None and len(items) != self.length:
            return f"expected {self.length} numbers, received {len(items)}"
        if self.choices and value not in self.choices:
            return f"expected one of {', '.join(self.choices)}, received {value!r}"
        for item in items:
            if isinstance(item, int | float) and not self.low <= item <= self.high:
                return f"expected {self.low:g} to {self.high:g}, received {item!r}"
        return None


@dataclass(frozen=True)
class OpSpec:
    """The facts about one operator.

    inputs: names in order; "bias?" may be left out, "xs*" stands for one or more.
    weight_axis: the axis of input "weight" that has one scale per output channel.
    tied: inputs and outputs share one scale and zero point (the operator only moves elements).
    output_quant: what an int8 output always is, where the operator fixes it.
    table: dtype of the lookup table that an int8 node stores as its input "table".
    float_only: why there is no int8 form; "" where there is one.
    output_dtype: "same" as the first input, a dtype, or "attr:NAME".
    """

    name: str
    inputs: tuple[str, ...]
    infer: ShapeRule
    attrs: Mapping[str, Attr] = field(default_factory=dict)
    version: int = 1
    weight_axis: int | None = None
    tied: bool = False
    output_quant: QuantParams | None = None
    table: str | None = None
    float_only: str = ""
    output_dtype: str = "same"

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names without their marks."""
        return tuple(name.rstrip("?*") for name in self.inputs)

    @property
    def variadic(self) -> bool:
        return self.inputs[0].endswith("*")

    def position(self, name: str) -> int:
        """Where the input `name` stands."""
        return self.input_names.index(name)

    def activation_inputs(self, node: Node) -> list[str]:
        """The inputs that flow through the node: not weights, biases, statistics or tables."""
        if self.variadic:
            return [i for i in node.inputs if i is not None]
        pairs = zip(self.input_names, node.inputs, strict=False)
        return [i for role, i in pairs if i is not None and role in ("x", "y")]


OPS: dict[str, OpSpec] = {}


def define(op: OpSpec) -> None:
    if op.name in OPS:
        raise ValueError(f"operator {op.name!r} is defined twice")
    OPS[op.name] = op


def spec(name: str) -> OpSpec:
    """The facts about operator `name`; UnsupportedOperator with the nearest name if unknown."""
    return lookup(OPS, name, "operator")


def attributes(node: Node) -> dict[str, Any]:
    """All attributes of a node, defaults filled in."""
    return {name: node.attrs.get(name, a.default) for name, a in spec(node.op).attrs.items()}


def infer_shapes(
    op: OpSpec, inputs: Sequence[Value | None], attrs: Mapping[str, Any]
) -> tuple[Shape, ...]:
    """The shapes of the outputs; every result dimension is positive and of sane size."""
    result = op.infer(inputs, attrs)
    for shape in result:
        if any(d is not None and not 0 < d <= LARGEST for d in shape):
            raise ShapeError(f"the output would have the impossible shape {shape}")
    return result


ACTIVATION = Attr("str", "none", choices=("none", "relu", "relu6"))
PAIR = Attr("ints", (1, 1), length=2, low=1, high=2**16)
PADS = Attr("ints", (0, 0, 0, 0), length=4, low=0, high=2**16)  # top, left, bottom, right
WINDOW = {"strides": PAIR, "pads": PADS}

define(
    OpSpec(
        "Dense",
        ("x", "weight", "bias?"),
        shapes.dense,
        {"activation": ACTIVATION},
        weight_axis=0,
    )
)
define(
    OpSpec(
        "Conv2D",
        ("x", "weight", "bias?"),
        shapes.conv2d,
        {
            **WINDOW,
            "dilations": PAIR,
            "groups": Attr("int", 1, low=1, high=2**16),
            "activation": ACTIVATION,
        },
        weight_axis=0,
    )
)
define(
    OpSpec(
        "DepthwiseConv2D",
        ("x", "weight", "bias?"),
        shapes.depthwise,
        {**WINDOW, "dilations": PAIR, "activation": ACTIVATION},
        weight_axis=3,
    )
)
define(
    OpSpec(
        "BatchNorm",
        ("x", "gamma", "beta", "mean", "variance"),
        shapes.batch_norm,
        {"epsilon": Attr("float", 1e-3, low=0.0)},
        float_only="it is folded into a convolution or becomes Mul and Add before quantization",
    )
)
define(OpSpec("Add", ("x", "y"), shapes.broadcast, {"activation": ACTIVATION}))
define(OpSpec("Sub", ("x", "y"), shapes.broadcast))
define(OpSpec("Mul", ("x", "y"), shapes.broadcast))
define(
    OpSpec(
        "Div",
        ("x", "y"),
        shapes.broadcast,
        float_only="an int8 quotient has no bounded range; multiply by the reciprocal instead",
    )
)
define(OpSpec("Maximum", ("x", "y"), shapes.broadcast, tied=True))
define(OpSpec("Minimum", ("x", "y"), shapes.broadcast, tied=True))
define(OpSpec("Concat", ("xs*",), shapes.concat, {"axis": Attr("int", -1)}, tied=True))
define(
    OpSpec(
        "MaxPool2D",
        ("x",),
        shapes.pool,
        {"pool": Attr("ints", length=2, low=1, high=2**16), **WINDOW},
        tied=True,
    )
)
define(
    OpSpec(
        "AveragePool2D",
        ("x",),
        shapes.pool,
        {"pool": Attr("ints", length=2, low=1, high=2**16), **WINDOW},
        tied=True,
    )
)
define(
    OpSpec(
        "Mean",
        ("x",),
        shapes.mean,
        {"axes": Attr("ints", (1, 2), low=-8, high=7), "keepdims": Attr("bool", False)},
    )
)
define(
    OpSpec(
        "Softmax",
        ("x", "table?"),
        shapes.softmax,
        {"axis": Attr("int", -1, low=-8, high=7), "beta": Attr("float", 1.0, low=0.0)},
        output_quant=per_tensor(1 / 256, -128),
        table="float32",
    )
)
define(OpSpec("Relu", ("x",), shapes.same))
define(OpSpec("Relu6", ("x",), shapes.same))
define(
    OpSpec(
        "Sigmoid",
        ("x", "table?"),
        shapes.same,
        output_quant=per_tensor(1 / 256, -128),
        table="int8",
    )
)
define(
    OpSpec(
        "Tanh",
        ("x", "table?"),
        shapes.same,
        output_quant=per_tensor(1 / 128, 0),
        table="int8",
    )
)
define(OpSpec("HardSwish", ("x", "table?"), shapes.same, table="int8"))
define(
    OpSpec(
        "LeakyRelu",
        ("x", "table?"),
        shapes.same,
        {"alpha": Attr("float", 0.2)},
        table="int8",
    )
)
define(
    OpSpec(
        "Elu",
        ("x", "table?"),
        shapes.same,
        {"alpha": Attr("float", 1.0, low=0.0)},
        table="int8",
    )
)
define(
    OpSpec(
        "Gelu",
        ("x", "table?"),
        shapes.same,
        {"approximate": Attr("bool", False)},
        table="int8",
    )
)
define(
    OpSpec(
        "Reshape",
        ("x",),
        shapes.reshape,
        {"shape": Attr("ints", low=-1)},
        tied=True,
    )
)
define(
    OpSpec(
        "Transpose",
        ("x",),
        shapes.transpose,
        {"perm": Attr("ints", low=0, high=7)},
        tied=True,
    )
)
define(
    OpSpec(
        "Pad",
        ("x",),
        shapes.pad,
        {"pads": Attr("ints", low=0, high=2**16), "value": Attr("float", 0.0)},
        tied=True,
    )
)
define(
    OpSpec(
        "Slice",
        ("x",),
        shapes.slice_,
        {"starts": Attr("ints", low=0), "sizes": Attr("ints", low=-1)},
        tied=True,
    )
)
define(
    OpSpec(
        "ResizeNearest",
        ("x",),
        shapes.resize,
        {"factors": Attr("ints", length=2, low=1, high=2**10)},
        tied=True,
    )
)
QUANTIZED = Attr("str", "int8", choices=("int8", "uint8"))
define(OpSpec("Quantize", ("x",), shapes.same, {"dtype": QUANTIZED}, output_dtype="attr:dtype"))
define(OpSpec("Dequantize", ("x",), shapes.same, output_dtype="float32"))
define(OpSpec("Requantize", ("x",), shapes.same, {"dtype": QUANTIZED}, output_dtype="attr:dtype"))
