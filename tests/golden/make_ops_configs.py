"""Make ops/configs.json: functional models of the cases of tests/keras/ops_cases, as Keras writes
them into its files, without their InputLayers x0, x1, ...: one case for each class of operation.
Left out is what Keras cannot make or save, and what holds code.

    KERAS_BACKEND=jax python tests/golden/make_ops_configs.py
"""

from __future__ import annotations

import collections
import json
import sys
from pathlib import Path

import keras

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.keras.ops_cases import FAMILIES, outputs_of

TARGET = Path(__file__).resolve().parent / "ops" / "configs.json"


def config_of(case):
    """The config of a model of the case, whose inputs are its floating arrays."""
    keras.utils.clear_session()
    held = [
        keras.Input(batch_shape=x.shape, dtype=str(x.dtype), name=f"x{i}")
        for i, x in enumerate(case.inputs)
        if x.dtype.kind == "f"
    ]
    symbols = iter(held)
    given = [next(symbols) if x.dtype.kind == "f" else x for x in case.inputs]
    made = [y for y in outputs_of(case.function(keras.ops, *given)) if hasattr(y, "_keras_history")]
    config = json.loads(keras.Model(held, made, name="case").to_json())["config"]
    if "__lambda__" in json.dumps(config):
        raise ValueError("holds code")
    layers = [layer for layer in config["layers"] if layer["class_name"] != "InputLayer"]
    for layer in layers:
        layer.pop("registered_name", None)
    return {**config, "layers": layers}


def classes_of(config):
    return {layer["class_name"] for layer in config["layers"]}


def main():
    found, counts = {}, collections.Counter()
    for family, cases in FAMILIES.items():
        for label, case in cases.items():
            if not any(x.dtype.kind == "f" for x in case.inputs):
                continue
            try:
                config = config_of(case)
            except Exception as error:  # Keras raises all kinds
                print(f"left out: {family}/{label}: {str(error).strip()[-100:]!r}")
                continue
            new = [name for name in classes_of(config) if not counts[name]]
            if new:
                counts.update(new)
                found[f"{family}/{label}"] = config
    lines = [f"  {json.dumps(k)}: {json.dumps(v, sort_keys=True)}" for k, v in found.items()]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(len(found), "models,", len(counts), "classes,", TARGET.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
