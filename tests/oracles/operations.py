"""Models of single cases of `keras.ops`, the same here and in Keras: read on both sides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.keras.ops_cases import FAMILIES, outputs_of

CASES = {
    f"{family}-{i}": (f"{family}/{label}", case)
    for family, cases in FAMILIES.items()
    for i, (label, case) in enumerate(cases.items())
    if any(x.dtype.kind == "f" for x in case.inputs)
}
"""Name of a file -> (label, case)."""


def given_of(case: Any) -> list[np.ndarray]:
    """The values of the inputs of a model: the floating arrays."""
    return [x for x in case.inputs if x.dtype.kind == "f"]


def model_of(case: Any, ops: Any, make_input: Any, model: Any, is_symbolic: Any) -> Any:
    """The functional model of a case."""
    held = [make_input(batch_shape=x.shape, dtype=str(x.dtype)) for x in given_of(case)]
    symbols = iter(held)
    given = [next(symbols) if x.dtype.kind == "f" else x for x in case.inputs]
    made = outputs_of(case.function(ops, *given))
    return model(held, [y for y in made if is_symbolic(y)])


def write(path: Path, values: list[Any]) -> None:
    np.savez(path, **{f"y{i}": value for i, value in enumerate(values)})
