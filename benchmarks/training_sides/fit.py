"""`fit` of a small dense network, edgekit's and Keras' turn by turn, on KERAS_BACKEND.

Prints two numbers, µs of CPU time for a step: edgekit's and Keras'.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

import numpy as np

SAMPLES, BATCH, ROUNDS = 6400, 32, 12


def network(api: Any) -> Any:
    model = api.Sequential(
        [
            api.layers.Input((784,)),
            api.layers.Dense(128, activation="relu"),
            api.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    import keras

    from edgekit import train

    if keras.backend.backend() == "torch":
        import torch

        torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(SAMPLES, 784)).astype(np.float32)
    y = rng.integers(0, 10, SAMPLES)
    models = [network(train), network(keras)]
    best = [float("inf")] * 2
    for model in models:
        model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)
    for _ in range(ROUNDS):
        for i, model in enumerate(models):
            start = time.process_time()
            model.fit(x, y, batch_size=BATCH, epochs=1, verbose=0)
            best[i] = min(best[i], time.process_time() - start)
    print(json.dumps([1e6 * t * BATCH / SAMPLES for t in best]))


if __name__ == "__main__":
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - what frameworks say at their start
    main()
