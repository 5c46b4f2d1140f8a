"""A small table and the FeatureSpaces that are compared with Keras."""

from __future__ import annotations

from typing import Any

import numpy as np

DATA = {
    "age": np.array([23, 41, 35, 60, 52, 41], np.int64),
    "height": np.array([1.6, 1.8, 1.75, 1.55, 1.9, 1.7], np.float32),
    "weight": np.array([60.0, 82.5, 71.0, 55.0, 95.0, 70.0], np.float32),
    "children": np.array([0, 2, 1, 2, 3, 2], np.int64),
    "city": np.array(["Ulm", "Bern", "Ulm", "Graz", "Bern", "Ulm"]),
    "code": np.array(["a1", "b2", "c3", "a1", "d4", "e5"]),
    "number": np.array([10, 200, 3000, 10, 7, 42], np.int64),
}
NEW = {
    "age": np.array([30, 99], np.int64),
    "height": np.array([1.65, 2.0], np.float32),
    "weight": np.array([80.0, 50.0], np.float32),
    "children": np.array([2, 9], np.int64),
    "city": np.array(["Bern", "Linz"]),
    "code": np.array(["zz", "a1"]),
    "number": np.array([8, 200], np.int64),
}

# name -> (features, further arguments); "float_rescaled:0.5" is that function with scale=0.5
SPACES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "all": (
        {
            "age": "float",
            "height": "float_normalized",
            "weight": "float_rescaled:0.5",
            "children": "integer_categorical",
            "city": "string_categorical",
            "code": "string_hashed",
            "number": "integer_hashed",
        },
        {"hashing_dim": 5},
    ),
    "crossed": (
        {"children": "integer_categorical", "city": "string_categorical", "age": "float"},
        {"crosses": [("children", "city")], "crossing_dim": 8},
    ),
    "separate": (
        {"city": "string_categorical", "weight": "float_discretized:3", "code": "string_hashed:4"},
        {"output_mode": "dict"},
    ),
}


def make(cls: Any, name: str) -> Any:
    """A FeatureSpace of Keras, or of edgekit."""
    features, arguments = SPACES[name]
    made = {}
    for key, kind in features.items():
        kind, _, number = kind.partition(":")
        if not number:
            made[key] = kind
        elif kind == "float_rescaled":
            made[key] = cls.float_rescaled(scale=float(number))
        elif kind == "float_discretized":
            made[key] = cls.float_discretized(num_bins=int(number))
        else:
            made[key] = cls.string_hashed(num_bins=int(number), output_mode="int")
    return cls(made, **arguments)


def columns(name: str, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {key: data[key] for key in SPACES[name][0]}
