"""Names, arguments, their order and defaults are those of Keras."""

from __future__ import annotations

import importlib
import inspect
import json

import pytest

from tests.train.keras_goldens import FOLDER

SIGNATURES = json.loads((FOLDER / "signatures.json").read_text())
# what Keras has and edgekit.train has not, with the reason
LEFT_OUT = {
    "callbacks": {"OrbaxCheckpoint": "checkpoints of JAX"},
    "optimizers": {
        "MultiOptimizer": "several optimizers in one",
        "OptimizerMap": "several optimizers in one",
        "ScheduleFreeAdamW": "not a common optimizer",
    },
}
NAMES = [
    (room, name)
    for room, names in SIGNATURES.items()
    for name in names
    if name not in LEFT_OUT.get(room, {})
]


def arguments(found):
    """[name, default, required] of every argument, those of the base too where they go on."""
    parameters = list(inspect.signature(found).parameters.values())
    own = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    if isinstance(found, type) and any(p.kind is p.VAR_POSITIONAL for p in parameters):
        for base in found.__mro__[1:]:
            first = list(inspect.signature(base).parameters.values())
            named = {p.name for p in own}
            own += [
                p
                for p in first
                if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and p.name not in named
            ]
            if not any(p.kind is p.VAR_POSITIONAL for p in first):
                break
    return [
        [p.name, None if p.default is p.empty else p.default, p.default is p.empty] for p in own
    ]


@pytest.mark.parametrize(("room", "name"), NAMES, ids=lambda x: x)
def test_signatures_are_those_of_keras(room, name):
    module = importlib.import_module(f"edgekit.train.{room}")
    found = getattr(module, name)
    ours, keras = arguments(found), SIGNATURES[room][name]
    assert [a[0] for a in ours[: len(keras)]] == [a[0] for a in keras]
    for (argument, default, required), (_, expected, needed) in zip(ours, keras, strict=False):
        default = list(default) if isinstance(default, tuple) else default
        assert required == needed, argument
        if not (argument == "name" and default is None):
            # our losses and metrics name themselves where Keras writes the name as the default
            assert default == expected, argument


def test_what_is_left_out_is_not_there():
    for room, names in LEFT_OUT.items():
        module = importlib.import_module(f"edgekit.train.{room}")
        assert not [name for name in names if hasattr(module, name)]
