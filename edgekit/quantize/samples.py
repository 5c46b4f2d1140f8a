"""Calibration and evaluation data in one form, whatever a person hands over, and checked."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.errors import QuantizationError, ShapeError
from edgekit.frozen import Frozen
from edgekit.ir import Graph, Preprocessing, Value, plan_memory
from edgekit.ir.quant import LIMITS

__all__ = ["Batch", "Samples", "fed_dtype", "gather", "preprocess"]

Array = NDArray[Any]
Batch = dict[str, Array]

BATCH_ELEMENTS = 2**24
"""How many float32 elements the activations of one batch may hold (64 MiB)."""
LARGEST_BATCH = 32


class Samples(Frozen, eq=False):
    """Arrays by input name, in the dtypes of a float graph, with the same leading `count`.

    `preprocessed` says that the model's preprocessing was applied to raw uint8 data.
    """

    arrays: Mapping[str, Array]
    count: int
    what: str
    preprocessed: bool = False

    def batches(self, graph: Graph) -> Iterator[tuple[int, int, Batch]]:
        """`(start, real, arrays)`: batches that the graph takes and that memory holds.

        A graph with a fixed batch gets full batches: the last sample is repeated to fill the last
        one, and `real` says how many of its samples count.
        """
        fixed = [graph.value(name).shape[0] for name in graph.inputs]
        wanted = next((batch for batch in fixed if batch is not None), None)
        elements = max(1, plan_memory(graph).size)
        size = wanted or max(1, min(LARGEST_BATCH, BATCH_ELEMENTS // elements))
        for start in range(0, self.count, size):
            rows = np.arange(start, min(start + size, self.count))
            real = len(rows)
            if wanted is not None and real < wanted:
                rows = np.concatenate([rows, np.repeat(rows[-1:], wanted - real)])
            yield start, real, {name: array[rows] for name, array in self.arrays.items()}

    def first(self, count: int) -> Samples:
        """The first `count` samples."""
        arrays = {name: array[:count] for name, array in self.arrays.items()}
        return Samples(arrays, min(count, self.count), self.what, self.preprocessed)

    def digest(self) -> str:
        """The SHA-256 of names, shapes and little-endian contents, in the order of the inputs."""
        digest = hashlib.sha256()
        for name, array in self.arrays.items():
            digest.update(f"{name}{array.dtype.name}{array.shape}".encode())
            digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
        return digest.hexdigest()


def preprocess(raw: Array, rule: Preprocessing) -> NDArray[np.float32]:
    """`(raw - mean) / std` in float32, one number or one per channel of the last dimension."""
    mean, std = np.array(rule.mean, np.float32), np.array(rule.std, np.float32)
    return np.asarray((raw.astype(np.float32) - mean) / std, np.float32)


def gather(
    graph: Graph, data: object, what: str, preprocessing: Preprocessing | None = None
) -> Samples:
    """Data of the caller as Samples for a float graph.

    `data` is an array (sample dimension first) for a model with one input; a mapping from input
    name to such arrays; a list or tuple of them, one per input; or an iterable of samples, each an
    array without sample dimension (or with: a batch), a mapping or a tuple with one per input;
    or a function that gives such an iterable, as TFLite's `representative_dataset`.
    uint8 data are raw: `preprocessing` is applied to them if there is one. Raises ShapeError for
    shapes, dtypes and names that do not fit, all of them at once, and QuantizationError for an
    empty set.
    """
    inputs = [graph.value(name) for name in graph.inputs]
    if preprocessing is not None:
        _check_preprocessing(inputs, preprocessing)
    columns = _columns(inputs, data, what)
    problems: list[str] = []
    arrays: dict[str, Array] = {}
    preprocessed = False
    for value in inputs:
        array = columns[value.name]
        raw = array.dtype == np.uint8 and value.dtype != "uint8"
        if raw and preprocessing is not None:
            array, preprocessed = preprocess(array, preprocessing), True
        problem = _problem(value, array)
        if problem:
            problems.append(f"{what} data for input {value.name!r}: {problem}")
        else:
            with np.errstate(over="ignore"):  # calibration names what became infinite
                arrays[value.name] = np.asarray(array, _taken_dtype(value, array))
    if problems:
        raise ShapeError("; ".join(problems))
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        raise ShapeError(f"{what} data: the inputs differ in their number of samples: {counts}")
    count = next(iter(counts.values()), 0)
    if count == 0:
        raise QuantizationError(f"the {what} data are empty: there is not one sample")
    return Samples(arrays, count, what, preprocessed)


def _check_preprocessing(inputs: Sequence[Value], rule: Preprocessing) -> None:
    """One number, or one per channel, or numpy would stretch the data to the rule's length."""
    channels = {value.shape[-1] for value in inputs if len(value.shape) > 1}
    for name, numbers in (("mean", rule.mean), ("std", rule.std)):
        if len(numbers) != 1 and channels != {len(numbers)}:
            wanted = " or ".join(str(c) for c in sorted(c for c in channels if c is not None))
            raise ShapeError(
                f"preprocessing: {name} holds {len(numbers)} numbers; expected 1, or one for each "
                f"channel ({wanted})"
            )
        if not np.isfinite(numbers).all() or (name == "std" and not all(n > 0 for n in numbers)):
            raise ShapeError(f"preprocessing: {name} cannot be {numbers}")


def _columns(inputs: Sequence[Value], data: object, what: str) -> dict[str, Array]:
    """One array per input, sample dimension first; shapes are checked later."""
    names = [value.name for value in inputs]
    if isinstance(data, Mapping):
        missing = [name for name in names if name not in data]
        extra = [str(name) for name in data if name not in names]
        if missing or extra:
            raise ShapeError(
                f"{what} data: the model's inputs are {', '.join(names)}; received "
                f"{', '.join(map(str, data)) or 'nothing'}"
            )
        return {name: np.asarray(data[name]) for name in names}
    if hasattr(data, "__array__") or isinstance(data, np.ndarray):
        if len(inputs) != 1:
            raise ShapeError(
                f"{what} data: the model has {len(inputs)} inputs ({', '.join(names)}); give a "
                "mapping from each name to its array"
            )
        return {names[0]: np.asarray(data)}
    if callable(data) and not isinstance(data, Iterable):
        data = data()  # TFLite's representative_dataset
    if isinstance(data, str | bytes | os.PathLike) or not isinstance(data, Iterable):
        raise ShapeError(
            f"{what} data: expected arrays, received {type(data).__name__}; numpy.load reads "
            "arrays from files"
        )
    items = list(data)
    if not items:
        raise QuantizationError(f"the {what} data are empty: there is not one sample")
    if _one_per_input(inputs, items):
        return dict(zip(names, map(np.asarray, items), strict=True))
    return _stacked(inputs, items, what)


def _one_per_input(inputs: Sequence[Value], items: Sequence[object]) -> bool:
    """Whether a list holds one array per input rather than samples."""
    if len(items) != len(inputs) or any(isinstance(i, Mapping | tuple | list) for i in items):
        return False
    ranks = [np.ndim(item) for item in items]  # type: ignore[arg-type]
    return ranks == [len(value.shape) for value in inputs]


def _stacked(inputs: Sequence[Value], items: Sequence[Any], what: str) -> dict[str, Array]:
    """The samples of an iterable, one array per input."""
    parts: dict[str, list[Array]] = {value.name: [] for value in inputs}
    for index, item in enumerate(items):
        if isinstance(item, Mapping):
            given = [item.get(value.name) for value in inputs]
        else:
            given = list(item) if _holds_inputs(inputs, item) else [item]
        if len(given) != len(inputs) or any(part is None for part in given):
            names = ", ".join(value.name for value in inputs)
            raise ShapeError(f"{what} sample {index} does not hold one array for each of: {names}")
        for value, part in zip(inputs, given, strict=True):
            array = np.asarray(part)
            if array.ndim == len(value.shape) - 1:
                array = array[np.newaxis]
            shape = parts[value.name][0].shape[1:] if parts[value.name] else value.shape[1:]
            if array.shape[1:] != shape:
                raise ShapeError(
                    f"{what} sample {index} for input {value.name!r}: expected the shape "
                    f"{_text(value.shape[1:])}, received {_text(np.asarray(part).shape)}"
                )
            parts[value.name].append(array)
    return {name: np.concatenate(arrays) for name, arrays in parts.items()}


def _holds_inputs(inputs: Sequence[Value], item: object) -> bool:
    """Whether a sample is a list with one array per input, rather than numbers of the only one."""
    if not isinstance(item, tuple | list):
        return False
    return len(inputs) > 1 or (len(item) == 1 and np.ndim(item[0]) == len(inputs[0].shape))


def fed_dtype(value: Value) -> str:
    """What an input is fed with: float32, or the integers that it counts in."""
    return value.dtype if _counts(value) else "float32"


def _taken_dtype(value: Value, array: Array) -> str:
    """An input of a quantized graph takes its own integers, too."""
    return value.dtype if array.dtype.name == value.dtype else fed_dtype(value)


def _counts(value: Value) -> bool:
    """Whether integers of an input stand for themselves: words, classes, positions."""
    return value.dtype in LIMITS and value.quant is None


def _problem(value: Value, array: Array) -> str:
    """Why an array cannot be fed to an input of a float graph, and what would help."""
    dtypes = " or ".join(dict.fromkeys((fed_dtype(value), value.dtype)))
    wanted = f"expected {dtypes} [samples, {_text(value.shape[1:])[1:]}"
    received = f"received {array.dtype.name} {_text(array.shape)}"
    if array.shape == value.shape[1:]:
        return f"{wanted}, {received}: one sample without a sample dimension; give x[None]"
    if (*array.shape, 1) == (len(array) if array.ndim else 0, *value.shape[1:]):
        return f"{wanted}, {received}: the channel is missing; give x[..., None]"
    if array.ndim != len(value.shape) or array.shape[1:] != value.shape[1:]:
        return f"{wanted}, {received}{_reshaping(value, array)}"
    if _counts(value):
        return _integer_problem(value, array, f"{wanted}, {received}")
    if array.dtype.kind != "f" and array.dtype.name != value.dtype:
        help_ = (
            "raw pixels need the model's preprocessing (--mean, --std); or give the numbers that "
            "the model was trained on, as float32 (for example x.astype('float32') / 255)"
        )
        return f"{wanted}, {received}: {help_ if array.dtype.kind in 'iu' else 'give numbers'}"
    return ""


def _reshaping(value: Value, array: Array) -> str:
    """What brings channels from the front to the back, or flat samples into their shape."""
    shape = value.shape[1:]
    if array.ndim == 4 and (*array.shape[2:], array.shape[1]) == shape:
        return ": the channels come last here; give x.transpose(0, 2, 3, 1)"
    if array.ndim == 2 and len(shape) > 1 and array.shape[1] == math.prod(s or 0 for s in shape):
        return f": give x.reshape({', '.join(map(str, (-1, *shape)))})"
    return ""


def _integer_problem(value: Value, array: Array, what: str) -> str:
    """Integers of any width will do, and whole numbers in floats, as long as each fits."""
    takes = "the input takes integers, such as the numbers of words or classes"
    if array.dtype.kind not in "iuf":
        return f"{what}: {takes}"
    if array.dtype.kind == "f":
        broken = array[array != np.rint(array)]  # NaN among them
        if broken.size:
            return f"{what} with {float(broken.flat[0]):g}, which is no whole number: {takes}"
    low, high = LIMITS[value.dtype]
    if array.size and (array.min().item() < low or array.max().item() > high):
        return f"{what} with numbers beyond {low} to {high}"
    return ""


def _text(shape: Sequence[int | None]) -> str:
    return "[" + ", ".join("?" if d is None else str(d) for d in shape) + "]"
