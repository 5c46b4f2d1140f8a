"""Keras' side of test_operations.py: `python operations_peer.py FOLDER`.

On JAX, where Keras is nearest to numpy. Of FOLDER/ours/*.keras it writes what they compute, or why
not (.txt); into FOLDER/theirs go its own models, with what they compute where Keras reads them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import keras

from tests.oracles.operations import CASES, given_of, model_of, write


def values(model, case):
    made = keras.tree.flatten(model(given_of(case)))
    return [keras.ops.convert_to_numpy(y) for y in made]


def main(folder: Path) -> None:
    for path in sorted((folder / "ours").glob("*.keras")):
        case = CASES[path.stem][1]
        try:
            write(path.with_suffix(".npz"), values(keras.saving.load_model(path), case))
        except Exception as error:  # Keras raises all kinds
            path.with_suffix(".txt").write_text(str(error))
    theirs = folder / "theirs"
    theirs.mkdir()
    for name, (_, case) in CASES.items():
        path = theirs / f"{name}.keras"
        try:
            symbolic = keras.KerasTensor
            model = model_of(
                case, keras.ops, keras.Input, keras.Model, lambda y, s=symbolic: isinstance(y, s)
            )
            model.save(path)
            write(path.with_suffix(".npz"), values(keras.saving.load_model(path), case))
        except Exception as error:
            path.with_suffix(".txt").write_text(str(error))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
