"""What a caller gives: number, names, dtypes and shapes are checked; and results as real numbers.

Arrays that are just what the model takes need none of this (`Interpreter.run`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.ir import Graph, Preprocessing, Value, attributes
from edgekit.ir.graph import DTYPES
from edgekit.ir.quant import LIMITS

from .arithmetic import dequantize
from .step import UNSCALED
from .zeros import Zero

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "accept",
    "batch_size",
    "check_names",
    "check_numbers",
    "keeps_samples_apart",
    "preprocessed",
    "quantize",
    "to_float",
    "with_batch",
]

Array = np.ndarray[Any, np.dtype[Any]]


def accept(graph: Graph, inputs: Sequence[Any]) -> list[Array]:
    """All inputs in the graph's order; their number, names, dtypes and shapes are checked.

    inputs: one array per input, or a single mapping by name.
    """
    arrays = [np.asarray(x) for x in _in_order(graph, inputs)]
    values = [graph.values[name] for name in graph.inputs]
    pairs = list(zip(values, arrays, strict=True))
    wrong = [_dtype_problem(*pair) for pair in pairs if not _has_dtype(*pair)]
    if wrong:
        raise InputError("; ".join(wrong))
    wrong = [
        f"input {value.name!r} expects {_text(value.shape)}, received {_text(array.shape)}"
        for value, array in pairs
        if not _fits(value.shape, array.shape)
    ]
    if wrong and graph.states:
        wrong.append("the model keeps memories from call to call: give it one step at a time")
    if wrong:
        raise ShapeError("; ".join(wrong))
    return arrays


def _in_order(graph: Graph, inputs: Sequence[Any]) -> list[Any]:
    if len(inputs) == 1 and isinstance(inputs[0], Mapping):
        given = inputs[0]
        check_names(graph.inputs, given)
        return [given[name] for name in graph.inputs]
    if len(inputs) != len(graph.inputs):
        raise InputError(
            f"the model takes {len(graph.inputs)} inputs {list(graph.inputs)}, "
            f"received {len(inputs)}"
        )
    return list(inputs)


def check_names(known: Iterable[str], given: Iterable[str]) -> None:
    """Raise InputError where inputs by name are missing, or are none of the model's."""
    known, given = list(known), list(given)
    missing = [name for name in known if name not in given]
    unknown = [name for name in given if name not in known]
    if missing or unknown:
        problems = [f"missing {missing}"] * bool(missing) + [f"unknown {unknown}"] * bool(unknown)
        raise InputError(f"inputs by name: {', '.join(problems)}; the model takes {known}")


def _has_dtype(value: Value, array: Array) -> bool:
    """Floats stand for quantized inputs too; other integers are taken where none can be lost."""
    if value.dtype in UNSCALED:
        return np.can_cast(array.dtype, DTYPES[value.dtype], "safe") and array.dtype.kind != "f"
    return array.dtype == DTYPES[value.dtype] or array.dtype.kind == "f"


def _dtype_problem(value: Value, array: Array) -> str:
    if value.dtype in UNSCALED:
        hint = f"; give x.astype({value.dtype!r})" if array.dtype.kind in "iuf" else ""
        return f"input {value.name!r} expects {value.dtype}, received {array.dtype.name}{hint}"
    hint = "float32" if value.dtype == "float32" else f"{value.dtype} or float32"
    return (
        f"input {value.name!r} expects {hint}, received {array.dtype.name}; "
        "convert it to float32 (and preprocess it as in training) first"
    )


def _fits(wanted: Sequence[int | None], shape: Sequence[int]) -> bool:
    if len(wanted) != len(shape) or wanted[1:] != shape[1:]:
        return False
    return not shape or wanted[0] == shape[0] or (wanted[0] is None and shape[0] > 0)


def check_numbers(graph: Graph, arrays: Sequence[Array]) -> None:
    """Raise InputError where a batch that runs in parts holds NaN, as its parts would."""
    for name, array in zip(graph.inputs, arrays, strict=True):
        missing = np.isnan(array) if array.dtype.kind == "f" else np.zeros(0, np.bool_)
        if missing.any():
            first = int(missing.reshape(len(array), -1).any(1).argmax())
            raise InputError(
                f"input {name!r}: {int(missing.sum())} of {array.size} numbers are NaN, the first "
                f"of them in sample {first}"
            )


def batch_size(graph: Graph, arrays: Sequence[Array]) -> int:
    """The size that the caller gave to the open first dimension; 1 if none is open."""
    sizes = [
        len(array)
        for name, array in zip(graph.inputs, arrays, strict=True)
        if graph.values[name].shape[:1] == (None,)
    ]
    if len(set(sizes)) > 1:
        raise ShapeError(f"all inputs must have the same batch size, received {sizes}")
    return sizes[0] if sizes else 1


OVER_ROWS = ("L2Normalize", "LogSoftmax", "WideSoftmax")
"""Operators on the last dimension, which an attribute does not name; it may be the batch."""


def keeps_samples_apart(graph: Graph) -> bool:
    """Whether a batch may be run in parts: no node mixes samples, all outputs have the batch."""
    if graph.subgraphs:  # their conditions look at all samples at once
        return False
    for node in graph.nodes:
        first = node.inputs[0]
        rank = len(graph.value(first).shape) if first is not None else 0
        attrs = attributes(node)
        axes = (*attrs.get("axes", ()), *((attrs["axis"],) if "axis" in attrs else ()))
        axes = (-1,) if node.op in OVER_ROWS else axes
        if rank and any(axis % rank == 0 for axis in axes):
            return False
    ends = (*graph.inputs, *graph.outputs)
    return all(graph.value(name).shape[:1] == (None,) for name in ends)


def with_batch(graph: Graph, inputs: Any) -> tuple[Any, bool]:
    """Inputs by name with a batch dimension, and whether it was added here."""
    given = inputs if isinstance(inputs, Mapping) else None
    names = list(graph.inputs)
    if given is None:
        named = dict(zip(names, _in_order(graph, inputs), strict=True))
    else:
        named = dict(given)
    arrays = {name: np.asarray(x) for name, x in named.items()}
    known = [name for name in names if name in arrays]
    single = bool(known) and all(
        arrays[name].ndim == len(graph.value(name).shape) - 1 for name in known
    )
    if single:
        arrays = {name: array[np.newaxis] for name, array in arrays.items()}
    return arrays, single


def preprocessed(rule: Preprocessing | None, raw: ArrayLike) -> NDArray[np.float32]:
    """`(raw - mean) / std` in float32, or `raw` where there is no rule."""
    values = np.asarray(raw, np.float32)
    if rule is None:
        return values
    mean, std = np.array(rule.mean, np.float32), np.array(rule.std, np.float32)
    if len(mean) > 1 and values.shape[-1:] != mean.shape:
        raise InputError(f"preprocessing expects {len(mean)} channels last, not {values.shape}")
    return np.asarray((values - mean) / std, np.float32)


def quantize(value: Value, u: Array, zero: Zero) -> None:
    """Real numbers become integers in their place: `rint(x * f32(1/s))`, clipped, from `zero`."""
    assert value.quant is not None
    low, high = (limit - value.quant.zero_point[0] for limit in LIMITS[value.dtype])
    np.multiply(u, np.float32(1.0) / np.float32(value.quant.scale[0]), u)
    np.rint(u, u)
    np.clip(u, np.float32(low), np.float32(high), u)
    if zero:
        np.add(u, np.float32(zero), u)


def to_float(value: Value, array: Array) -> NDArray[np.float32]:
    """A public array as real numbers."""
    if value.quant is None or value.dtype == "float32":
        return array.astype(np.float32)
    return dequantize(array, value.quant)


def _text(shape: Sequence[int | None]) -> str:
    return "[" + ", ".join("any" if d is None else str(d) for d in shape) + "]"
