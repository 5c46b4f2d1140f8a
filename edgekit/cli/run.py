"""Run a model on arrays or pictures and print what it says, best classes first."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgekit.errors import EdgekitError, InputError

from .arrays import TARGETS, check_arrays_output, read_data, write_arrays
from .model import add_tflite_choices, open_interpreter, tflite_choices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgekit.interpreter import Interpreter
    from edgekit.ir import Value

    from .arrays import Data

    Array = NDArray[Any]

__all__ = ["SUMMARY", "add_arguments", "run"]

SUMMARY = "run the model on arrays or pictures"
SHOWN = 20
CLIPPED = 0.01
"""The share of an input that may lie beyond the range of calibration without a word."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="a model file")
    parser.add_argument(
        "--input",
        type=Path,
        required=True,
        metavar="FILE",
        help=".npy, .npz or .csv; real numbers as in training, uint8 pixels to which the model's "
        "preprocessing is applied, or the integers that the model stores; or a picture, or a "
        "folder of pictures; with labels (array y, subfolders) the accuracy is printed",
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help=".npy or .npz for all outputs")
    parser.add_argument("--top", type=int, default=5, metavar="N", help="classes to print (5)")
    add_tflite_choices(parser)


def run(options: argparse.Namespace) -> int:
    if options.top < 1:
        raise InputError(f"--top is a number of classes, 1 or more, received {options.top}")
    if options.output is not None:
        check_arrays_output(options.output, options.model, options.input)
    interpreter = open_interpreter(options.model, **tflite_choices(options))
    data = read_data(options.input, interpreter.graph, interpreter.labels)
    outputs = _predict(interpreter, _preprocessed(interpreter, data.inputs))
    if options.output is not None:
        write_arrays(options.output, outputs)
    for line in _lines(interpreter, outputs, options.top, data.files):
        print(line)
    if TARGETS in data.rest:
        print(*_accuracy(data, outputs), sep="\n")
    if options.output is not None:
        print(f"wrote {options.output}")
    return 0


def _accuracy(data: Data, outputs: Mapping[str, Array]) -> Iterator[str]:
    """How many outputs agree with the labels of the data."""
    from edgekit.quantize.gate import score

    if data.line:
        yield data.line
    name, answers = next(iter(outputs.items()))
    which = f"output {name!r}: " if len(outputs) > 1 else ""
    try:
        metric, share = score(answers, data.rest[TARGETS])
    except EdgekitError as error:
        yield f"{which}not scored: {error}"
    else:
        yield f"{which}{metric} {share:.2%} on {len(answers):,} samples"


def _preprocessed(interpreter: Interpreter, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """uint8 arrays are raw pixels where the model stores no uint8 itself."""
    ready = dict(arrays)
    for name, array in arrays.items():
        value = interpreter.graph.value(name)
        raw = array.dtype.name == "uint8" != value.dtype
        if raw and interpreter.metadata.preprocessing is not None:
            ready[name] = interpreter.preprocess(array)
            print(f"input {name!r}: raw uint8, the model's preprocessing was applied")
        elif raw and (value.dtype == "float32" or value.quant is not None):
            raise InputError(
                f"input {name!r} expects {value.dtype}, received uint8, raw pixels, and the model "
                "does not say which numbers it was trained on for them; give it the rule (edgekit "
                "convert --mean, --std), or those numbers as float32 in a .npz file"
            )
        for line in _clipped(interpreter.graph.value(name), ready[name]):
            print(line)
    return ready


def _clipped(value: Value, array: Array) -> Iterator[str]:
    """A line where much of an input is beyond what its integers can hold."""
    from edgekit.interpreter.arithmetic import dequantize
    from edgekit.ir.quant import LIMITS

    if value.quant is None or array.dtype.kind != "f" or not array.size:
        return
    import numpy as np

    low, high = dequantize(np.array(LIMITS[value.dtype]), value.quant).tolist()
    beyond = float(np.mean((array < low) | (array > high)))
    if beyond > CLIPPED:
        span = f"which go from {array.min():.4g} to {array.max():.4g}"
        yield (
            f"input {value.name!r}: {beyond:.0%} of the numbers, {span}, lie beyond {low:.4g} to "
            f"{high:.4g}, all that the model stores, and were clipped; are they scaled as in "
            "training?"
        )


def _predict(interpreter: Interpreter, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Outputs as real numbers, always with a batch dimension.

    A model for one sample at a time gets several in turn: steps of a sequence if it has memories.
    """
    import numpy as np

    graph = interpreter.graph
    single = all(a.ndim == len(graph.value(name).shape) - 1 for name, a in arrays.items())
    batch = {name: a[np.newaxis] if single else a for name, a in arrays.items()}
    counts = {len(array) if array.ndim else 0 for array in batch.values()}
    if len(counts) == 1 and all(graph.value(name).shape[:1] == (1,) for name in batch):
        rows = range(counts.pop())
        found = [interpreter.predict({n: a[i : i + 1] for n, a in batch.items()}) for i in rows]
    else:
        found = [interpreter.predict(batch)]
    named = [one if isinstance(one, dict) else {graph.outputs[0]: one} for one in found]
    return {name: np.concatenate([one[name] for one in named]) for name in graph.outputs}


def _lines(
    interpreter: Interpreter, outputs: Mapping[str, Array], top: int, files: Sequence[str]
) -> Iterator[str]:
    for name, array in outputs.items():
        if len(outputs) > 1:
            yield f"output {name!r}:"
        scores = array.ndim == 2 and array.shape[1] > 1
        for index, sample in enumerate(array[:SHOWN]):
            text = _best(sample, interpreter.labels, top) if scores else _summary(sample)
            yield f"{files[index] if files else f'sample {index}'}: {text}"
        if len(array) > SHOWN:
            yield f"and {len(array) - SHOWN} more samples; --output FILE holds them all"


def _best(scores: Array, labels: Sequence[str], top: int) -> str:
    """The classes with the highest scores; of equal ones, the lower number first."""
    order = (-scores).argsort(kind="stable")[:top]
    share = bool((scores >= 0).all() and (scores <= 1).all())
    parts = []
    for index in order:
        name = labels[index] if len(labels) == len(scores) else f"class {index}"
        parts.append(f"{name} {scores[index]:.1%}" if share else f"{name} {scores[index]:.4g}")
    return ", ".join(parts)


def _summary(sample: Array) -> str:
    if sample.size <= 8:
        return " ".join(f"{number:.6g}" for number in sample.reshape(-1))
    return (
        f"shape {list(sample.shape)}, {sample.min():.4g} to {sample.max():.4g}, "
        f"mean {sample.mean():.4g}"
    )
