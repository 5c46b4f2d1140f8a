"""What each operator *is*: inputs, attributes, shape rule, and what quantization must respect.

No computation here. Kernels, derivatives and file formats keep tables of their own under the same
names. To add an operator, add one `define(...)` to a family, its name to `FAMILIES`, and one entry
per concern; the completeness test names each place that is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

from edgekit.errors import ShapeError, lookup
from edgekit.frozen import NOTHING, Frozen

from ..graph import DTYPES, AttrValue, Node, Shape, Value
from ..quant import QuantParams, per_tensor

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    Kind = Literal["int", "float", "str", "bool", "ints", "floats"]
    ShapeRule = Callable[[Sequence[Value | None], Mapping[str, Any]], tuple[Shape, ...]]

__all__ = [
    "FAMILIES",
    "LARGEST",
    "OPS",
    "Attr",
    "OpSpec",
    "attributes",
    "define",
    "infer_shapes",
    "spec",
]

LARGEST = 2**31 - 1
MOST_NUMBERS = 64  # in one attribute; a Pad of eight dimensions takes sixteen


TYPES: dict[str, set[type]] = {
    "int": {int}, "float": {float}, "str": {str}, "bool": {bool}, "ints": {int}, "floats": {float}
}  # fmt: skip


class Attr(Frozen):
    """An attribute: its kind, its default (None: it must be given), and what it may be."""

    kind: Kind
    default: AttrValue | None = None
    length: int | None = None
    low: float = -LARGEST
    high: float = LARGEST
    choices: tuple[str, ...] = ()

    def problem(self, value: object) -> str | None:
        """Why `value` cannot be this attribute, or None if it can."""
        several = isinstance(value, tuple)
        items: Sequence[object] = value if isinstance(value, tuple) else (value,)
        if len(items) > MOST_NUMBERS:
            return f"expected at most {MOST_NUMBERS} numbers, received {len(items)}"
        fitting = TYPES[self.kind].issuperset(map(type, items))
        if several != (self.kind in ("ints", "floats")) or not fitting:
            return f"expected {self.kind}, received {value!r}"
        if self.length is not None and len(items) != self.length:
            return f"expected {self.length} numbers, received {len(items)}"
        if self.choices and value not in self.choices:
            return f"expected one of {', '.join(self.choices)}, received {value!r}"
        if self.kind not in ("str", "bool"):
            for item in items:
                if not self.low <= item <= self.high:  # type: ignore[operator]  # or it is NaN
                    return f"expected {self.low:g} to {self.high:g}, received {item!r}"
        return None


ACTIVATION = Attr("str", "none", choices=("none", "relu", "relu6"))
PAIR = Attr("ints", (1, 1), length=2, low=1, high=2**16)
PADS = Attr("ints", (0, 0, 0, 0), length=4, low=0, high=2**16)  # top, left, bottom, right
WINDOW = {"strides": PAIR, "pads": PADS}
SIDES = Attr("ints", low=0, high=2**16)  # before and after, one dimension after the other
NUMERIC = ("float32", "int8", "uint8", "int16")
"""What most operators compute with: real numbers, and integers that stand for them."""
COUNTED = (*NUMERIC, "int32", "int64")
"""Also plain integers: counts, sizes, positions."""
EVERY = tuple(DTYPES)


class OpSpec(Frozen):
    """The facts about one operator.

    inputs: names in order; "bias?" may be left out, "xs*" stands for one or more.
    weight_axis: the axis of input "weight" that has one scale per output channel.
    tied: inputs and outputs share one scale and zero point (the operator only moves elements).
    output_quant: what an int8 output always is, where the operator fixes it (`fixed_quant`).
    table: dtype of the lookup table that an int8 node stores as its input "table".
    table16: how many int16 numbers the table of an int16 node has; 0 where it needs none.
    dtypes: what the first input may be; int8 is left out where `float_only` says why.
    float_only: why there is no int8 form; "" where there is one.
    prefer_float: why quantization leaves the operator in float, though files with an int8 form run.
    input_dtypes: what other inputs may be, where they do not simply share the first one's dtype
        ("weight", "bias" and "table" follow rules of their own, see `validate.py`).
    outputs: names in order; "ys*" stands for one or more.
    output_dtypes: for each output "same" as the first input, "as:NAME" of another input, a dtype,
        or "attr:NAME"; the last one serves all further outputs.
    subgraphs: the attributes that name subgraphs. Such an operator takes any dtypes and computes
        what its subgraphs compute (`ir/control.py`).
    """

    name: str
    inputs: tuple[str, ...]
    infer: ShapeRule
    attrs: Mapping[str, Attr] = NOTHING
    version: int = 1
    weight_axis: int | None = None
    tied: bool = False
    output_quant: QuantParams | None = None
    table: str | None = None
    table16: int = 0
    dtypes: tuple[str, ...] = ("float32", "int8")
    float_only: str = ""
    prefer_float: str = ""
    input_dtypes: Mapping[str, tuple[str, ...]] = NOTHING
    outputs: tuple[str, ...] = ("y",)
    output_dtypes: tuple[str, ...] = ("same",)
    subgraphs: tuple[str, ...] = ()

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """The names without their marks."""
        return tuple(name.rstrip("?*") for name in self.inputs)

    @cached_property
    def defaults(self) -> dict[str, AttrValue | None]:
        """What each attribute is where a node does not say; None where it must."""
        return {name: attr.default for name, attr in self.attrs.items()}

    @cached_property
    def fewest_inputs(self) -> int:
        """How many cannot be left out."""
        return sum(not name.endswith("?") for name in self.inputs)

    @property
    def variadic(self) -> bool:
        return self.inputs[0].endswith("*")

    def fixed_quant(self, dtype: str) -> QuantParams | None:
        """What an output of this dtype always is, where the operator fixes it.

        uint8 counts from 0 where int8 counts from -128; int16 has 2^15 steps to 1.
        """
        if self.output_quant is None or dtype not in ("int8", "uint8", "int16"):
            return None
        if dtype == "int16":
            return per_tensor(2.0**-15)
        offset = 128 if dtype == "uint8" else 0
        return per_tensor(self.output_quant.scale[0], self.output_quant.zero_point[0] + offset)

    def table_kind(self, dtype: str) -> tuple[str, int] | None:
        """Dtype and length of the table that a node with a first input of `dtype` stores."""
        if dtype == "int16":
            return ("int16", self.table16) if self.table16 else None
        if self.table is None or dtype not in ("int8", "uint8"):
            return None
        return ("float32" if self.table == "float32" else dtype), 256

    def position(self, name: str) -> int:
        """Where the input `name` stands."""
        return self.input_names.index(name)

    def activation_inputs(self, node: Node) -> list[str]:
        """The inputs that flow through the node: not weights, biases, statistics or tables."""
        if self.variadic:
            return [i for i in node.inputs if i is not None]
        pairs = zip(self.input_names, node.inputs, strict=False)
        return [i for role, i in pairs if i is not None and role in ("x", "y")]


FAMILIES: dict[str, tuple[str, ...]] = {
    "layers": (
        *("Dense", "Conv2D", "DepthwiseConv2D", "MaxPool2D", "AveragePool2D"),
        *("Add", "Softmax", "Relu", "Relu6", "Reshape"),
    ),
    "elements": (
        *("BatchNorm", "Sub", "Mul", "Div", "Maximum", "Minimum", "WideSoftmax"),
        *("Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "Elu", "Gelu"),
    ),
    "images": ("TransposeConv2D", "Conv3D", "BatchMatMul", "ResizeNearest", "ResizeBilinear"),
    "math": (
        *("Exp", "Log", "Sqrt", "Square", "Sin", "Cos", "Floor", "Ceil", "Round", "Sign", "Rsqrt"),
        *("Neg", "Abs", "LogicalNot", "Cast", "Prelu", "LogSoftmax", "L2Normalize", "Pow", "Atan2"),
        *("SquaredDifference", "FloorDiv", "FloorMod", "Equal", "NotEqual", "Less", "LessEqual"),
        *("Greater", "GreaterEqual", "LogicalAnd", "LogicalOr", "Select"),
    ),
    "reductions": (
        *("Mean", "Sum", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceAny", "ReduceAll"),
        *("ArgMax", "ArgMin", "CumSum", "TopK", "OneHot"),
    ),
    "slices": (
        *("Concat", "Transpose", "Pad", "Split", "MirrorPad", "Slice", "Gather", "GatherNd"),
        *("Tile", "BroadcastTo", "SpaceToDepth", "DepthToSpace", "SpaceToBatch", "BatchToSpace"),
    ),
    "bits": ("Bitcast", "BitwiseXor"),
    "quantization": ("Quantize", "Dequantize", "Requantize"),
    "control": ("If", "While"),
    "detection": ("DetectionPostProcess", "NonMaxSuppression"),
    "scatter": ("ScatterNd",),
    "recurrent": ("Lstm", "Rnn", "Svdf", "UpdateSlice"),
    "spectra": ("Rfft2D",),
}
"""The operators that each module of this package defines."""


class Operators(Mapping[str, OpSpec]):
    """The facts about every operator, by name.

    A family is imported when one of its operators is first asked for: a network has few of them,
    and a small device feels every module that it imports.
    """

    def __init__(self) -> None:
        self._modules = {name: module for module, names in FAMILIES.items() for name in names}
        self.defined: dict[str, OpSpec] = {}  # of the modules imported so far

    def __getitem__(self, name: str) -> OpSpec:
        if name not in self.defined:
            import_module(f".{self._modules[name]}", __package__)
        return self.defined[name]

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)

    def define(self, op: OpSpec) -> None:
        if op.name in self.defined:
            raise ValueError(f"operator {op.name!r} is defined twice")
        self.defined[op.name] = op


OPS = Operators()
define = OPS.define


def spec(name: str) -> OpSpec:
    """The facts about operator `name`; UnsupportedOperator with the nearest name if unknown."""
    return OPS.defined.get(name) or lookup(OPS, name, "operator")


def attributes(node: Node) -> dict[str, Any]:
    """All attributes of a node, defaults filled in."""
    defaults, given = spec(node.op).defaults, node.attrs
    if not given:
        return defaults.copy()
    return {**defaults, **given}


def infer_shapes(
    op: OpSpec, inputs: Sequence[Value | None], attrs: Mapping[str, Any]
) -> tuple[Shape, ...]:
    """The shapes of the outputs; every result dimension is positive and of sane size."""
    result = op.infer(inputs, attrs)
    for shape in result:
        for d in shape:
            if d is not None and not 0 < d <= LARGEST:
                raise ShapeError(f"the output would have the impossible shape {shape}")
    return result
