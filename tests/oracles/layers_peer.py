"""Keras' side of test_layers.py: `python layers_peer.py FOLDER`.

For each model file in FOLDER with its inputs (.in.npz): its weights and what Keras computes with it
(.out.npz), and the model as Keras saves it (.again.keras, .again.h5). What goes wrong is written to
problems.json by the name of the file.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

import keras
import numpy as np


def outputs(model, inputs):
    given = [keras.ops.convert_to_tensor(x) for x in inputs]
    found = model(given if len(given) > 1 else given[0], training=False)
    return [keras.ops.convert_to_numpy(x) for x in keras.tree.flatten(found)]


def exchange(path: Path) -> None:
    with np.load(f"{path}.in.npz") as file:
        inputs = [file[key] for key in sorted(file.files, key=int)]
    model = keras.saving.load_model(path, compile=False)
    found = {f"weight/{i}": w for i, w in enumerate(model.get_weights())}
    found |= {f"out/{i}": x for i, x in enumerate(outputs(model, inputs))}
    np.savez(f"{path}.out.npz", **found)
    model.save(path.with_suffix(f".again{path.suffix}"))


def main(folder: Path) -> None:
    problems = {"backend": keras.backend.backend()}
    for path in sorted(p for p in folder.iterdir() if p.suffix in (".keras", ".h5")):
        try:
            exchange(path)
        except Exception:
            problems[path.name] = traceback.format_exc()[-2000:]
    (folder / "problems.json").write_text(json.dumps(problems))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
