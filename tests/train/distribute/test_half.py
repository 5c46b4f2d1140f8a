"""Policies of 16 bits on several simulated GPUs: scales of losses, copies of weights."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.train import Sequential, layers, optimizers, set_random_seed
from edgekit.train.distribute import MirroredStrategy
from edgekit.train.optimizers import LossScaleOptimizer
from tests.train.distribute.device_cluster import Cluster

pytest.importorskip("ml_dtypes")
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(48, 6)).astype(np.float32)
Y = RANDOM.integers(0, 3, 48)


def trained(strategy, policy):
    set_random_seed(1)
    with strategy.scope():
        model = Sequential(
            [
                layers.Input((6,)),
                layers.Dense(8, "tanh", dtype=policy),
                layers.Dense(5, "relu", dtype=policy),
                layers.Dense(3, "softmax", dtype="float32"),
            ]
        )
        model.compile(optimizers.SGD(0.1, momentum=0.9), "sparse_categorical_crossentropy")
    found = model.fit(X, Y, batch_size=12, epochs=3, verbose=0, shuffle=False).history["loss"]
    return model, found


@pytest.mark.parametrize(
    ("policy", "rounding"), [("mixed_float16", 2.0**-11), ("mixed_bfloat16", 2.0**-8)]
)
def test_it_trains_as_on_the_host(policy, rounding, monkeypatch):
    _, expected = trained(MirroredStrategy(["cpu:0", "cpu:1", "cpu:2"]), "float32")
    Cluster(3).install(monkeypatch)
    model, found = trained(MirroredStrategy(), policy)
    assert isinstance(model.optimizer, LossScaleOptimizer) == (policy == "mixed_float16")
    assert int(model.optimizer.iterations) == 12
    np.testing.assert_allclose(found, expected, rtol=8 * rounding)
