"""Run a model: the Interpreter, and what it accepts and refuses at its door."""

from __future__ import annotations

import os
from _thread import allocate_lock  # threading itself is slow to import
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.errors import ModelFormatError, ShapeError
from edgekit.frozen import replace
from edgekit.ir import Graph, MemoryPlan, Metadata
from edgekit.ir.graph import DTYPES
from edgekit.schema.source import release_pages

from . import collector_paused
from .compat import TfliteMethods
from .plan import QUIET, ExecutionPlan, make_plan
from .sources import Model, Opening, checked_threads, open_model, the_one_source
from .sources import Source as Source

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from .delegates import OpResolverType
    from .sources import Buffer

__all__ = ["Interpreter", "Observer", "Source"]

Array = np.ndarray[Any, np.dtype[Any]]
Observer = Callable[[str, Array], None]

LARGEST_BATCH = 32  # more samples run in chunks,
LARGEST_ARENA = 2**18  # and fewer where the arena, which grows with the batch, leaves the cache
KEPT_SIZES = 3


class Interpreter(TfliteMethods):
    """Runs a model with numpy alone, the same bits on every machine.

    >>> interpreter = Interpreter("model.edge")  # or "model.tflite"
    >>> interpreter.predict(images)          # float32 [n, classes]
    >>> interpreter.run(images)["scores"]    # in the model's own dtype, here int8

    source: a `.edge` or `.tflite` file, its bytes, or a graph.
    threads: how many parts of a large batch run at the same time. A single sample always runs in
        the caller's thread, since its layers are too short to share; the threads of numpy's BLAS
        are set by its own environment variables (OPENBLAS_NUM_THREADS).
    arithmetic: how a quantized `.tflite` model rounds: "float32" as LiteRT's default runtime (the
        default), "fixedpoint" as its reference kernels. Other models say so themselves.
    signature: the signature of a `.tflite` file; by default the first.
    model_path, model_content, num_threads, experimental_op_resolver_type: source, threads and
        arithmetic in tflite_runtime's words; of its experimental_delegates there are none here.
    experimental_preserve_all_tensors: whether `get_tensor` can read every activation.

    Raises ModelFormatError for a bad file, ShapeError for an invalid graph, UnsupportedOperator
    where a layer has no kernel. Arrays that it returns are copies. `run` and `predict` may be
    called from several threads at once; the methods of tflite_runtime may not.

    A model with memories (a streaming model) takes one step of a sequence per call, of the fixed
    shape that the graph gives, and each call goes on where the last one ended, whichever method or
    thread made it; `reset_all_variables` starts a new sequence.
    """

    def __init__(
        self,
        source: Source | None = None,
        model_content: Buffer | None = None,
        experimental_delegates: Sequence[object] | None = None,
        num_threads: int | None = None,
        *,
        threads: int = 1,
        model_path: str | bytes | os.PathLike[str] | None = None,
        arithmetic: str | None = None,
        signature: str | None = None,
        experimental_op_resolver_type: OpResolverType | None = None,
        experimental_preserve_all_tensors: bool = False,
    ) -> None:
        self.threads = checked_threads(threads if num_threads is None else num_threads)
        if experimental_delegates or experimental_op_resolver_type is not None:
            from .delegates import resolved_arithmetic  # few scripts choose any

            chosen = experimental_op_resolver_type, experimental_delegates
            arithmetic = resolved_arithmetic(arithmetic, *chosen)
        self._keep_all = experimental_preserve_all_tensors
        given = the_one_source(source, model_path, model_content)
        self._opening = Opening(given, arithmetic, signature)
        with collector_paused():
            self._install(open_model(self._opening))

    def _install(self, model: Model) -> None:
        """Make ready to run a model; nothing of one that was here before remains."""
        self.graph: Graph = model.graph
        self.memory: MemoryPlan = model.memory
        self._lean = None if self._keep_all else model.lean
        self._idle: dict[tuple[int, bool], list[ExecutionPlan]] = {}
        self._prepared: dict[tuple[str, str], Array] = {}
        self._chunk = max(1, min(LARGEST_BATCH, LARGEST_ARENA // max(1, self.memory.size)))
        self._turn = allocate_lock()
        self._expected = [
            (DTYPES[value.dtype], tuple(1 if d is None else d for d in value.shape))
            for value in map(self.graph.value, self.graph.inputs)
        ]
        try:
            self._return(self.make_plan(), False)
        except MemoryError as error:
            raise ModelFormatError(
                f"the model needs more memory than this machine gives: {self.arena_bytes} bytes "
                "for its activations, and what its layers need to work"
            ) from error
        self._reset_tensors(model.tensors, model.can_reshape, model.waits)
        # The plan has its own copies of the weights, in float32: the file's pages can go.
        release_pages(value.array() for value in self.graph.constants())

    def _reopen(self, shapes: Mapping[str, Sequence[int]]) -> None:
        with collector_paused():
            self._install(open_model(replace(self._opening, shapes=shapes)))

    def _with_signature(self, key: str) -> Interpreter:
        opening = self._opening
        assert not isinstance(opening.source, Graph)
        return Interpreter(
            opening.source, threads=self.threads, arithmetic=opening.arithmetic, signature=key
        )

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

    def make_plan(self, batch: int = 1, *, whole: bool = False) -> ExecutionPlan:
        """The calls of an inference of `batch` samples, over memory of their own.

        whole: whether every activation of the graph is computed, even channels that make no
            difference to the outputs.
        """
        with np.errstate(**QUIET):
            if whole or self._lean is None:
                prepared = self._prepared if self._lean is None else {}
                return make_plan(self.graph, self.memory, batch, prepared)
            return make_plan(*self._lean, batch, self._prepared)

    def run(
        self, *inputs: ArrayLike | Mapping[str, ArrayLike], observe: Observer | None = None
    ) -> dict[str, Array]:
        """The outputs by name, in the dtypes of the graph.

        inputs: arrays in the graph's order, or one mapping from input names; the first dimension
            is the batch, of any size where the graph leaves it open. A quantized input takes its
            own integers, or real numbers, which are quantized (`rint(x * f32(1/s)) + z`, clipped).
        observe: called as `observe(name, array)` for every input, every memory and every computed
            activation, in order, each in its public dtype; the array is a copy. A large batch
            arrives in chunks.

        Raises InputError for wrong names and dtypes and for NaN, ShapeError for wrong shapes.
        """
        if self._waits:
            raise ShapeError(self._waits)
        exact = self._exactly_one(inputs) if observe is None else None
        if exact is not None:
            return self._run_in_turn(exact, 1, None)
        # Not for those who give just what is wanted:
        from .inputs import accept, batch_size, check_numbers, keeps_samples_apart

        arrays = accept(self.graph, inputs)
        batch = batch_size(self.graph, arrays)
        if batch <= self._chunk or not keeps_samples_apart(self.graph):
            return self._run_in_turn(arrays, batch, observe)
        check_numbers(self.graph, arrays)
        starts = range(0, batch, self._chunk)

        def run_part(start: int) -> dict[str, Array]:
            part = [array[start : start + self._chunk] for array in arrays]
            return self._run_batch(part, len(part[0]), observe)

        if self.threads == 1 or observe is not None:
            parts = [run_part(start) for start in starts]
        else:
            from concurrent.futures import ThreadPoolExecutor  # slow to import, seldom needed

            with ThreadPoolExecutor(self.threads) as pool:
                parts = list(pool.map(run_part, starts))
        return {name: np.concatenate([p[name] for p in parts]) for name in self.graph.outputs}

    def predict(self, x: ArrayLike | Mapping[str, ArrayLike]) -> Any:
        """The outputs as float32: one array, or a dict by name where the model has several.

        Takes what `run` takes, and also a single sample without its batch dimension; the result
        then has none either.
        """
        from .inputs import to_float, with_batch  # as above

        given = x if isinstance(x, Mapping) else (x,)
        inputs, single = with_batch(self.graph, given)
        results = self.run(inputs)
        real = {name: to_float(self.graph.value(name), y) for name, y in results.items()}
        if single:
            real = {name: y[0] for name, y in real.items()}
        return real if len(real) > 1 else next(iter(real.values()))

    def reset_all_variables(self) -> None:
        """Put the initial values of a streaming model's memories back: a new sequence begins."""
        with self._turn:
            for plans in self._idle.values():
                for plan in plans:
                    plan.reset_states()

    def preprocess(self, raw: ArrayLike) -> NDArray[np.float32]:
        """`(raw - mean) / std` as the model file says; float32, unchanged if it says nothing."""
        from .inputs import preprocessed  # as above

        return preprocessed(self.metadata.preprocessing, raw)

    def _exactly_one(self, inputs: Sequence[Any]) -> Sequence[Array] | None:
        """One sample in the graph's own dtypes, needing no further check; None for anything else.

        Small models run in a few microseconds, of which a careful look would take half.
        """
        if len(inputs) == 1 and type(inputs[0]) is dict and len(inputs[0]) == len(self._expected):
            inputs = [inputs[0].get(name) for name in self.graph.inputs]
        if len(inputs) != len(self._expected):
            return None
        for position, (dtype, shape) in enumerate(self._expected):
            array = inputs[position]
            if type(array) is not np.ndarray or array.dtype != dtype or array.shape != shape:
                return None
        return inputs

    def _run_in_turn(
        self, arrays: Sequence[Array], batch: int, observe: Observer | None
    ) -> dict[str, Array]:
        """Memories live in the one plan that all calls take in turn."""
        if not self.graph.states:
            return self._run_batch(arrays, batch, observe)
        with self._turn:
            return self._run_batch(arrays, batch, observe)

    def _run_batch(
        self, arrays: Sequence[Array], batch: int, observe: Observer | None
    ) -> dict[str, Array]:
        whole = observe is not None and self._lean is not None
        plan = self._borrow(batch, whole)
        try:
            if observe is None:
                results: dict[str, Array] = plan.quietly(self._run_plan, plan, arrays, None)
                return results
            with np.errstate(**QUIET):
                return self._run_plan(plan, arrays, observe)
        finally:
            self._return(plan, whole)

    def _run_plan(
        self, plan: ExecutionPlan, arrays: Sequence[Array], observe: Observer | None
    ) -> dict[str, Array]:
        plan.load(arrays)
        if observe is None:
            for call in plan.calls:
                call()
        else:
            self._run_observed(plan, observe)
        outputs = plan.outputs()
        plan.keep_states()
        return outputs

    def _run_observed(self, plan: ExecutionPlan, observe: Observer) -> None:
        for name in self.graph.entries:
            observe(name, plan.read(name))
        for step in plan.steps:
            for call in step.calls:
                call()
            for name in step.node.outputs:
                observe(name, plan.read(name))

    def _borrow(self, batch: int, whole: bool) -> ExecutionPlan:
        """A plan that no other call is using. The one with memories stays at its place: whoever
        is interrupted with it in hand would lose them."""
        try:
            plans = self._idle[batch, whole]
            return plans[0] if self.graph.states else plans.pop()
        except (KeyError, IndexError):
            return self.make_plan(batch, whole=whole)

    def _return(self, plan: ExecutionPlan, whole: bool) -> None:
        """Keep a plan for the next call; of many batch sizes, the last few."""
        plans = self._idle.setdefault((plan.batch, whole), [])
        if plan not in plans:
            plans.append(plan)
        if len(self._idle) > KEPT_SIZES:
            self._idle.pop(next(iter(self._idle)), None)
