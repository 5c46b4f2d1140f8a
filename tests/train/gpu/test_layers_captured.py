"""Every layer in a graph of the simulated GPU: outputs and gradients are those of Keras."""

from __future__ import annotations

import contextlib
import sys

import numpy as np
import pytest

from edgekit.train import layers
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import wrap
from tests.train.device import on_device, peek
from tests.train.keras_goldens import numbered
from tests.train.test_layers import CASES, TOLERANCE, golden

ON_HOST = "it computes on the host, and belongs into the data set's map"
NOT_CAPTURED = dict.fromkeys(
    (
        "aug_mix",
        "category_multi_hot",
        "category_one_hot",
        "category_count",
        "discretization",
        "discretization_one_hot",
        "equalization",
        "equalization_bins",
        "hashing",
        "hashing_salt",
        "integer_lookup",
        "integer_lookup_counts",
        "rand_augment",
        "random_perspective",
        "random_perspective_one",
        "tiles",
        "tiles_without_limit",
    ),
    ON_HOST,
)
"""Case -> why a stream cannot capture it."""


def leaves(y):
    return list(y) if isinstance(y, list | tuple) else [y]


def on_gpu(value):
    return on_device(value) if isinstance(value, np.ndarray) else value


def step(layer, given, call, inputs, weighting):
    """Outputs, and gradients by the inputs and the weights where there are any."""
    with GradientTape() as tape:
        tape.watch(inputs)
        y = leaves(layer(given, **call))
    if not weighting:
        return y, []
    sources = [*inputs, *layer.trainable_weights]
    return y, tape.gradient(y, sources, output_gradients=weighting, unconnected_gradients="zero")


def weighting_of(found):
    return [wrap(on_device(v)) for key, v in sorted(found.items()) if key.startswith("weighting")]


def built(layer, case, found):
    """Builds a layer with the weights of its case: its inputs, arguments, and the float inputs."""
    inputs = [wrap(on_device(x)) for x in numbered(found, "in")]
    given = inputs if len(inputs) > 1 else inputs[0]
    call = {key: on_gpu(value) for key, value in case.call_arguments().items()}
    layer(given, **call)
    layer.set_weights(numbered(found, "weight"))
    followed = [x for x in inputs if x.dtype.kind == "f"]
    return given, call, followed


def expected_of(found, y, weighting):
    """Outputs, and the gradients where there is a weighting."""
    several = len(y) > 1 or "out0" in found
    expected = [found[f"out{i}" if several else "out"] for i in range(len(y))]
    if weighting:
        expected += [*numbered(found, "input_gradient"), *numbered(found, "weight_gradient")]
    return expected


@pytest.mark.parametrize("name", CASES)
def test_captured(gpu, name):
    cupy = sys.modules["cupy"]
    case, found = CASES[name], golden(name)
    layer = case.make(layers)
    if "get_random_transformation" in vars(layer):  # the case says what is drawn
        drawn = layer.get_random_transformation()
        if isinstance(drawn, dict):
            drawn = {key: on_gpu(value) for key, value in drawn.items()}
        drawn = on_gpu(drawn)
        layer.get_random_transformation = lambda *_, **__: drawn
    given, call, followed = built(layer, case, found)
    weighting = weighting_of(found) if case.gradients and not case.training else []
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        step(layer, given, call, followed, weighting)
        layer.set_weights(numbered(found, "weight"))
        stream.begin_capture()
        try:
            y, gradients = step(layer, given, call, followed, weighting)
        except RuntimeError as error:
            assert name in NOT_CAPTURED, error
            with contextlib.suppress(RuntimeError):  # where the error has ended the capture
                stream.end_capture()
            return
        graph = stream.end_capture()
    assert name not in NOT_CAPTURED
    graph.launch(stream)
    expected = expected_of(found, y, weighting)
    limit = 10 * case.options.get("tolerance", TOLERANCE)
    for mine, wanted in zip([*y, *gradients], expected, strict=True):
        scale = max(1.0, float(np.abs(wanted).max(initial=0)))
        np.testing.assert_allclose(peek(mine.data), wanted, rtol=limit, atol=limit * scale)
