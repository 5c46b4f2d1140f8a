"""Make keras/signatures.json and keras/ops_signatures.json: names, arguments, their order and
defaults in the modules of Keras; keras/ops_classes.json: the classes that its files name.

    python tests/golden/make_signatures.py

Needs keras; the tests need only the file.
"""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras

ROOMS = ("activations", "callbacks", "constraints", "initializers", "losses", "metrics",
         "optimizers", "optimizers.schedules", "regularizers")  # fmt: skip
FILES = {
    "signatures": ROOMS,
    "ops_signatures": ("ops", "ops.image", "ops.linalg", "ops.nn", "ops.numpy"),
}


def signature(found):
    """[name, default] of every argument; a default that is no plain value is its name."""
    return [
        [p.name, None if p.default is p.empty else _plain(p.default), p.default is p.empty]
        for p in inspect.signature(found).parameters.values()
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]


def _plain(value):
    if isinstance(value, tuple):
        return list(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def make(file, rooms):
    """Write the signatures of these modules."""
    made = {}
    for room in rooms:
        module = keras
        for part in room.split("."):
            module = getattr(module, part)
        made[room] = {
            name: signature(value)
            for name, value in sorted(vars(module).items())
            if callable(value) and not name.startswith("_")
        }
    target = Path(__file__).parent / "keras" / f"{file}.json"
    lines = [
        f'{json.dumps(room)}: {{\n' + ",\n".join(
            f"  {json.dumps(name)}: {json.dumps(found)}" for name, found in names.items()
        ) + "\n}"
        for room, names in made.items()
    ]  # fmt: skip
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print({room: len(names) for room, names in made.items()})


def make_classes():
    """Write class -> [module, *arguments] of all operations."""
    from keras.src.ops import core, einops, image, linalg, math, nn, numpy
    from keras.src.ops.operation import Operation

    found = {
        name: [module.__name__, *list(inspect.signature(value.__init__).parameters)[1:]]
        for module in (core, einops, image, linalg, math, nn, numpy)
        for name, value in sorted(vars(module).items())
        if inspect.isclass(value)
        and issubclass(value, Operation)
        and value is not Operation
        and value.__module__ == module.__name__
    }
    lines = [f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in found.items()]
    target = Path(__file__).parent / "keras" / "ops_classes.json"
    target.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    make_classes()
    for file, rooms in FILES.items():
        make(file, rooms)
