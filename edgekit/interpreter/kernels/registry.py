"""The table of kernels: how each operator runs, by operator and dtype of its first input.

A kernel is a function that takes a `Step` and says, once, what every inference must do:

    @kernel("Relu", "float32")
    def relu(step: Step) -> None:
        step.call(np.maximum, step.input(0), ZERO, out=step.output())

It looks at shapes, scales and constants while the plan is made; `step.call` appends to the flat
list of calls that an inference runs. Arrays that a call needs besides inputs and outputs are made
here, by `step.scratch` (shared by all steps) or as constants of its own: a call allocates nothing
large. `step.py` says how activations look.
"""

from __future__ import annotations

from collections.abc import Callable

from edgekit.errors import UnsupportedOperator, lookup

from ..step import Step

__all__ = ["KERNELS", "Kernel", "find_kernel", "kernel"]

Kernel = Callable[[Step], None]

KERNELS: dict[tuple[str, str], Kernel] = {}


def kernel(op: str, *dtypes: str) -> Callable[[Kernel], Kernel]:
    """Register a function as the kernel of `op` for these dtypes of its first input."""

    def register(function: Kernel) -> Kernel:
        for dtype in dtypes:
            if (op, dtype) in KERNELS:
                raise ValueError(f"a kernel for {op} in {dtype} exists already")
            KERNELS[op, dtype] = function
        return function

    return register


def find_kernel(op: str, dtype: str, layer: str) -> Kernel:
    """The kernel, or UnsupportedOperator naming the layer and what is missing."""
    if (op, dtype) in KERNELS:
        return KERNELS[op, dtype]
    known = sorted(d for o, d in KERNELS if o == op)
    if known:
        raise UnsupportedOperator(
            f"layer {layer!r}: {op} has no kernel for {dtype}, only for {', '.join(known)}"
        )
    return lookup({o: k for (o, _), k in KERNELS.items()}, op, f"layer {layer!r}: kernel")
