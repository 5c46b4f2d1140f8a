"""Functional models of functions of `keras.ops`, against those that Keras writes of the same."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.keras import ops
from edgekit.train import Input, Model, Tensor
from edgekit.train.models import model_from_json
from tests.keras.ops_cases import FAMILIES, Case, outputs_of
from tests.keras.test_ops_cases import close, followed_of, stored
from tests.material import ROOT

CONFIGS = json.loads((ROOT / "tests/golden/ops/configs.json").read_text())
CASES = {f"{f}/{label}": case for f, cases in FAMILIES.items() for label, case in cases.items()}
NOT_SAVED = ("ctc_decode", "histogram", "nonzero", "unique")
"""Functions whose shapes hang on values: no part of a functional model here."""


def inputs_of(case: Case) -> list[Any]:
    return [
        Input(batch_shape=x.shape, dtype=str(x.dtype), name=f"x{i}")
        for i, x in enumerate(case.inputs)
        if x.dtype.kind == "f"
    ]


def model_of(case: Case) -> Model:
    """The model of a case, whose inputs are its floating arrays."""
    held = inputs_of(case)
    symbols = iter(held)
    given = [next(symbols) if x.dtype.kind == "f" else x for x in case.inputs]
    with np.errstate(all="ignore"):
        made = outputs_of(case.function(ops, *given))
    return Model(held, [y for y in made if hasattr(y, "__symbolic_call__")], name="case")


def values(model: Model, case: Case) -> list[Any]:
    with np.errstate(all="ignore"):
        return outputs_of(model([Tensor(x) for x in followed_of(case.inputs)]))


def whole(config: dict[str, Any], case: Case) -> str:
    """A model of Keras with its inputs, which the goldens leave out, as a text."""
    held = inputs_of(case)
    entries = json.loads(Model(held, held).to_json())["config"]["layers"]
    layers = [*entries, *config["layers"]]
    return json.dumps({"class_name": "Functional", "config": {**config, "layers": layers}})


@pytest.mark.parametrize("name", [n for n in CONFIGS if not n.split("/")[1].startswith(NOT_SAVED)])
def test_models_of_keras_give_its_values(name: str) -> None:
    case = CASES[name]
    found = values(model_from_json(whole(CONFIGS[name], case)), case)
    expected = [e for e in stored(name, "y") if e.dtype.kind not in "US"]
    for y, e in zip(found, expected, strict=True):
        assert (y.shape, y.dtype) == (e.shape, e.dtype)
        close(y.numpy(), e, case.rtol)


def operation_of(config: dict[str, Any]) -> dict[str, Any] | None:
    """What a model of one operation says of it; None for models of more."""
    made = [entry for entry in config["layers"] if entry["class_name"] != "InputLayer"]
    return json.loads(json.dumps(made[0])) if len(made) == 1 else None


def settings_of(entry: dict[str, Any]) -> dict[str, Any]:
    """Without the name and what is as if it were not said: one number stands for all axes, and
    steps of patches are those that Keras works out of their size.
    """
    given = entry["config"].items()
    kept = {k: v for k, v in given if k != "name" and v is not None and v is not False}
    for key in ("pool_size", "size", "strides"):
        if isinstance(kept.get(key), list) and len(set(kept[key])) == 1:
            kept[key] = kept[key][0]
    if kept.get("size") == kept.get("strides"):
        kept.pop("strides", None)
    if kept.get("data_format") == "channels_last":
        del kept["data_format"]
    return kept


@pytest.mark.parametrize("name", [n for n in CONFIGS if not CASES[n].symbolic])
def test_operations_have_the_settings_that_keras_writes(name: str) -> None:
    ours = operation_of(json.loads(model_of(CASES[name]).to_json())["config"])
    theirs = operation_of(CONFIGS[name])
    if ours is None or theirs is None or ours["class_name"] != theirs["class_name"]:
        pytest.skip("made of other operations here, whose values the oracle compares")
    assert ours["module"] == theirs["module"]
    assert settings_of(ours) == settings_of(theirs)


SAVED = [n for n, c in CASES.items() if followed_of(c.inputs) and not c.symbolic]
# cases of functions of Python functions, and of settings that are tensors or arrays
REFUSED = {
    **dict.fromkeys(("while_loop", "fori_loop", "map", "vectorized_map", "scan", "scan reverse",
                     "associative_scan False", "associative_scan True", "vectorize",
                     "vectorize signature"), "no operation"),
    **dict.fromkeys(("repeat each", "trapezoid at places", "bincount weighed"), "as a setting"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAVED)
def test_models_come_back_with_their_values(name: str) -> None:
    case, reason = CASES[name], REFUSED.get(name.rpartition("/")[2])
    model = model_of(case)
    if reason is not None:
        with pytest.raises(UnsupportedOperator, match=reason):
            model.to_json()
        return
    again = model_from_json(model.to_json())
    for y, e in zip(values(again, case), values(model, case), strict=True):
        assert y.dtype == e.dtype
        np.testing.assert_array_equal(y.numpy(), e.numpy())
