"""Keras' side of test_texts.py: `python texts_peer.py FOLDER`, on TensorFlow for its strings.

What Keras computes with FOLDER/ours/*.keras, those files as Keras saves them again, and
FOLDER/theirs with what its own models compute. What goes wrong is written to problems.json.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import keras
import numpy as np
import tensorflow as tf

from tests.oracles.texts import CASES


def outputs(model, name: str) -> dict[str, np.ndarray]:
    given = [tf.constant(x) for x in CASES[name].inputs]
    found = keras.tree.flatten(model(given if len(given) > 1 else given[0]))
    return {str(i): readable(np.asarray(x)) for i, x in enumerate(found)}


def readable(x: np.ndarray) -> np.ndarray:
    return np.char.decode(x.astype(bytes), "utf-8") if x.dtype.kind == "O" else x


def exchange(path: Path) -> None:
    model = keras.saving.load_model(path)
    np.savez(path.with_suffix(".npz"), **outputs(model, path.stem))
    model.save(path.parents[1] / "again" / path.name)


def main(folder: Path) -> None:
    problems = {}
    for name in ("again", "theirs"):
        (folder / name).mkdir()
    for path in sorted((folder / "ours").glob("*.keras")):
        try:
            exchange(path)
        except Exception:
            problems[path.stem] = traceback.format_exc()[-2000:]
    (folder / "problems.json").write_text(json.dumps(problems))
    for name, case in CASES.items():
        keras.utils.set_random_seed(1)
        model = case.make(keras)
        np.savez(folder / "theirs" / f"{name}.npz", **outputs(model, name))
        model.save(folder / "theirs" / f"{name}.keras")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
