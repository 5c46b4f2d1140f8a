"""The cases in uint8 and int16 that every Raspberry Pi must reproduce."""

from __future__ import annotations

from edgekit.export.tflite.kernels import MISSING
from edgekit.ir.ops import spec
from tests.cases import CASES, Case

PER_OPERATOR = 2
LARGEST = 2000
"""Elements of an input: a test must not take long under emulation."""


def wide_cases() -> list[tuple[Case, str]]:
    """The first small cases of each operator with its dtype, of what LiteRT has."""
    found: list[tuple[Case, str]] = []
    for dtype in ("uint8", "int16"):
        count: dict[str, int] = {}
        for case in CASES:
            known = dtype in spec(case.op).dtypes and dtype not in MISSING.get(case.op, ())
            narrow = (case.op, dtype, case.attrs.get("dtype")) == ("Requantize", "int16", "uint8")
            small = all(_size(shape) <= LARGEST for shape in case.shapes.values())
            plain = case.has_int8 and not case.dtypes and not case.float_only
            if known and plain and small and not narrow and count.get(case.op, 0) < PER_OPERATOR:
                count[case.op] = count.get(case.op, 0) + 1
                found.append((case, dtype))
    return found


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for number in shape:
        size *= number if isinstance(number, int) else _size(number)
    return size
