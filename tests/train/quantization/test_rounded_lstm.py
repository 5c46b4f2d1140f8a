"""An LSTM in the steps of the device against the same written out in PyTorch, and off the host."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgekit.train.quantization.lstm import rounded_lstm
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import Variable, wrap
from tests.train.device import install, ndarray, on_device, peek

GOLDEN = Path(__file__).parents[2] / "golden" / "quantization" / "rounded_lstm.npz"
INPUTS = ("x", "kernel", "recurrent", "bias", "hidden", "cell", "mask", "dropped")
SCALES = {"hidden_scale": 2.0**-7, "hidden_zero_point": 3, "cell_scale": 2.0**-13}
CASES: dict[str, dict[str, Any]] = {
    "sequences": {"sequences": True},
    "last": {},
    "backwards": {"backwards": True, "sequences": True},
    "states": {"state": True},
    "no_bias": {},
    "dropped": {"sequences": True},
    "products": {"sequences": True},
    "cut_off": {
        "sequences": True, "hidden_scale": 2.0**-8, "hidden_zero_point": 100,
        "cell_scale": 2.0**-15,
    },
    "two_roundings": {"sequences": True},
}  # fmt: skip


def stored(name: str) -> dict[str, np.ndarray]:
    with np.load(GOLDEN) as file:
        found = {key.partition("/")[2]: file[key] for key in file if key.startswith(f"{name}/")}
    assert found
    return found


def computed(name: str, dtype: str, place: Any = lambda array: array) -> tuple[Any, list[Any]]:
    """The output of a case and the gradients of its inputs."""
    given = stored(name)
    tensors = [Variable(given[n], dtype=dtype) if n in given else None for n in INPUTS]
    for tensor in tensors:
        if tensor is not None:
            tensor.data = place(tensor.data)
    units = given["recurrent"].shape[0]
    # products in steps of these scales are rounded `finer` times finer first
    scales = place(np.repeat(0.7 / 4096 / given["finer"], units).astype(dtype))
    attrs = {**SCALES, **CASES[name]}
    with GradientTape() as tape:
        y = rounded_lstm(*tensors, scales, scales, **attrs)
    followed = [tensor for tensor in tensors if tensor is not None]
    g = wrap(place(given["g"].astype(dtype)))
    return y, tape.gradient(y, followed, output_gradients=g)


@pytest.mark.parametrize("name", CASES)
def test_outputs_and_gradients_are_those_of_pytorch(name):
    given = stored(name)
    y, gradients = computed(name, "float64")
    np.testing.assert_allclose(y.numpy(), given["y"], rtol=0, atol=1e-12)
    for which, d in zip([n for n in INPUTS if n in given], gradients, strict=True):
        expected = given[f"d_{which}"]
        scale = max(1.0, np.abs(expected).max())
        np.testing.assert_allclose(d.numpy(), expected, rtol=1e-9, atol=1e-9 * scale)


def test_one_case_is_cut_off_everywhere():
    """Sums of x and of both beyond 8, cells beyond their 16 bits, hidden states beyond int8."""
    given = stored("cut_off")
    inputs = [given.get(n) for n in INPUTS]
    _, (_, before) = rounded_lstm.call_saving(*inputs, **{**SCALES, **CASES["cut_off"]})
    *steps, hiddens = before
    assert all((np.abs(one) > 2**15).any() for one in steps)
    assert (hiddens * 2.0**8 + 100 > 127.5).any()


@pytest.mark.parametrize("name", ["sequences", "two_roundings"])
def test_nothing_leaves_the_device(name, monkeypatch):
    install(monkeypatch)
    host = computed(name, "float32")
    there = computed(name, "float32", on_device)
    for one, other in zip([host[0], *host[1]], [there[0], *there[1]], strict=True):
        assert isinstance(other.data, ndarray)
        # another order of the sums may move one of them by a step of 2^-12
        np.testing.assert_allclose(peek(other.data), one.data, rtol=2e-2, atol=2e-3)
