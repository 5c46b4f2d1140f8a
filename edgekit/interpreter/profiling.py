"""How long an inference takes, and each of its steps."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter_ns
from typing import TYPE_CHECKING

import numpy as np

from edgekit.errors import InputError
from edgekit.frozen import Frozen

from .inputs import accept, batch_size
from .interpreter import Interpreter
from .plan import QUIET

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Profile", "StepTime", "profile"]


class StepTime(Frozen):
    """Microseconds of one node: the median over all runs."""

    layer: str
    op: str
    microseconds: float
    calls: int


class Profile(Frozen):
    """Microseconds of whole inferences (the call of `run`, checks and copies included), the
    median time of each step, and the memory that an inference uses beside the weights."""

    runs: int
    minimum: float
    p50: float
    p99: float
    steps: tuple[StepTime, ...]
    arena_bytes: int
    scratch_bytes: int

    def by_operator(self) -> dict[str, float]:
        """Microseconds by operator, the slowest first."""
        totals: dict[str, float] = {}
        for step in self.steps:
            totals[step.op] = totals.get(step.op, 0.0) + step.microseconds
        return dict(sorted(totals.items(), key=lambda item: -item[1]))


def profile(
    interpreter: Interpreter, inputs: Mapping[str, ArrayLike], runs: int = 100, warmup: int = 10
) -> Profile:
    """Time `runs` inferences whole, then as many step by step.

    inputs: by name, as `Interpreter.run` takes them; their batch must fit into one plan. The steps
    are timed apart, since the clock itself costs about 0.1 microseconds a step.
    """
    if runs < 1:
        raise InputError(f"runs must be 1 or more, received {runs}")
    for _ in range(warmup):
        interpreter.run(inputs)
    whole = np.empty(runs)
    for i in range(runs):
        start = perf_counter_ns()
        interpreter.run(inputs)
        whole[i] = perf_counter_ns() - start
    arrays = accept(interpreter.graph, (inputs,))
    plan = interpreter.make_plan(batch_size(interpreter.graph, arrays))
    plan.load(arrays)
    times = np.empty((runs, len(plan.steps)))
    with np.errstate(**QUIET):
        for i in range(runs):
            for position, step in enumerate(plan.steps):
                start = perf_counter_ns()
                for call in step.calls:
                    call()
                times[i, position] = perf_counter_ns() - start
    medians: NDArray[np.float64] = np.median(times, axis=0)
    steps = tuple(
        StepTime(step.node.name, step.node.op, float(time) / 1000, len(step.calls))
        for step, time in zip(plan.steps, medians, strict=True)
    )
    p50, p99 = (float(p) / 1000 for p in np.percentile(whole, (50, 99)))
    return Profile(
        runs,
        float(whole.min()) / 1000,
        p50,
        p99,
        steps,
        plan.arena.bytes,
        plan.scratch_bytes,
    )
