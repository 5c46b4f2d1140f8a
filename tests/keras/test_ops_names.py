"""`keras.ops` and its modules have the names of Keras, and the same arguments and defaults."""

from __future__ import annotations

import functools
import inspect
import json

import pytest

from edgekit.keras import ops
from tests.train.keras_goldens import FOLDER

SIGNATURES = json.loads((FOLDER / "ops_signatures.json").read_text())
NAMES = [(room, name) for room, names in SIGNATURES.items() for name in names]


def found(room: str, name: str) -> object:
    return functools.reduce(getattr, [*room.split(".")[1:], name], ops)


@pytest.mark.parametrize(("room", "name"), NAMES)
def test_signatures_are_those_of_keras(room, name):
    parameters = inspect.signature(found(room, name)).parameters.values()
    ours = [
        [p.name, None if p.default is p.empty else p.default, p.default is p.empty]
        for p in parameters
        if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    ]
    assert json.loads(json.dumps(ours)) == SIGNATURES[room][name]


@pytest.mark.parametrize("room", SIGNATURES)
def test_modules_list_what_they_have(room):
    listed = dir(found("ops", room.removeprefix("ops.")) if "." in room else ops)
    assert set(SIGNATURES[room]) <= set(listed)


def test_names_of_a_module_are_those_of_the_whole():
    for room in ("ops.nn", "ops.numpy", "ops.linalg"):
        for name in SIGNATURES[room]:
            if name in SIGNATURES["ops"]:
                assert found(room, name) is found("ops", name)
