"""Replay a model's test vectors: does it compute here what it computed where it was converted?

A test vector holds inputs, outputs and a CRC-32 of every activation on the way that must be the
same bits everywhere: those that integers and single float32 operations alone have made. What
float kernels compute may differ in the last bits between processors; such outputs are compared
within a tolerance.

The test vectors of a model with memories are the calls of one sequence, at least two, replayed
from the initial memories on.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.errors import InputError
from edgekit.frozen import Frozen
from edgekit.ir import Graph, Node, TestVector

from .interpreter import Interpreter, Observer, Source

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Difference", "Verification", "record_test_vectors", "verify"]

Array = np.ndarray[Any, np.dtype[Any]]

TOLERANCE = 1e-4
"""Of the largest magnitude of a float output: float32 sums in another order stay far below it."""

MOVING = (
    *("Reshape", "Transpose", "Pad", "MirrorPad", "Slice", "Concat", "Split", "Gather", "GatherNd"),
    *("Tile", "BroadcastTo", "SpaceToDepth", "DepthToSpace", "SpaceToBatch", "BatchToSpace"),
    *("ResizeNearest", "MaxPool2D", "ReduceMax", "ReduceMin", "Select", "OneHot", "TopK", "Cast"),
)


class Difference(Frozen):
    """Where a replay first left its record.

    vector: number of the test vector, from 0. layer: the first layer, in order of execution, whose
    result differs (an input's own name if the inputs differ), and value: what that result is
    called. output, element, expected, received: the first differing element of the first
    differing output, by its flat index; None and empty where every output is right.
    """

    vector: int
    layer: str
    value: str
    output: str | None = None
    element: int | None = None
    expected: float | None = None
    received: float | None = None
    count: int = 0

    def __str__(self) -> str:
        text = f"first differs at layer {self.layer} (test vector {self.vector})"
        if self.output is None:
            return f"{text}; the outputs are equal"
        return (
            f"{text}; output {self.output}, element {self.element}: {self.received:g}, "
            f"expected {self.expected:g} ({self.count} elements differ)"
        )


class Verification(Frozen):
    """The result of a replay. `checked` counts activations compared, bit for bit, by checksum.

    `near` are outputs that layers in float have computed: they were compared within a tolerance.
    """

    vectors: int
    checked: int
    difference: Difference | None = None
    near: tuple[str, ...] = ()

    @property
    def bit_exact(self) -> bool:
        return self.difference is None

    def __bool__(self) -> bool:
        return self.bit_exact

    def __str__(self) -> str:
        if self.difference is not None:
            return str(self.difference)
        plural = "s" if self.vectors != 1 else ""
        what = f"{self.vectors} test vector{plural}, {self.checked} activations"
        if self.near:
            names = ", ".join(map(repr, self.near))
            return (
                f"equal here ({what} bit for bit; computed in float and within {TOLERANCE:g} of "
                f"the largest number: {names})"
            )
        return f"bit-exact here ({what})"


def verify(source: Source | Interpreter) -> Verification:
    """Replay all test vectors of a model, up to the first that differs.

    source: a `.edge` file, its bytes, a graph or an interpreter, whose memories are left alone.
    Raises InputError if the model holds no test vectors.
    """
    interpreter = source if isinstance(source, Interpreter) else Interpreter(source)
    if interpreter is source and interpreter.graph.states:
        interpreter = Interpreter(interpreter.graph)
    vectors = interpreter.metadata.test_vectors
    if not vectors:
        raise InputError(
            "the model holds no test vectors: edgekit convert records them in the .edge file that "
            "it makes, also of a model that is quantized already"
        )
    checked = 0
    for number, vector in enumerate(vectors):
        outputs, checksums = _replay(interpreter, vector.inputs)
        known = [name for name in checksums if name in vector.checksums]
        checked += len(known)
        wrong = [name for name in known if checksums[name] != vector.checksums[name]]
        difference = _first_difference(interpreter.graph, number, vector, outputs, wrong)
        if difference is not None:
            return Verification(number + 1, checked, difference)
    near = [
        name
        for name in interpreter.graph.outputs
        if name not in vectors[0].checksums and interpreter.graph.value(name).dtype == "float32"
    ]
    return Verification(len(vectors), checked, None, tuple(near))


def record_test_vectors(
    graph: Graph, inputs: Sequence[Mapping[str, ArrayLike]]
) -> tuple[TestVector, ...]:
    """Run each set of inputs once and write down what came out, and the checksums on the way.

    inputs: by name, with the batch dimension, as `Interpreter.run` takes them; for a model with
    memories the calls of one sequence, in order. Raises what `run` raises, and InputError for a
    sequence of a single call, which would not show what becomes of the memories.
    """
    if graph.states and len(inputs) < 2:
        raise InputError(
            f"the model keeps memories between calls: its test vectors are a sequence of 2 calls "
            f"or more, received {len(inputs)}"
        )
    interpreter = Interpreter(graph)
    exact = exact_activations(graph)
    vectors = []
    for given in inputs:
        stored: dict[str, Array] = {}

        def keep_inputs(name: str, array: Array, stored: dict[str, Array] = stored) -> None:
            if name in graph.inputs:  # a large batch arrives in parts
                stored[name] = np.concatenate([stored[name], array]) if name in stored else array

        outputs, checksums = _replay(interpreter, given, keep_inputs)
        kept = {name: crc for name, crc in checksums.items() if name in exact}
        vectors.append(TestVector(stored, outputs, kept))
    return tuple(vectors)


def exact_activations(graph: Graph) -> set[str]:
    """The activations that are the same bits on every machine.

    Inputs; integers made from exact values; and floats that were only moved, or dequantized. A
    memory is exact if it becomes something exact.
    """
    exact: set[str] = set()
    lost: set[str] = set()  # memories that become something inexact
    while True:
        exact = set(graph.entries) - lost | {value.name for value in graph.constants()}
        for node in graph.nodes:
            if all(name is None or name in exact for name in node.inputs):
                exact.update(output for output in node.outputs if _stays_exact(graph, node, output))
        more = {state.value for state in graph.states if state.next not in exact} - lost
        if not more:
            return exact
        lost |= more


def _stays_exact(graph: Graph, node: Node, output: str) -> bool:
    """Whether exact inputs give the same bits of this output everywhere."""
    result = graph.value(output)
    return result.dtype != "float32" or node.op in (*MOVING, "Dequantize")


def _replay(
    interpreter: Interpreter, inputs: Mapping[str, ArrayLike], also: Observer | None = None
) -> tuple[dict[str, Array], dict[str, int]]:
    """Outputs, and a checksum of every activation in order of execution."""
    checksums: dict[str, int] = {}

    def observe(name: str, array: Array) -> None:
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        checksums[name] = zlib.crc32(np.ascontiguousarray(little).tobytes(), checksums.get(name, 0))
        if also is not None:
            also(name, array)

    return interpreter.run(inputs, observe=observe), checksums


def _first_difference(
    graph: Graph,
    number: int,
    vector: TestVector,
    outputs: Mapping[str, Array],
    wrong: Sequence[str],
) -> Difference | None:
    found = None
    for name in graph.outputs:
        expected, received = vector.outputs[name], outputs[name]
        differs = _differs(expected, received)
        if differs.any():
            index = int(np.flatnonzero(differs)[0])
            values = float(expected.reshape(-1)[index]), float(received.reshape(-1)[index])
            found = (name, index, *values, int(differs.sum()))
            break
    if found is None and not wrong:
        return None
    first = wrong[0] if wrong else str(found[0] if found else "")
    producer = graph.producers().get(first)
    layer = first if producer is None else producer.name or first
    return Difference(number, layer, first, *(found or ()))


def _differs(expected: Array, received: Array) -> Array:
    """Which elements differ: any bit of an integer, floats beyond the tolerance."""
    if expected.dtype.kind != "f":
        return np.asarray(expected != received)
    scale = np.abs(expected).max(initial=0.0)
    return np.asarray(~np.isclose(received, expected, rtol=0.0, atol=TOLERANCE * scale))
