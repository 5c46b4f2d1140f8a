"""Every loss in a graph of the simulated GPU: the values of Keras, gradients of the host."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from edgekit.train import backend, losses
from edgekit.train.ops import reductions
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import Tensor, wrap
from tests.train.device import on_device, peek
from tests.train.keras_cases.losses import LOSSES
from tests.train.keras_goldens import arrays


def step(loss, y_true, y_pred, weight):
    with GradientTape() as tape:
        tape.watch(y_pred)
        value = loss(y_true, y_pred, sample_weight=weight)
        total = reductions.sum(value)
    return value, tape.gradient(total, y_pred)


@pytest.mark.parametrize(("name", "cls", "arguments", "kind"), LOSSES, ids=[x[0] for x in LOSSES])
@pytest.mark.parametrize("weighted", [False, True])
def test_captured(gpu, name, cls, arguments, kind, weighted):
    cupy = sys.modules["cupy"]
    found = arrays("losses")
    given = [found[f"{kind}/true"], found[f"{kind}/pred"]]
    weight = found[f"loss_{name}_weight"] if weighted else None
    loss = getattr(losses, cls)(**arguments)
    with backend.device("cpu"):
        _, expected = step(loss, *map(Tensor, given), weight)
    y_true, y_pred = (wrap(on_device(x)) for x in given)
    weight = None if weight is None else wrap(on_device(weight))
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        step(loss, y_true, y_pred, weight)
        stream.begin_capture()
        value, gradient = step(loss, y_true, y_pred, weight)
        graph = stream.end_capture()
    graph.launch(stream)
    right = found[f"loss_{name}" + ("_weighted" if weighted else "")]
    np.testing.assert_allclose(peek(value.data), right, rtol=1e-5, atol=1e-6)
    expected = expected.numpy()
    limit = 2e-5 * np.abs(expected).max()
    np.testing.assert_allclose(peek(gradient.data), expected, rtol=0, atol=limit)
