"""The list of cases that every concern runs; see `case.py` for what a case is."""

from . import elements, math, moves, reductions, windows
from .case import Case as Case
from .graphs import float_graph as float_graph
from .graphs import int8_graph as int8_graph
from .graphs import quantized_graph as quantized_graph
from .graphs import random_inputs as random_inputs

CASES: list[Case] = [
    *windows.CASES,
    *elements.CASES,
    *math.CASES,
    *reductions.CASES,
    *moves.CASES,
]
INT8_CASES: list[Case] = [case for case in CASES if case.has_int8]

__all__ = [
    "CASES",
    "INT8_CASES",
    "Case",
    "float_graph",
    "int8_graph",
    "quantized_graph",
    "random_inputs",
]
