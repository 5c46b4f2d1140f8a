"""Keras' side of the live oracle: `python keras_peer.py FOLDER`, run by test_keras.py.

Reads FOLDER/ours/*.keras and *.h5, writes what Keras predicts with them, and makes FOLDER/theirs.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import h5py
import keras
import numpy as np
from keras.src.legacy.saving import legacy_h5_format

from tests.oracles.architectures import ARCHITECTURES, continued, outputs_of, trained


def describe(path: Path, model, name: str) -> None:
    """Predictions, and the weights after one more step without dropout."""
    arrays = {f"out/{key}": value for key, value in outputs_of(model, name).items()}
    if name != "convolutional":  # dropout draws other numbers on each side
        arrays |= {f"after/{i}": w for i, w in enumerate(continued(model, name))}
    np.savez(path, **arrays)


def take_optimizer(model, path: Path) -> None:
    """The state in an .h5 file, by Keras' own reader: Keras 3.15 itself builds the optimizer for
    the variables of the model alone, which a model of layers does not have.
    """
    optimizer = keras.optimizers.deserialize(keras.optimizers.serialize(model.optimizer))
    optimizer.build(model.trainable_variables)
    with h5py.File(path) as file:
        optimizer.set_weights(legacy_h5_format.load_optimizer_weights_from_hdf5_group(file))
    model.optimizer = optimizer


def main(folder: Path) -> None:
    for path in sorted(p for p in (folder / "ours").iterdir() if p.suffix in (".keras", ".h5")):
        model = keras.saving.load_model(path)
        if path.suffix == ".h5":
            take_optimizer(model, path)
        describe(path.with_suffix(f"{path.suffix}.npz"), model, path.stem)
    theirs = folder / "theirs"
    theirs.mkdir()
    for name in ARCHITECTURES:
        keras.utils.set_random_seed(1)
        model = trained(keras, name)
        model.save(theirs / f"{name}.keras")
        model.save(theirs / f"{name}.h5")
        model.save_weights(theirs / f"{name}.weights.h5")
        (theirs / f"{name}.json").write_text(model.to_json())
        describe(theirs / f"{name}.npz", model, name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
