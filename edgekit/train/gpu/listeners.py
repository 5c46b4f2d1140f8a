"""Who sees the primitives of a step one by one."""

from __future__ import annotations

from edgekit.train.primitive import recorders, scope_state
from edgekit.train.tape import GradientTape

__all__ = ["only_tapes_record"]


def only_tapes_record() -> bool:
    """Whether nobody wants to see the primitives one by one, as traces and quantization do.

    The rewriter that gives products their weights in 16 bits leaves all others as they are.
    """
    rewriter = scope_state.rewriter
    plain = rewriter is None or rewriter.__module__ == f"{__package__}.half"
    return plain and all(isinstance(r, GradientTape) for r in recorders())
