"""Make tests/golden/keras/half.npz and half_*.keras: Keras under policies of 16 bits.

KERAS_BACKEND=torch python -m tests.golden.make_half_goldens
"""

from __future__ import annotations

import keras
import numpy as np
import torch
from keras import ops

from tests.train.half_model import POLICIES, half_model
from tests.train.keras_goldens import FOLDER


def main() -> None:
    random = np.random.default_rng(0)
    found = {
        "x": random.normal(size=(5, 8, 8, 2)).astype(np.float32),
        "y": random.integers(0, 3, 5),
    }
    for policy in POLICIES:
        keras.utils.set_random_seed(3)
        model = half_model(keras, policy)
        for i, weight in enumerate(
            model.weights
        ):  # values that 8 bits hold, so that all start alike
            values = np.round(random.normal(size=weight.shape) * 16) / 64
            weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)
            found[f"{policy}/weight{i}"] = ops.convert_to_numpy(ops.cast(weight, "float32"))
        model.save(FOLDER / f"half_{policy}.keras")
        hidden = keras.Model(model.inputs, model.get_layer("hidden").output)
        found[f"{policy}/hidden"] = ops.convert_to_numpy(ops.cast(hidden(found["x"]), "float32"))
        found[f"{policy}/outputs"] = ops.convert_to_numpy(model(found["x"]))
        loss = keras.losses.SparseCategoricalCrossentropy()(
            found["y"], model(found["x"], training=True)
        )
        (loss * 64).backward()  # as a loss scale would, for float16
        for i, weight in enumerate(model.trainable_weights):
            gradient = weight.value.grad.to(torch.float32).numpy() / 64
            found[f"{policy}/gradient{i}"] = gradient
    np.savez_compressed(FOLDER / "half.npz", **found)


if __name__ == "__main__":
    main()
