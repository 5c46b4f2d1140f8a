"""Who is nearer to the exact result of a float model: edgekit or LiteRT.

    python benchmarks/float_exactness.py                        # basic_pitch and mnist_resnet_f
    python benchmarks/float_exactness.py cifar10_f --inputs 20

Each model is computed in float64, operator by operator, and edgekit, LiteRT's default runtime and
its reference kernels are held against that: the largest difference as a part of the largest number
of its output, over as many uniform and as many slowly changing inputs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from edgekit.interpreter import Interpreter
from edgekit.ir import Graph, attributes
from tests.material import MATERIAL
from tests.tflite_models import PATHS, LiteRT, outputs_of, random_inputs

Arrays = list[Any]
Attrs = Mapping[str, Any]


def windows(x: Any, size: Any, attrs: Attrs, border: float) -> Any:
    """[batch, height, width, channels, *size]."""
    top, left, bottom, right = attrs["pads"]
    dilations, strides = attrs.get("dilations", (1, 1)), attrs["strides"]
    pads = ((0, 0), (top, bottom), (left, right), (0, 0))
    padded = np.pad(x, pads, constant_values=border)
    whole = tuple((n - 1) * d + 1 for n, d in zip(size, dilations, strict=True))
    seen = np.lib.stride_tricks.sliding_window_view(padded, whole, (1, 2))
    return seen[:, :: strides[0], :: strides[1], :, :: dilations[0], :: dilations[1]]


def convolution(x: Arrays, attrs: Attrs) -> Any:
    taps = windows(x[0], x[1].shape[1:3], attrs, 0.0)
    return np.tensordot(taps, x[1], ((3, 4, 5), (3, 1, 2))) + (x[2] if len(x) > 2 else 0.0)


def depthwise(x: Arrays, attrs: Attrs) -> Any:
    taps = windows(x[0], x[1].shape[1:3], attrs, 0.0)
    repeated = np.repeat(taps, x[1].shape[3] // x[0].shape[3], 3)
    sums = np.einsum("bhwcij,ijc->bhwc", repeated, x[1][0])
    return sums + (x[2] if len(x) > 2 else 0.0)


def pooled(function: Callable[..., Any]) -> Callable[[Arrays, Attrs], Any]:
    return lambda x, a: function(windows(x[0], a["pool"], a, np.nan), axis=(-2, -1))


def reduced(function: Callable[..., Any]) -> Callable[[Arrays, Attrs], Any]:
    return lambda x, a: function(x[0], axis=a["axes"], keepdims=a["keepdims"])


def sliced(x: Arrays, attrs: Attrs) -> Any:
    steps = attrs["steps"] or (1,) * x[0].ndim
    return x[0][
        tuple(
            slice(start, None if size == -1 else start + size * step, step)
            for start, size, step in zip(attrs["starts"], attrs["sizes"], steps, strict=True)
        )
    ]


def softmax(x: Arrays, attrs: Attrs) -> Any:
    powers = np.exp(attrs["beta"] * (x[0] - x[0].max(attrs["axis"], keepdims=True)))
    return powers / powers.sum(attrs["axis"], keepdims=True)


EXACT: dict[str, Callable[[Arrays, Attrs], Any]] = {
    "Conv2D": convolution,
    "DepthwiseConv2D": depthwise,
    "Dense": lambda x, a: x[0] @ x[1].T + (x[2] if len(x) > 2 else 0.0),
    "Add": lambda x, a: x[0] + x[1],
    "Sub": lambda x, a: x[0] - x[1],
    "Mul": lambda x, a: x[0] * x[1],
    "Div": lambda x, a: np.divide(x[0], x[1]),
    "Neg": lambda x, a: -x[0],
    "Square": lambda x, a: x[0] ** 2,
    "Sqrt": lambda x, a: np.sqrt(x[0]),
    "Log": lambda x, a: np.log(x[0]),
    "Relu": lambda x, a: np.maximum(x[0], 0.0),
    "Sigmoid": lambda x, a: 1.0 / (1.0 + np.exp(-x[0])),
    "Softmax": softmax,
    "Maximum": lambda x, a: np.maximum(x[0], x[1]),
    "Minimum": lambda x, a: np.minimum(x[0], x[1]),
    "Mean": reduced(np.mean),
    "Sum": reduced(np.sum),
    "ReduceMax": reduced(np.max),
    "ReduceMin": reduced(np.min),
    "MaxPool2D": pooled(np.nanmax),
    "AveragePool2D": pooled(np.nanmean),
    "Equal": lambda x, a: x[0] == x[1],
    "Select": lambda x, a: np.where(x[2], x[0], x[1]),
    "Concat": lambda x, a: np.concatenate(x, a["axis"]),
    "Transpose": lambda x, a: x[0].transpose(a["perm"]),
    "Pad": lambda x, a: np.pad(x[0], np.reshape(a["pads"], (-1, 2)), constant_values=a["value"]),
    "MirrorPad": lambda x, a: np.pad(x[0], np.reshape(a["pads"], (-1, 2)), mode=a["mode"]),
    "BroadcastTo": lambda x, a: x[0],
    "Slice": sliced,
    "Reshape": lambda x, a: x[0],
}
"""Written for this comparison from the operators' definitions; the kernels are not asked."""


def exact(graph: Graph, inputs: Arrays) -> Arrays:
    """The outputs in float64."""
    values: dict[str, Any] = {c.name: _wide(c.array()) for c in graph.constants()}
    values.update({name: _wide(x) for name, x in zip(graph.inputs, inputs, strict=True)})
    for node in graph.nodes:
        attrs = attributes(node)
        with np.errstate(all="ignore"):
            y = EXACT[node.op]([values[name] for name in node.inputs if name is not None], attrs)
        if attrs.get("activation", "none") != "none":
            y = np.clip(y, 0.0, 6.0 if attrs["activation"] == "relu6" else np.inf)
        shape = [1 if d is None else d for d in graph.value(node.outputs[0]).shape]
        move = np.broadcast_to if node.op == "BroadcastTo" else np.reshape
        values[node.outputs[0]] = move(y, shape)
    return [values[name] for name in graph.outputs]


def _wide(array: Any) -> Any:
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def difference(found: Arrays, wanted: Arrays) -> float:
    return max(
        float(np.abs(one - other).max() / np.abs(other).max())
        for one, other in zip(found, wanted, strict=True)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=["basic_pitch", "mnist_resnet_f"])
    parser.add_argument("--inputs", type=int, default=15, help="of each kind (15)")
    options = parser.parse_args()
    print(f"{'model':26} {'inputs':8} {'edgekit':>19} {'LiteRT default':>19} {'reference':>19}")
    for path in (p for p in PATHS if any(name in p for name in options.names)):
        content = (MATERIAL / path).read_bytes()
        ours = Interpreter(content)
        theirs = [LiteRT(content, runtime) for runtime in ("default", "reference")]
        for smooth in (False, True):
            found: list[list[float]] = [[], [], []]
            for seed in range(options.inputs):
                inputs = random_inputs(ours.graph, seed, smooth=smooth)
                wanted = exact(ours.graph, inputs)
                results = [outputs_of(ours.run(*inputs), ours.graph), *(t(inputs) for t in theirs)]
                for column, outputs in zip(found, results, strict=True):
                    column.append(difference(outputs, wanted))
            cells = [f"{max(c):.1e} ({np.median(c):.1e})" for c in found]
            kind = "smooth" if smooth else "uniform"
            print(f"{path.split('/', 1)[1][:26]:26} {kind:8}", *(f"{c:>19}" for c in cells))
    print("largest of all inputs (median of the largest per input)")


if __name__ == "__main__":
    main()
