"""Reading NON_MAX_SUPPRESSION. Its outputs are as long as the most boxes that it may give, and zero
behind those that it gives; that number is part of the file.
"""

from __future__ import annotations

import math

from edgekit.errors import UnsupportedOperator

from .file import Operator
from .reader import Reader, Rule

__all__ = ["READERS"]


def suppression(*given: int) -> Rule:
    """`given`: which of indices, scores and their number the operator gives."""

    def rule(op: Operator, reader: Reader) -> None:
        most = reader.integer(op, 2)
        if most < 1 or len(op.outputs) != len(given):
            raise UnsupportedOperator(f"at most {most} boxes in {len(op.outputs)} outputs")
        overlap, least, sigma = (_number(op, reader, position) for position in (3, 4, 5))
        tensors = dict(zip(given, op.outputs, strict=True))
        layer = reader.layer(op)
        names = [
            reader.names[tensors[i]] if i in tensors else reader.fresh(f"{layer}/{what}")
            for i, what in enumerate(("indices", "scores", "count"))
        ]
        results = reader.builder.add_all(
            "NonMaxSuppression",
            *(reader.input(op, 0), reader.input(op, 1)),
            name=layer,
            outputs=names,
            most=most,
            most_overlap=overlap,
            least_score=least,
            sigma=sigma if len(given) == 3 else 0.0,
        )
        for position, place in enumerate(given):
            reader.bind(op, results[place], position)

    return rule


def _number(op: Operator, reader: Reader, position: int) -> float:
    if not reader.has(op, position):
        return 0.0
    found = reader.constant(op, position)
    number = (
        float(found.reshape(-1)[0]) if found.size == 1 and found.dtype.kind == "f" else math.nan
    )
    if math.isnan(number):
        raise UnsupportedOperator(f"input {position} must be a number, received {found}")
    return number


READERS: dict[str, Rule] = {
    "NON_MAX_SUPPRESSION_V4": suppression(0, 2),
    "NON_MAX_SUPPRESSION_V5": suppression(0, 1, 2),
}
