"""Keras' side of the live oracle: `python keras_peer.py FOLDER`, run by test_keras.py.

Reads FOLDER/ours/*.keras and writes what Keras predicts with them, and makes FOLDER/theirs.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import keras
import numpy as np

from tests.oracles.architectures import ARCHITECTURES, continued, outputs_of, trained


def describe(path: Path, model, name: str) -> None:
    """Predictions, and the weights after one more step without dropout."""
    arrays = {f"out/{key}": value for key, value in outputs_of(model, name).items()}
    if name != "convolutional":  # dropout draws other numbers on each side
        arrays |= {f"after/{i}": w for i, w in enumerate(continued(model, name))}
    np.savez(path, **arrays)


def main(folder: Path) -> None:
    for path in sorted((folder / "ours").glob("*.keras")):
        describe(path.with_suffix(".npz"), keras.saving.load_model(path), path.stem)
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
