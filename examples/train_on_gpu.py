"""Digits trained on a GPU, or on the CPU where there is none that can be used; then int8.

    python examples/train_on_gpu.py [--device gpu] [--epochs 6]

Nothing but the line with `set_device` knows of the GPU.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np

import edgekit
from edgekit.errors import EdgekitError
from edgekit.train import Sequential, backend, layers, set_random_seed

DATA = Path(__file__).resolve().parent / "data" / "mnist_subset.npz"


def choose(device: str) -> None:
    """Train on `device`; on the CPU, with the reason, where it cannot be used."""
    try:
        backend.set_device(device)
    except EdgekitError as problem:
        print(f"on the CPU: {problem}")


def digits() -> Any:
    """A small convolutional network."""
    return Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(8, 3, strides=2, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Conv2D(16, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(10, activation="softmax"),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="gpu")
    parser.add_argument("--epochs", type=int, default=6)
    given = parser.parse_args()
    choose(given.device)
    with np.load(DATA) as data:
        x, y, x_test, y_test = (data[k] for k in ("x_train", "y_train", "x_test", "y_test"))
    x, x_test = x[..., None], x_test[..., None]  # bytes: a quarter of what floats would copy

    set_random_seed(0)
    model = digits()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    start = time.perf_counter()
    history = model.fit(
        x, y, epochs=given.epochs, validation_data=(x_test, y_test), verbose=0
    ).history
    seconds = time.perf_counter() - start
    print(f"{backend.current_device()}: {given.epochs} epochs in {seconds:.1f} s")
    print(f"accuracy {history['val_accuracy'][-1]:.1%} of {len(x_test)} held-back digits")

    converted = edgekit.convert(model, np.float32(x[:100]), evaluate=(np.float32(x_test), y_test))
    accuracy = converted.report.accuracy
    assert accuracy is not None
    print(f"int8: {accuracy.int8_value:.1%}")


if __name__ == "__main__":
    main()
