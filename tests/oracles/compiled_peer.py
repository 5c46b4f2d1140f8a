"""Keras' side of test_compiled.py: `python compiled_peer.py FOLDER`.

Reads FOLDER/ours/*.keras and writes what Keras makes of them, and makes FOLDER/theirs.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import keras
import numpy as np

from tests.oracles.compiled import NAMES, notes, trained


def main(folder: Path) -> None:
    (folder / "theirs").mkdir()
    for number, name in enumerate(NAMES):
        path = folder / "ours" / f"{name}.keras"
        model = keras.saving.load_model(path)
        np.savez(path.with_suffix(".npz"), **notes(model, keras.ops.convert_to_numpy))
        path = folder / "theirs" / f"{name}.keras"
        model = trained(keras, number)
        model.save(path)
        np.savez(path.with_suffix(".npz"), **notes(model, keras.ops.convert_to_numpy))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
