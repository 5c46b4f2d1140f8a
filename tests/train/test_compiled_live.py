"""Compiled models from Keras to edgekit and back: optimizers with their states, losses, metrics.

Keras is no dependency of the project: skipped where it is absent.
"""

from __future__ import annotations

import numpy as np
import pytest

import edgekit.train as ours
from tests.train.keras_cases.optimizers import OPTIMIZERS

keras = pytest.importorskip("keras")

X = np.random.default_rng(0).normal(size=(40, 4)).astype("f4")
Y = (X[:, :3] > 0).astype("f4")
# a different loss for every optimizer, as far as there are some
LOSSES = (
    "BinaryFocalCrossentropy", "KLDivergence", "Huber", "MeanSquaredLogarithmicError", "Tversky",
    "Dice", "LogCosh", "CosineSimilarity", "Hinge", "Poisson", "MeanAbsoluteError",
    "CategoricalHinge", "SquaredHinge", "CategoricalFocalCrossentropy",
)  # fmt: skip


def trained(module, number):
    """A compiled model of Keras or edgekit after ten steps."""
    _, cls, arguments = OPTIMIZERS[number]
    layers, metrics = module.layers, module.metrics
    model = module.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(
                5,
                kernel_constraint=module.constraints.MaxNorm(1.5),
                kernel_initializer=module.initializers.Orthogonal(seed=1),
            ),
            layers.Dense(
                3,
                activation="sigmoid",
                kernel_regularizer=module.regularizers.L1L2(0.01, 0.02),
            ),
        ]
    )
    make = cls if callable(cls) else getattr(module.optimizers, cls)
    optimizer = make(*((module.optimizers,) if callable(cls) else ()), **arguments)
    model.compile(
        optimizer,
        getattr(module.losses, LOSSES[number % len(LOSSES)])(),
        metrics=[
            metrics.AUC(name="auc"), metrics.Precision(thresholds=0.4), "accuracy", "msle",
            metrics.F1Score(average="macro", threshold=0.5), metrics.R2Score(),
            metrics.SensitivityAtSpecificity(0.5), "CosineSimilarity",
        ],
    )  # fmt: skip
    fit(model, 2)
    return model


def fit(model, epochs):
    model.fit(X, Y, epochs=epochs, batch_size=8, shuffle=False, verbose=0)


def state(model):
    return [np.asarray(keras.ops.convert_to_numpy(v)) if not isinstance(v, ours.Tensor)
            else v.numpy() for v in model.optimizer.variables]  # fmt: skip


@pytest.mark.parametrize("number", range(len(OPTIMIZERS)), ids=[case[0] for case in OPTIMIZERS])
@pytest.mark.parametrize("made_by", ["edgekit", "keras"])
def test_training_goes_on_in_the_other(number, made_by, tmp_path):
    modules = {"edgekit": ours, "keras": keras}
    load = {"edgekit": keras.saving.load_model, "keras": ours.load_model}[made_by]
    first = trained(modules[made_by], number)
    first.save(tmp_path / "a.keras")
    second = load(tmp_path / "a.keras")
    for a, b in zip(state(first), state(second), strict=True):
        np.testing.assert_array_equal(a, b)
    # float32, and Keras' metrics are added up in float32
    np.testing.assert_allclose(
        first.evaluate(X, Y, verbose=0), second.evaluate(X, Y, verbose=0), rtol=2e-6, atol=2e-6
    )
    for model in (first, second):
        fit(model, 1)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-6, atol=2e-6)
