"""Keras' side of test_applications.py: `python applications_peer.py FOLDER`.

For each network, with the weights that Keras draws: its layers and the shapes of its weights
(NAME.json), the weights in both of Keras' formats, and what it gives for a batch (NAME.npz).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import keras
import numpy as np
from applications import NETWORKS


def main(folder: Path) -> None:
    for name, function, arguments in NETWORKS:
        keras.utils.clear_session()
        keras.utils.set_random_seed(1)
        model = getattr(keras.applications, function)(weights=None, **arguments)
        layers = [
            [layer.name, type(layer).__name__, list(layer.output.shape)] for layer in model.layers
        ]
        weights = [list(w.shape) for w in model.weights]
        (folder / f"{name}.json").write_text(json.dumps({"layers": layers, "weights": weights}))
        shape = [n or 48 for n in arguments["input_shape"]]
        x = np.random.default_rng(2).uniform(0, 255, (2, *shape)).astype(np.float32)
        y = keras.ops.convert_to_numpy(model(keras.ops.convert_to_tensor(x), training=False))
        np.savez(folder / f"{name}.npz", x=x, y=y)
        model.save_weights(folder / f"{name}.weights.h5")
        if name == "mobilenetv3small":
            model.save(folder / f"{name}.h5")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
