"""Every network, layer and single operator of the material, read and run.

With the arithmetic "fixedpoint" against the outputs that LiteRT's reference kernels (for two
models TensorFlow Lite Micro) gave, with "float32" against LiteRT's default runtime as it runs
here. Integers have equal bits. Real numbers differ by 1e-5 of the largest at most: sums are
taken in another order, and LiteRT approximates exp and tanh. Where its two runtimes differ by more
from each other, the nearer one counts.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

from edgekit.interpreter import Interpreter
from tests.material import MATERIAL
from tests.tflite_models import (
    NOT_IN_LITERT,
    PATHS,
    LiteRT,
    affordable,
    assert_same,
    is_close,
    kept_elements,
    outputs_of,
    random_inputs,
    steps,
)

NO_REFERENCE = re.compile("simple_(ceil|round)_op")
"""LiteRT's reference kernels know neither."""

TOLERANCES = {"tflite/basic_pitch/nmp.tflite": 2e-4}
"""Of the largest output. This network takes logarithms of sums near zero, which magnifies the last
bits of the sums: LiteRT's own kernels differ by 4.2e-5 from each other on music, and by 7e-3
where a smooth input leaves most of the spectrum empty, so that nothing is compared there."""

ROUNDED = re.compile("kws_ref_model_float32|model_quant_1")
"""Float activations that are rounded to int8 while the model runs, in a chain of layers: the last
bit of one layer is a whole step of the next, and LiteRT's default differs from its own reference
kernels by 1.5e-2. These are compared with the reference kernels alone; single layers have equal
bits in both runtimes, see tests/interpreter/test_dynamic_range.py."""

INPUTS = 20
"""Uniform ones, and as many slowly changing ones; fewer for large networks."""
SLOW = {"tflite/basic_pitch/nmp.tflite": 2}


@pytest.mark.parametrize("path", PATHS)
def test_expected_outputs(path: str) -> None:
    model = Interpreter(MATERIAL / path, arithmetic="fixedpoint")
    for inputs, wanted in steps(path, model.graph):
        found = outputs_of(model.run(*inputs), model.graph)
        for index, (one, other) in enumerate(zip(found, wanted, strict=True)):
            kept = kept_elements(path, index, one)
            other = other.astype(kept.dtype) if kept.dtype == np.int64 else other  # kept narrower
            assert_same(kept, other, TOLERANCES.get(path, 1e-5))


@pytest.mark.parametrize("path", [path for path in PATHS if path not in NOT_IN_LITERT])
def test_litert_gives_the_same(path: str) -> None:
    content = (MATERIAL / path).read_bytes()
    arithmetic, runtime = (
        ("fixedpoint", "reference") if ROUNDED.search(path) else ("float32", "default")
    )
    model, theirs = Interpreter(content, arithmetic=arithmetic), LiteRT(content, runtime)
    reference = None if NO_REFERENCE.search(path) else LiteRT(content, "reference")
    count = affordable(model.graph, SLOW.get(path, INPUTS))
    for seed in range(2 * count):
        smooth = seed >= count and path not in TOLERANCES
        inputs = random_inputs(model.graph, seed, smooth=smooth)
        found, wanted = outputs_of(model.run(*inputs), model.graph), theirs(inputs)
        alternative = reference(inputs) if reference and model.graph.states else None
        if reference and not all(map(is_close, found, wanted)) and wanted[0].dtype.kind == "f":
            wanted = alternative or reference(inputs)
        for one, other in zip(found, wanted, strict=True):
            assert_same(one, other, TOLERANCES.get(path, 1e-5))
