"""The TFLite models of the material: expected outputs, inputs, and what LiteRT makes of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgekit.importers.tflite import load_tflite
from edgekit.ir import Graph, Value
from tests import litert
from tests.material import MATERIAL

Array = NDArray[Any]

PATHS = sorted(str(p.relative_to(MATERIAL)) for p in MATERIAL.glob("tflite/**/*.tflite"))

NOT_IN_LITERT = {
    "tflite/tflm/keyword_scrambled_8bit.tflite": "LiteRT corrupts its heap on int8 SVDF memories",
    "tflite/tflm/person_detect.tflite": "LiteRT refuses biases that name axis 3",
}
"""Expected outputs of these are TensorFlow Lite Micro's; no LiteRT runs them."""

WORK = 1e7
"""Elements of activations that a test may go through for one network, over all its inputs."""


def steps(path: str, graph: Graph) -> Iterator[tuple[list[Array], list[Array]]]:
    """The expected inputs and outputs of a model, one call after the other."""
    file = np.load(MATERIAL / "expected" / f"{path}.npz")
    inputs = [file[f"in{i}"] for i in range(len(graph.inputs))]
    outputs = [file[f"out{i}"] for i in range(len(graph.outputs))]
    strides = [f"out{i}_flat_stride" in file.files for i in range(len(outputs))]
    stacked = inputs[0].ndim > len(graph.value(graph.inputs[0]).shape)
    count = len(inputs[0]) if stacked else 1
    for call in range(count):
        pick = (lambda array: array[call]) if stacked else (lambda array: array)  # noqa: B023
        wanted = [
            pick(array).reshape(-1) if strided else pick(array)
            for array, strided in zip(outputs, strides, strict=True)
        ]
        yield [pick(array) for array in inputs], wanted


def kept_elements(path: str, index: int, found: Array) -> Array:
    """An output as the expected one was kept: whole, or every n-th element."""
    file = np.load(MATERIAL / "expected" / f"{path}.npz")
    key = f"out{index}_flat_stride"
    return found.reshape(-1)[:: int(file[key])] if key in file.files else found


def with_open_batch(path: Path, arithmetic: str = "float32") -> Graph:
    """The graph of a file for any batch, whatever batch the file was written for."""
    graph = load_tflite(path, arithmetic=arithmetic)
    shapes = {name: (None, *graph.value(name).shape[1:]) for name in graph.inputs}
    return load_tflite(path, arithmetic=arithmetic, shapes=shapes)


def affordable(graph: Graph, most: int) -> int:
    """How many inputs a test can spend on a network, `most` at most."""
    size = sum(value.elements for value in graph.activations())
    return max(1, min(most, int(WORK / max(1, size))))


def random_inputs(graph: Graph, seed: int, *, smooth: bool) -> list[Array]:
    """Inputs of a graph's own dtypes: uniform over their range, or slowly changing."""
    rng = np.random.default_rng(seed)
    return [_random(graph.value(name), rng, smooth) for name in graph.inputs]


def _random(value: Value, rng: np.random.Generator, smooth: bool) -> Array:
    shape = tuple(1 if d is None else d for d in value.shape)
    unit = _waves(shape, rng) if smooth else rng.uniform(-1.0, 1.0, shape)
    if value.dtype == "bool":
        return unit > 0
    if value.dtype == "float32":
        return unit.astype(np.float32)
    limits = np.iinfo(value.dtype)
    if value.quant is None:
        limits = np.iinfo(np.int8)
    middle, half = (limits.max + limits.min + 1) / 2, (limits.max - limits.min) / 2
    return np.clip(np.floor(middle + half * unit), limits.min, limits.max).astype(value.dtype)


def _waves(shape: Sequence[int], rng: np.random.Generator) -> NDArray[np.float64]:
    """A few waves along each dimension, between -1 and 1 with a level of their own."""
    total = np.zeros(shape)
    for _ in range(3):
        phase = np.full(shape, rng.uniform(0, 2 * math.pi))
        for axis, size in enumerate(shape):
            turns = rng.uniform(0.2, 2.0) * 2 * math.pi / max(size, 2)
            line = [1] * len(shape)
            line[axis] = size
            phase = phase + (turns * np.arange(size)).reshape(line)
        total = total + rng.uniform(0.2, 1.0) * np.sin(phase)
    top = max(float(np.abs(total).max()), 1e-9)
    return total / top * rng.uniform(0.3, 0.8) + rng.uniform(-0.2, 0.2)


class LiteRT:
    """LiteRT on a file, called with lists of arrays."""

    def __init__(self, content: bytes, runtime: str) -> None:
        self.interpreter = litert.interpreter(content, runtime)
        self.interpreter.allocate_tensors()
        self.inputs = self.interpreter.get_input_details()
        self.outputs = self.interpreter.get_output_details()

    def __call__(self, arrays: Sequence[Array]) -> list[Array]:
        for detail, array in zip(self.inputs, arrays, strict=True):
            self.interpreter.set_tensor(detail["index"], array)
        self.interpreter.invoke()
        return [self.interpreter.get_tensor(d["index"]) for d in self.outputs]


def assert_same(found: Array, wanted: Array, tolerance: float = 1e-5) -> None:
    """Equal bits for integers; real numbers within `tolerance` of the largest."""
    assert found.dtype == wanted.dtype
    assert found.shape == wanted.shape
    if wanted.dtype.kind != "f":
        different = int((found != wanted).sum())
        assert not different, f"{different} of {wanted.size} differ"
        return
    finite = np.abs(wanted[np.isfinite(wanted)])
    scale = float(finite.max()) if finite.size else 1.0
    np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance * max(scale, 1e-6))


def is_close(found: Array, wanted: Array, tolerance: float = 1e-5) -> bool:
    """Whether `assert_same` would pass."""
    try:
        assert_same(found, wanted, tolerance)
    except AssertionError:
        return False
    return True


def outputs_of(results: Mapping[str, Array], graph: Graph) -> list[Array]:
    return [results[name] for name in graph.outputs]
