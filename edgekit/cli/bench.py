"""Time a model on this machine: whole inferences, each operator, and the memory they take."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.errors import InputError

from .model import add_tflite_choices, open_interpreter, tflite_choices
from .table import aligned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgekit.interpreter import Interpreter, Profile

__all__ = ["SUMMARY", "add_arguments", "run"]

SUMMARY = "time the model on this machine"
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a model file")
    parser.add_argument("--runs", type=int, default=200, metavar="N", help="inferences (200)")
    parser.add_argument("--batch", type=int, default=1, metavar="N", help="samples at once (1)")
    parser.add_argument(
        "--explain", action="store_true", help="say how each layer is computed, and why"
    )
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="BLAS threads (1)")
    add_tflite_choices(parser)


def run(options: argparse.Namespace) -> int:
    for name in ("runs", "batch", "threads"):
        if getattr(options, name) < 1:
            raise InputError(f"--{name} is 1 or more, received {getattr(options, name)}")
    # A BLAS reads these once, when numpy loads it.
    late = "numpy" in sys.modules
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(options.threads)

    from edgekit.interpreter import profile

    interpreter = open_interpreter(options.model, **tflite_choices(options))
    if options.explain:
        for line in _variants(interpreter, options.batch):
            print(line)
        return 0
    result = profile(interpreter, _inputs(interpreter, options.batch), options.runs)
    threads = "as set before numpy was loaded" if late else str(options.threads)
    print(f"{options.model.name}: {result.runs} runs, batch {options.batch}, threads: {threads}")
    for line in (*_latency(result), "", *_operators(result), "", *_memory(interpreter, result)):
        print(line)
    return 0


def _variants(interpreter: Interpreter, batch: int) -> list[str]:
    """For each layer: the way it is computed, the calls that takes, and the reason."""
    plan, graph = interpreter.make_plan(batch), interpreter.graph
    rows = [("layer", "operator", "output", "calls", "way", "because")]
    for step in plan.steps:
        name = step.node.outputs[0]
        shape = "x".join(map(str, plan.arena.shape(name)[1:]))
        full = "x".join(map(str, graph.value(name).shape[1:]))
        shape = shape if shape == full else f"{shape} of {full}"
        way = ("", "") if step.variant is None else (step.variant.name, step.variant.reason)
        if not step.calls:
            way = "nothing to do", "the output views the input's elements"
        rows.append((step.node.name, step.node.op, shape, str(len(step.calls)), *way))
    return aligned(rows, right=(3,))


def _inputs(interpreter: Interpreter, batch: int) -> dict[str, NDArray[Any]]:
    """The model's first test vector, repeated; random numbers where it has none."""
    import numpy as np

    graph, rng = interpreter.graph, np.random.default_rng(0)
    arrays = {}
    for name in graph.inputs:
        value = graph.value(name)
        if value.shape[:1] != (None,) and batch != 1:
            raise InputError(f"input {name!r} has the fixed shape {value.shape}; leave out --batch")
        if interpreter.metadata.test_vectors:
            one = interpreter.metadata.test_vectors[0].inputs[name]
        else:
            # Integers without a scale count or choose something: zero always does.
            one = rng.random([d or 1 for d in value.shape], np.float32)
            real = value.dtype == "float32" or value.quant is not None
            one = one if real else np.zeros(one.shape, value.dtype)
        arrays[name] = np.repeat(one[:1], batch, axis=0) if value.shape[:1] == (None,) else one
    return arrays


def _latency(result: Profile) -> list[str]:
    rows = [("fastest", result.minimum), ("p50", result.p50), ("p99", result.p99)]
    return aligned([(name, f"{micros / 1000:.3f} ms") for name, micros in rows], right=(1,))


def _operators(result: Profile) -> list[str]:
    """Microseconds and share by operator, the slowest first, then by layer."""
    total = sum(step.microseconds for step in result.steps) or 1.0
    counts: dict[str, int] = {}
    for step in result.steps:
        counts[step.op] = counts.get(step.op, 0) + 1
    rows = [("operator", "layers", "us", "share")]
    rows += [
        (op, str(counts[op]), f"{micros:.1f}", f"{micros / total:.1%}")
        for op, micros in result.by_operator().items()
    ]
    layers = [("layer", "operator", "us", "share")]
    layers += [
        (step.layer, step.op, f"{step.microseconds:.1f}", f"{step.microseconds / total:.1%}")
        for step in result.steps
    ]
    return [*aligned(rows, right=(1, 2, 3)), "", *aligned(layers, right=(2, 3))]


def _memory(interpreter: Interpreter, result: Profile) -> list[str]:
    constants = sum(value.array().nbytes for value in interpreter.graph.constants())
    rows = [
        ("constants", f"{constants:,} bytes"),
        ("activations", f"{result.arena_bytes:,} bytes"),
        ("scratch", f"{result.scratch_bytes:,} bytes"),
    ]
    peak = _peak_bytes()
    if peak is not None:
        rows.append(("whole process at its peak", f"{peak:,} bytes"))
    return aligned(rows, right=(1,))


def _peak_bytes() -> int | None:
    """The largest resident size of this process; None where the system does not say."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
