"""Which loop cupy's elementwise functions take, and what dtype they give; beside it, `loops.txt`.

    python -m tests.train.device.loops    (where cupy and ml_dtypes are installed) writes it anew

A function of cupy takes the first of its loops that all inputs can be cast to. It has fewer than
numpy, so that dtypes may come out wider (`where` of bfloat16 gives float32), or none fits.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .names import FUNCTIONS

__all__ = ["Loop", "chosen", "text_of_cupy"]

FILE = Path(__file__).with_name("loops.txt")
_OPERATORS = {
    "sub": "subtract", "mul": "multiply", "truediv": "true_divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "power", "and_": "bitwise_and", "or_": "bitwise_or",
    "xor": "bitwise_xor", "lshift": "left_shift", "rshift": "right_shift", "eq": "equal",
    "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
    "neg": "negative", "pos": "positive", "abs": "absolute",
}  # fmt: skip


class Loop(NamedTuple):
    """The dtypes of a loop by their letters; E is bfloat16."""

    inputs: str
    outputs: str

    def cast(self, result: Any) -> Any:
        """What numpy found, in the dtype in which cupy gives it."""
        if isinstance(result, tuple):
            pairs = zip(result, self.outputs, strict=True)
            return tuple(np.asarray(one, _dtype(letter)) for one, letter in pairs)
        return np.asarray(result, _dtype(self.outputs))


@functools.cache
def _loops() -> dict[str, list[Loop]]:
    lines = FILE.read_text(encoding="utf-8").splitlines()
    each = {name: [Loop(*one.split("->")) for one in rest] for name, *rest in map(str.split, lines)}
    return each | {name: each[function] for name, function in _OPERATORS.items()}


@functools.cache
def _dtype(letter: str) -> np.dtype[Any]:
    return np.dtype("bfloat16" if letter == "E" else letter)


def chosen(name: str, inputs: Any) -> Loop | None:
    """The loop for these inputs, None of functions that are not elementwise. Raises TypeError."""
    known = _loops().get(name)
    if known is None or len(inputs) < len(known[0].inputs):
        return None
    inputs = inputs[: len(known[0].inputs)]
    kinds = tuple(_kind(x) for x in inputs)
    found = _chosen(name, kinds)
    if found is None:
        raise TypeError(f"Wrong type ({[str(kind[0]) for kind in kinds]}) of arguments for {name}")
    return found


def _kind(x: Any) -> tuple[np.dtype[Any], type | None]:
    """(dtype, the type of a number of Python's whose dtype gives way to that of arrays)."""
    if isinstance(x, np.ndarray | np.generic):
        return x.dtype, None
    if isinstance(x, bool):
        return np.dtype(bool), None
    return np.dtype(type(x)), type(x)


@functools.cache
def _chosen(name: str, kinds: tuple[tuple[np.dtype[Any], type | None], ...]) -> Loop | None:
    strong = [_score(dtype.type) for dtype, weak in kinds if weak is None]
    weak = [_score(one) for _, one in kinds if one is not None]
    gives_way = bool(strong and weak) and max(strong) >= max(weak)
    for loop in _loops()[name]:
        pairs = zip(kinds, loop.inputs, strict=True)
        if all(_fits(dtype, one if gives_way else None, letter) for (dtype, one), letter in pairs):
            return loop
    return None


def _fits(dtype: np.dtype[Any], weak: type | None, letter: str) -> bool:
    if letter == "E" and "bfloat16" not in np.sctypeDict:
        return False  # nobody has loaded the package that knows it
    target = _dtype(letter)
    if np.can_cast(dtype, target):
        return True
    try:
        return weak is not None and np.result_type(weak(0), target) == target
    except TypeError:
        return False


def _score(kind: type) -> int:
    """Of booleans, whole numbers, numbers, and what numpy has not of itself."""
    for score, base in enumerate((np.bool_, (np.integer, int), (np.inexact, float, complex))):
        if issubclass(kind, base):  # type: ignore[arg-type]
            return score
    return 3


def text_of_cupy() -> str:
    """What the file has to hold, asked of the cupy that is installed."""
    import cupy
    from cupy._sorting.search import _where_ufunc

    found = {name: getattr(cupy, name) for name in sorted(FUNCTIONS)} | {"where": _where_ufunc}
    lines = [f"{n} {' '.join(f.types)}\n" for n, f in found.items() if hasattr(f, "types")]
    return "".join(lines)


if __name__ == "__main__":
    FILE.write_text(text_of_cupy(), encoding="utf-8")
