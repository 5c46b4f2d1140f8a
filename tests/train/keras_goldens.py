"""The files in tests/golden/keras, which Keras made, as the tests read them."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np

FOLDER = Path(__file__).resolve().parent.parent / "golden" / "keras"


@functools.cache
def arrays(name: str) -> dict[str, np.ndarray]:
    """All arrays of one .npz file."""
    with np.load(FOLDER / f"{name}.npz", allow_pickle=False) as archive:
        return {key: archive[key] for key in archive.files}


@functools.cache
def family_configs(family: str) -> dict[str, Any]:
    """The .json of a family of cases: "layers" by case, "weight_names" by case, "defaults"."""
    return json.loads((FOLDER / f"{family}.json").read_text())


@functools.cache
def defaults() -> dict[str, dict[str, Any]]:
    """room -> class -> Keras' config with as few arguments as possible, over all families."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(FOLDER.glob("*.json")):
        for room, classes in family_configs(path.stem).get("defaults", {}).items():
            found.setdefault(room, {}).update(classes)
    return found


def numbered(found: dict[str, np.ndarray], prefix: str) -> list[np.ndarray]:
    """prefix0, prefix1, ... as a list."""
    keys = [key for key in found if key.startswith(prefix) and key[len(prefix) :].isdigit()]
    return [found[key] for key in sorted(keys, key=lambda key: int(key[len(prefix) :]))]


def same_config(ours: Any, keras: Any) -> list[str]:
    """What differs between a config of ours and Keras', over the arguments that ours has."""
    if isinstance(ours, dict) and "class_name" in ours:
        # which module of Keras a class is found in depends on Keras' release
        ours = {k: v for k, v in ours.items() if k in ("class_name", "config")}
    if isinstance(ours, dict) and isinstance(keras, dict):
        return [
            f"{key}: {problem}"
            for key, value in ours.items()
            if key not in ("name", "dtype")
            for problem in (
                same_config(value, keras[key]) if key in keras else ["Keras has no such argument"]
            )
        ]
    if isinstance(ours, tuple | list) and isinstance(keras, tuple | list):
        if len(ours) != len(keras):
            return [f"{ours}, {keras}"]
        pairs = zip(ours, keras, strict=True)
        return [problem for mine, theirs in pairs for problem in same_config(mine, theirs)]
    if isinstance(ours, float) and isinstance(keras, float):
        # Keras keeps some arguments in float32
        return [] if np.isclose(ours, keras, rtol=1e-7) else [f"ours {ours!r}, Keras {keras!r}"]
    return [] if ours == keras else [f"ours {ours!r}, Keras {keras!r}"]
