"""How often edgekit's outputs are LiteRT's: a table per model, over many random inputs.

    python benchmarks/litert_equality.py                # every model of the material
    python benchmarks/litert_equality.py kws vww --inputs 100

For each model, as many uniform and as many slowly changing inputs are run by LiteRT's default
runtime against the arithmetic "float32", and by its reference kernels against "fixedpoint". For
integer outputs the table says what share of all numbers is equal; for real ones the largest
difference, as a part of the largest number. The last column holds LiteRT's two runtimes against
each other. Streaming models keep their memories throughout. Fewer inputs are spent on a model
where they would take longer than --seconds.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.interpreter import Interpreter
from tests.material import MATERIAL
from tests.tflite_models import (
    NOT_IN_LITERT,
    PATHS,
    LiteRT,
    kept_elements,
    outputs_of,
    random_inputs,
    steps,
)

Arrays = list[Any]


class Comparison:
    """Counts over all outputs of all inputs; real numbers are held against the largest of all."""

    def __init__(self) -> None:
        self.inputs = self.numbers = self.equal = 0
        self.off: dict[int, float] = {}
        self.largest: dict[int, float] = {}

    def add(self, found: Arrays, wanted: Arrays) -> None:
        self.inputs += 1
        for index, (one, other) in enumerate(zip(found, wanted, strict=True)):
            self.numbers += other.size
            self.equal += int(((one == other) | ((one != one) & (other != other))).sum())
            if other.dtype.kind == "f":
                size = float(np.abs(other[np.isfinite(other)]).max(initial=0.0))
                difference = float(np.nan_to_num(np.abs(np.float64(one) - other)).max(initial=0.0))
                self.largest[index] = max(self.largest.get(index, 0.0), size)
                self.off[index] = max(self.off.get(index, 0.0), difference)

    def __str__(self) -> str:
        if not self.inputs:
            return "-"
        if not self.off:
            return f"{100.0 * self.equal / self.numbers:.3f} %"
        return f"{max(off / (self.largest[i] or 1.0) for i, off in self.off.items()):.1e}"


class Both:
    """A model in edgekit and LiteRT; `theirs` is None where that runtime has not all kernels."""

    def __init__(self, content: bytes, arithmetic: str, runtime: str) -> None:
        self.ours = Interpreter(content, arithmetic=arithmetic)
        self.comparison = Comparison()
        try:
            self.theirs: LiteRT | None = LiteRT(content, runtime)
        except (RuntimeError, ValueError):
            self.theirs = None

    def step(self, inputs: Arrays) -> Arrays | None:
        """LiteRT's outputs, once they are compared."""
        if self.theirs is None:
            return None
        wanted = self.theirs(inputs)
        self.comparison.add(outputs_of(self.ours.run(*inputs), self.ours.graph), wanted)
        return wanted


def compare(path: str, most: int, seconds: float) -> tuple[int, list[Comparison]]:
    """Default, reference, and how far LiteRT's own two runtimes are from each other."""
    content = (MATERIAL / path).read_bytes()
    default, reference = (
        Both(content, "float32", "default"),
        Both(content, "fixedpoint", "reference"),
    )
    spread, seed = Comparison(), 0
    end = time.perf_counter() + seconds
    while seed < 2 * most and (seed < 4 or time.perf_counter() < end):
        inputs = random_inputs(default.ours.graph, seed, smooth=seed % 2 == 1)
        first, second = default.step(inputs), reference.step(inputs)
        if first is not None and second is not None:
            spread.add(first, second)
        seed += 1
    return seed, [default.comparison, reference.comparison, spread]


def replay(path: str) -> tuple[int, list[Comparison]]:
    """The recorded outputs of what no LiteRT runs."""
    model = Interpreter(MATERIAL / path, arithmetic="fixedpoint")
    found = Comparison()
    for inputs, wanted in steps(path, model.graph):
        outputs = outputs_of(model.run(*inputs), model.graph)
        found.add([kept_elements(path, i, o) for i, o in enumerate(outputs)], wanted)
    return found.inputs, [Comparison(), found, Comparison()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="parts of the names of models")
    parser.add_argument("--inputs", type=int, default=1000, help="of each kind (1000)")
    parser.add_argument("--seconds", type=float, default=60.0, help="for one model (60)")
    options = parser.parse_args()
    print(f"{'model':60} {'inputs':>6} {'default':>10} {'reference':>10} {'LiteRT itself':>14}")
    for path in PATHS:
        if options.names and not any(name in path for name in options.names):
            continue
        name = path.removeprefix("tflite/").removesuffix(".tflite")
        try:
            if path in NOT_IN_LITERT:
                count, results = replay(path)
            else:
                count, results = compare(path, options.inputs, options.seconds)
        except UnsupportedOperator as error:
            print(f"{name:60} {str(error).splitlines()[-1][:60]}", flush=True)
            continue
        default, reference, spread = map(str, results)
        print(f"{name:60} {count:6} {default:>10} {reference:>10} {spread:>14}", flush=True)


if __name__ == "__main__":
    main()
