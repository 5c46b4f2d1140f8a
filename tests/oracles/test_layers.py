"""Every layer in files that go to Keras and come back; `make test-oracles` runs this."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgekit import train
from tests.oracles.peer import ask, needs_keras
from tests.train.test_layers_saved import CASES, model_of, outputs

pytestmark = needs_keras
pytest.importorskip("h5py")


# what Keras 3.15 does not read from .h5 files, its own included
_AXES = "Keras forgets lists of several axes in .h5 files"
_NOT_IN_H5 = {
    "layer_norm_axes": _AXES,
    "softmax_axes": _AXES,
    "unit_norm_axes": _AXES,
    **dict.fromkeys(
        ("attention", "attention_causal", "attention_key", "attention_scores"),
        "Keras takes score_mode='dot' for the function of that name in .h5 files",
    ),
    **dict.fromkeys(
        ("grouped", "grouped_causal"), "Keras knows no layer GroupQueryAttention in .h5 files"
    ),
}
# layers whose symbolic output is their input in Keras 3.15, which no model of its own can hold
_NOT_IN_MODELS = ("equalization", "equalization_bins")
# where Keras' backends disagree; ours follows TensorFlow's
_NOT_ON_TORCH = ("average_pool", "bicubic", "lanczos", "tiles")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("layers")
    for name in CASES:
        train.clear_session()
        model, inputs = model_of(name)
        model.save(made / f"{name}.keras")
        with pytest.warns(DeprecationWarning, match="old spelling"):
            model.save(made / f"{name}.h5")
        for ending in ("keras", "h5"):
            np.savez(made / f"{name}.{ending}.in.npz", **{str(i): x for i, x in enumerate(inputs)})
    ask("layers_peer.py", made)
    return made


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("name", CASES)
def test_keras_reads_our_file_and_we_read_what_it_saves(name, ending, folder):
    problems = json.loads((folder / "problems.json").read_text())
    if ending == "h5" and name in _NOT_IN_H5:
        pytest.skip(_NOT_IN_H5[name])
    if problems["backend"] == "torch" and any(part in name for part in _NOT_ON_TORCH):
        pytest.skip("Keras on torch computes this otherwise than on TensorFlow, or not at all")
    if name in _NOT_IN_MODELS:
        pytest.skip("Keras cannot put this layer into a functional model")
    file = f"{name}.{ending}"
    problem = problems.get(file)
    if ending == "h5" and problem and "cannot pickle 'module'" in problem:
        pytest.skip("Keras cannot save this layer to .h5 files")
    assert problem is None, problem
    model, inputs = model_of(name)
    expected = outputs(model, inputs)
    with np.load(folder / f"{file}.out.npz") as found:
        for i, weight in enumerate(model.get_weights()):
            np.testing.assert_array_equal(found[f"weight/{i}"], weight)
        for i, value in enumerate(expected):
            # float32 on both sides, summed in other orders
            np.testing.assert_allclose(found[f"out/{i}"], value, rtol=1e-4, atol=1e-5)
    again = train.load_model(folder / f"{name}.again.{ending}", compile=False)
    for ours, kept in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, ours)
    for value, kept in zip(expected, outputs(again, inputs), strict=True):
        np.testing.assert_array_equal(kept, value)
