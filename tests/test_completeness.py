"""Every operator is asked for every concern: it is there, or its absence has a reason.

To add an operator is to make this test green again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import pytest

from edgekit.export.onnx import ONNX_OPS
from edgekit.export.tflite import TFLITE_OPS
from edgekit.interpreter.kernels import FAMILIES, all_kernels
from edgekit.ir import OPS
from edgekit.ir.ops import FAMILIES as OP_FAMILIES
from edgekit.ir.ops import spec
from edgekit.ir.tables import all_tables
from edgekit.train import ops as _primitives  # noqa: F401  fills the table of primitives
from edgekit.train.tensor import PRIMITIVES
from tests.cases import CASES, INT8_CASES
from tests.material import ROOT

FROM_INTEGERS = "it starts from integers"
NO_DERIVATIVE = "integers have no derivative; training is in real numbers"
NOT_TRAINED = "no layer that we train has it; it comes with the networks of others"
NOT_LAYERS = (
    *("BatchToSpace", "SpaceToBatch", "DepthToSpace", "SpaceToDepth", "GatherNd", "MirrorPad"),
    *("Split", "Tile", "DetectionPostProcess", "NonMaxSuppression", "UpdateSlice", "Atan2"),
    *("FloorMod", "ReduceProd"),
    *("Rfft2D", "Rsqrt", "ScatterNd", "SquaredDifference", "TopK"),
)
STEPS = ("Ceil", "Floor", "FloorDiv", "OneHot", "Round", "Sign")
NO_SLOPE = "it is constant between steps: its derivative is 0"
LOGIC = ("LogicalAnd", "LogicalNot", "LogicalOr", "ReduceAll", "ReduceAny")
TRUTH = "truth values are no numbers"
COMPARISONS = ("Equal", "Greater", "GreaterEqual", "Less", "LessEqual", "NotEqual")
POSITIONS = ("ArgMax", "ArgMin")
DETECTORS = ("DetectionPostProcess", "NonMaxSuppression")
BOXES = "its boxes must make sense together: tests of detectors make them"
RECURRENT = ("Lstm", "Rnn", "Svdf")
CONTROL = ("If", "While")
BITS = ("Bitcast", "BitwiseXor")
MADE_BY_HAND = "its inputs must fit each other: tests/recurrent_graphs.py makes them"
SUBGRAPHS = "it needs subgraphs: test_control.py makes them"
BY_HAND = {**dict.fromkeys(RECURRENT, MADE_BY_HAND), **dict.fromkeys(CONTROL, SUBGRAPHS)}
IN_TWO_DTYPES = "it goes from int8 to int16: test_wide_softmax.py"
FIRST_A_BOOL = "its first input is the condition, a bool"
NO_MEMORY_OF_INPUTS = "ONNX has no operator with a memory of the last inputs"
NO_GRAPHS = "the file holds one graph; ONNX keeps those of If and Loop inside their nodes"
NO_WIDE_SOFTMAX = "ONNX rounds to 8 bits, and these results have 16"
NO_DETECTIONS = "ONNX has nothing that orders boxes alike; export what comes before it"

# The primitive whose derivative belongs to an operator, where it has another name.
PRIMITIVE_OF = {
    "Abs": "absolute",
    "AveragePool2D": "average_pool2d",
    "BatchMatMul": "matmul",
    "BatchNorm": "batch_norm",
    "BroadcastTo": "broadcast_to",
    "Conv2D": "conv2d",
    "DepthwiseConv2D": "depthwise_conv2d",
    "Div": "divide",
    "Gather": "embed",
    "HardSwish": "hard_silu",
    "L2Normalize": "unit_norm",
    "LeakyRelu": "leaky_relu",
    "LogSoftmax": "log_softmax",
    "MaxPool2D": "max_pool2d",
    "Mul": "multiply",
    "Neg": "negative",
    "Pow": "power",
    "ReduceMax": "max",
    "ReduceMin": "min",
    "ResizeBilinear": "resize_images",
    "ResizeNearest": "resize_nearest",
    "Select": "where",
    "Slice": "getitem",
    "Sub": "subtract",
    "TransposeConv2D": "conv2d_transpose",
}


def kernels(dtype: str) -> set[str]:
    return {op for op, of in all_kernels() if of == dtype}


@cache
def derivatives() -> set[str]:
    """The operators whose primitive has a derivative."""
    named = {op: PRIMITIVE_OF.get(op, op.lower()) for op in OPS}
    return {op for op, name in named.items() if has_derivative(PRIMITIVES.get(name))}


def has_derivative(primitive: Any) -> bool:
    return getattr(primitive, "backward", None) is not None


# concern -> where the operators stand that have it, and why others do not
CONCERNS: dict[str, tuple[Collection[str], Mapping[str, str]]] = {
    "float32 kernel": (
        kernels("float32"),
        {
            "Dequantize": FROM_INTEGERS,
            "Requantize": FROM_INTEGERS,
            **dict.fromkeys(LOGIC, TRUTH),
            "BitwiseXor": "real numbers have no such bits",
            "If": FIRST_A_BOOL,
            "WideSoftmax": FROM_INTEGERS,
        },
    ),
    "int8 kernel": (
        kernels("int8"),
        {
            **{op: s.float_only for op, s in OPS.items() if s.float_only},
            "Quantize": "it makes integers from real numbers",
            "If": FIRST_A_BOOL,
        },
    ),
    "lookup table": (
        all_tables(),
        {op: "its int8 kernel computes" for op, s in OPS.items() if s.table is None},
    ),
    "ONNX export": (
        ONNX_OPS,
        {
            **dict.fromkeys(DETECTORS, NO_DETECTIONS),
            **dict.fromkeys(BITS, "ONNX has no operator on bits before opset 18"),
            "Svdf": NO_MEMORY_OF_INPUTS,
            "WideSoftmax": NO_WIDE_SOFTMAX,
            **dict.fromkeys(CONTROL, NO_GRAPHS),
        },
    ),
    "TFLite export": (TFLITE_OPS, {}),
    "test case": (
        {case.op for case in CASES},
        {**dict.fromkeys(DETECTORS, BOXES), "WideSoftmax": IN_TWO_DTYPES, **BY_HAND},
    ),
    "int8 test case": (
        {case.op for case in INT8_CASES},
        {
            **{op: s.float_only for op, s in OPS.items() if s.float_only},
            **BY_HAND,
            "WideSoftmax": IN_TWO_DTYPES,
        },
    ),
    "derivative": (
        derivatives(),
        {
            **dict.fromkeys(("Quantize", "Dequantize", "Requantize"), NO_DERIVATIVE),
            **dict.fromkeys((*NOT_LAYERS, "Rnn", "Svdf", *CONTROL, *BITS), NOT_TRAINED),
            "WideSoftmax": NO_DERIVATIVE,
            **dict.fromkeys(STEPS, NO_SLOPE),
            **dict.fromkeys((*LOGIC, *COMPARISONS), TRUTH),
            **dict.fromkeys(POSITIONS, "a position has no derivative"),
        },
    ),
}


@pytest.mark.parametrize("op", sorted(OPS))
def test_operator_is_complete(op: str) -> None:
    missing = [
        concern for concern, (have, reasons) in CONCERNS.items() if op not in {*have, *reasons}
    ]
    assert not missing, f"{op} has no {', no '.join(missing)}: add it, or give the reason here"


@pytest.mark.parametrize("op", sorted(op for op, s in OPS.items() if not s.subgraphs))
def test_every_dtype_that_an_operator_takes_has_a_kernel(op: str) -> None:
    missing = [dtype for dtype in OPS[op].dtypes if (op, dtype) not in all_kernels()]
    assert not missing, f"{op} takes {missing} and has no kernel for it"


def test_families_say_which_module_defines_an_operator() -> None:
    folder = ROOT / "edgekit" / "ir" / "ops"
    defining = {p.stem for p in folder.glob("[!_]*.py") if "\ndefine(" in p.read_text("utf-8")}
    assert defining == set(OP_FAMILIES)
    for module, operators in OP_FAMILIES.items():
        text = (folder / f"{module}.py").read_text("utf-8")
        assert [op for op in operators if f'"{op}"' not in text] == [], module
    assert [OPS[name].name for name in OPS] == list(OPS)


def test_families_say_which_module_has_kernels_of_an_operator() -> None:
    """Also of those that nothing imports but an operator that needs it."""
    have: dict[str, set[str]] = {}
    for (op, _), found in all_kernels().items():
        have.setdefault(found.__module__.rpartition(".")[2], set()).add(op)
    assert have == {module: set(operators) for module, operators in FAMILIES.items()}
    importing = re.compile(r"^from \. import .*\bkernel\b", re.MULTILINE)
    sources = (ROOT / "edgekit" / "interpreter" / "kernels").glob("[!_]*.py")
    assert {p.stem for p in sources if importing.search(p.read_text("utf-8"))} == set(FAMILIES)


@pytest.mark.parametrize("concern", CONCERNS)
def test_no_reason_outlives_its_cause(concern: str) -> None:
    have, reasons = CONCERNS[concern]
    outdated = set(reasons) & set(have)
    assert not outdated, f"{sorted(outdated)} have a {concern} by now: take their reasons out"
    assert all(reasons.values()), "a reason is a sentence"


@pytest.mark.parametrize("concern", CONCERNS)
def test_no_table_knows_an_operator_that_is_none(concern: str) -> None:
    have, reasons = CONCERNS[concern]
    for op in (set(have) | set(reasons)) - set(OPS):
        spec(op)  # says which name was meant
