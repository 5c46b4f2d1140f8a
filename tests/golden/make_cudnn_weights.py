"""Make tests/golden/keras/cudnn.npz: weights of LSTM and GRU, and the same as CuDNNLSTM and
CuDNNGRU of Keras 2 keep them, turned by tf_keras.

    python tests/golden/make_cudnn_weights.py
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tf_keras as keras
from tf_keras.src.layers.rnn.cudnn_gru import CuDNNGRU
from tf_keras.src.layers.rnn.cudnn_lstm import CuDNNLSTM
from tf_keras.src.saving.legacy.hdf5_format import preprocess_weights_for_loading


def main() -> None:
    random = np.random.default_rng(3)
    found = {}
    for name, cls, cudnn in (
        ("lstm", keras.layers.LSTM, CuDNNLSTM),
        ("gru", keras.layers.GRU, CuDNNGRU),
    ):
        layer = cls(3)
        layer.build((None, 4, 2))
        weights = [random.normal(size=w.shape).astype("float32") for w in layer.weights]
        turned = preprocess_weights_for_loading(cudnn(3), weights)
        for i, (ours, theirs) in enumerate(zip(weights, turned, strict=True)):
            found |= {f"{name}/{i}": ours, f"cudnn_{name}/{i}": np.asarray(theirs)}
    np.savez(Path(__file__).with_name("keras") / "cudnn.npz", **found)


if __name__ == "__main__":
    main()
