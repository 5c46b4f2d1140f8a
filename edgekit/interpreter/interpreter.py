"""Run a model: the Interpreter, and what it accepts and refuses at its door."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgekit.errors import InputError
from edgekit.ir import Graph, MemoryPlan, Metadata, plan_memory, validate

from . import door
from .plan import ExecutionPlan, make_plan

__all__ = ["Interpreter", "Observer"]

Array = NDArray[Any]
Observer = Callable[[str, Array], None]

LARGEST_BATCH = 32  # more samples run in chunks: the arena grows with the batch
KEPT_PLANS = 3


class Interpreter:
    """Runs a model with numpy alone, the same bits on every machine.

    >>> interpreter = Interpreter("model.edge")
    >>> interpreter.predict(images)          # float32 [n, classes]
    >>> interpreter.run(images)["scores"]    # in the model's own dtype, here int8

    source: a `.edge` file, its bytes, or a graph. Raises ModelFormatError for a bad file,
    ShapeError for an invalid graph, UnsupportedOperator where a layer has no kernel.
    One interpreter serves one thread at a time. Arrays that it returns are copies.
    """

    def __init__(self, source: str | os.PathLike[str] | bytes | Graph) -> None:
        self.graph: Graph
        self.memory: MemoryPlan
        if isinstance(source, Graph):
            validate(source)
            self.graph, self.memory = source, plan_memory(source)
        else:
            from .reader import read_edge

            file = read_edge(source if isinstance(source, bytes) else Path(source))
            self.graph, self.memory = file.graph, file.plan
        self._plans: dict[int, ExecutionPlan] = {}
        self._chunked = door.keeps_samples_apart(self.graph)
        self.plan(self._fixed_batch() or 1)

    @property
    def metadata(self) -> Metadata:
        return self.graph.metadata

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the output; empty if the model has none."""
        return self.metadata.labels

    @property
    def arena_bytes(self) -> int:
        """Memory of all activations for one sample, as this interpreter stores them."""
        return 4 * self.memory.size

    def plan(self, batch: int = 1) -> ExecutionPlan:
        """The prepared calls for one batch size; the last few are kept."""
        if batch in self._plans:
            return self._plans[batch]
        while len(self._plans) >= KEPT_PLANS:
            del self._plans[next(iter(self._plans))]
        plan = self._plans[batch] = make_plan(self.graph, self.memory, batch)
        return plan

    def run(
        self, *inputs: ArrayLike | Mapping[str, ArrayLike], observe: Observer | None = None
    ) -> dict[str, Array]:
        """The outputs by name, in the dtypes of the graph.

        inputs: arrays in the graph's order, or one mapping from input names; the first dimension
            is the batch, of any size where the graph leaves it open. A quantized input takes its
            own integers, or real numbers, which are quantized (`rint(x * f32(1/s)) + z`, clipped).
        observe: called as `observe(name, array)` for every input and every computed activation,
            in order, each in its public dtype; the array is a copy. A large batch arrives in
            chunks.

        Raises InputError for missing or unknown names, wrong dtypes and NaN; ShapeError for
        shapes.
        """
        arrays = door.accept(self.graph, inputs)
        batch = door.batch_size(self.graph, arrays)
        if batch <= LARGEST_BATCH or not self._chunked:
            return self._run_batch(arrays, batch, observe)
        parts = []
        for start in range(0, batch, LARGEST_BATCH):
            chunk = [array[start : start + LARGEST_BATCH] for array in arrays]
            parts.append(self._run_batch(chunk, len(chunk[0]), observe))
        return {name: np.concatenate([p[name] for p in parts]) for name in self.graph.outputs}

    def predict(self, x: ArrayLike | Mapping[str, ArrayLike]) -> Any:
        """The outputs as float32: one array, or a dict by name where the model has several.

        Takes what `run` takes, and also a single sample without its batch dimension; the result
        then has none either.
        """
        given = x if isinstance(x, Mapping) else (x,)
        inputs, single = door.with_batch(self.graph, given)
        results = self.run(inputs)
        real = {name: door.to_float(self.graph.value(name), y) for name, y in results.items()}
        if single:
            real = {name: y[0] for name, y in real.items()}
        return real if len(real) > 1 else next(iter(real.values()))

    def preprocess(self, raw: ArrayLike) -> NDArray[np.float32]:
        """`(raw - mean) / std` as the model file says; float32, unchanged if it says nothing."""
        values = np.asarray(raw, np.float32)
        rule = self.metadata.preprocessing
        if rule is None:
            return values
        mean, std = np.array(rule.mean, np.float32), np.array(rule.std, np.float32)
        if len(mean) > 1 and values.shape[-1:] != mean.shape:
            raise InputError(f"preprocessing expects {len(mean)} channels last, not {values.shape}")
        return np.asarray((values - mean) / std, np.float32)

    def _run_batch(
        self, arrays: Sequence[Array], batch: int, observe: Observer | None
    ) -> dict[str, Array]:
        plan = self.plan(batch)
        graph, arena = self.graph, plan.arena
        for call in plan.input_calls:
            call()
        for name, array in zip(graph.inputs, arrays, strict=True):
            door.load(graph.value(name), array, arena.view(name))
        if observe is None:
            for call in plan.calls:
                call()
        else:
            for name in graph.inputs:
                observe(name, door.stored(graph.value(name), arena.view(name)))
            for step in plan.steps:
                for call in step.calls:
                    call()
                for name in step.node.outputs:
                    observe(name, door.stored(graph.value(name), arena.view(name)))
        return {name: self._output(plan, name) for name in graph.outputs}

    def _output(self, plan: ExecutionPlan, name: str) -> Array:
        value = self.graph.value(name)
        if value.data is not None:
            return np.array(value.data)
        return door.stored(value, plan.arena.view(name))

    def _fixed_batch(self) -> int:
        """The batch size that the graph itself fixes; 0 if it is open."""
        first = [self.graph.value(name).shape[:1] for name in self.graph.inputs]
        return 0 if (None,) in first or not first or not first[0] else int(first[0][0] or 0)
