"""Make tests/golden/ops/: what Keras' own `keras.ops` gives in the cases of tests/keras/ops_cases.

    KERAS_BACKEND=jax python tests/golden/make_ops_goldens.py [family ...]
    KERAS_BACKEND=tensorflow python tests/golden/make_ops_goldens.py filters
    KERAS_BACKEND=torch python tests/golden/make_ops_goldens.py [family ...]

The first run stores values in the dtypes of Keras (<family>.npz: y0, y1, ...; on JAX, where Keras
is nearest to numpy, or on the backend that a family names), the last their
derivatives in float64 (<family>_slopes.npz): the gradients d0, d1, ... by the floating inputs of
the weighed sum of the outputs, and those of the weighed sum of these (s0, s1, ...).
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.keras.ops_cases import FAMILIES, outputs_of, weights_of
from tests.keras.ops_dtypes import asked

TARGET = Path(__file__).resolve().parent / "ops"


def values(case):
    """The outputs of a case in Keras."""
    given = [keras.ops.convert_to_tensor(x) for x in case.inputs]
    made = outputs_of(case.function(keras.ops, *given))
    return {f"y{i}": keras.ops.convert_to_numpy(y) for i, y in enumerate(made)}


def slopes(case):
    """The derivatives of a case, and theirs, by PyTorch."""
    import torch

    given = [
        torch.tensor(x.astype("float64"), requires_grad=True)
        if x.dtype.kind == "f"
        else torch.tensor(x)
        for x in case.inputs
    ]
    followed = [x for x in given if x.requires_grad]
    made = [y for y in outputs_of(case.function(keras.ops, *given)) if y.is_floating_point()]
    if not any(y.requires_grad for y in made):
        return {}  # to a tape a constant
    first = torch.autograd.grad(
        [y for y in made if y.requires_grad], followed,
        [torch.tensor(weights_of(y.shape)).to(y.dtype) for y in made if y.requires_grad],
        create_graph=True, materialize_grads=True,
    )  # fmt: skip
    total = sum((d * torch.tensor(weights_of(d.shape))).sum() for d in first)
    second = [torch.zeros_like(x) for x in followed]
    if total.requires_grad:
        second = torch.autograd.grad(total, followed, materialize_grads=True)
    found = {}
    for i, (d, s) in enumerate(zip(first, second, strict=True)):
        if d.dtype != torch.float64 or made[0].dtype != torch.float64:
            raise ValueError(f"computed in {d.dtype}, {made[0].dtype}")
        found[f"d{i}"], found[f"s{i}"] = d.numpy(force=True), s.numpy(force=True)
    return found


def in_float64(dtypes):
    """Let Keras compute in float64 where anything is: by itself it goes back to float32."""
    of_keras = dtypes.result_type

    def result_type(*given):
        if any("float64" in str(dtype) for dtype in given):
            return "float64"
        return of_keras(*given)

    dtypes.result_type = result_type


def dtypes():
    """Write which dtypes the functions give, one after the other; "-" where Keras refuses."""
    found = {}
    for name, calls in asked():
        given = []
        for call in calls:
            try:
                y = call(keras.ops, keras.ops.convert_to_tensor)
                given.append(keras.backend.standardize_dtype(y.dtype))
            except Exception:
                given.append("-")
        found[name] = " ".join(given)
    (TARGET / "dtypes.json").write_text(json.dumps(found, indent=1) + "\n")


def main() -> None:
    on_torch = keras.backend.backend() == "torch"
    if on_torch:
        from keras.src.backend.common import dtypes

        keras.config.set_floatx("float64")
        in_float64(dtypes)
    TARGET.mkdir(exist_ok=True)
    if keras.backend.backend() == "jax" and not sys.argv[1:]:
        dtypes()
    for family in sys.argv[1:] or FAMILIES:
        cases = importlib.import_module(f"tests.keras.ops_cases.{family}")
        if not on_torch and keras.backend.backend() != getattr(cases, "BACKEND", "jax"):
            continue
        arrays = {}
        for label, case in FAMILIES[family].items():
            if on_torch and case.slopes != "torch":
                continue
            try:
                found = slopes(case) if on_torch else values(case)
            except Exception as error:
                print(f"{family} / {label}: {str(error)[:300]}")
                continue
            arrays.update({f"{label}/{key}": value for key, value in found.items()})
        name = f"{family}_slopes.npz" if on_torch else f"{family}.npz"
        if not arrays:
            continue
        np.savez_compressed(TARGET / name, **arrays)


if __name__ == "__main__":
    main()
