"""Weights that Keras 2 kept in another form, turned into today's.

Files written with Theano hold kernels that convolve, where TensorFlow's correlate. CuDNNLSTM and
CuDNNGRU had the kernels of each gate transposed, and a bias for the input beside one for the state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["modern_weights"]

_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "ConvLSTM2D")
_GATES = {"GRU": 3, "LSTM": 4}


def modern_weights(layer: Any, arrays: Sequence[np.ndarray], backend: str) -> list[np.ndarray]:
    """The arrays of a layer as it takes them; backend: the one whose Keras wrote the file."""
    name = type(layer).__name__
    if name == "Bidirectional":
        half = len(arrays) // 2
        return [
            *modern_weights(layer.forward_layer, arrays[:half], backend),
            *modern_weights(layer.backward_layer, arrays[half:], backend),
        ]
    if name == "TimeDistributed":
        return modern_weights(layer.layer, arrays, backend)
    if name in _CONVOLUTIONS and backend == "theano":
        return [a if a.ndim < 3 else np.flip(a, tuple(range(a.ndim - 2))) for a in arrays]
    if name in _GATES and len(arrays) == 3 and arrays[2].shape == (2 * _GATES[name] * layer.units,):
        return _from_cudnn(name, *arrays)
    return list(arrays)


def _from_cudnn(
    name: str, kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray
) -> list[np.ndarray]:
    gates = _GATES[name]
    parts = [part.reshape(-1).reshape(part.shape, order="F") for part in _split(kernel, gates)]
    states = [part.T for part in _split(recurrent_kernel, gates)]
    both = bias.reshape(2, -1)
    return [np.hstack(parts), np.hstack(states), both if name == "GRU" else both[0] + both[1]]


def _split(kernel: np.ndarray, gates: int) -> list[np.ndarray]:
    return np.split(kernel, gates, axis=1)
