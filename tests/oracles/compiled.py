"""Compiled models that are built and trained alike here and in Keras.

This file is read by two Pythons and imports neither library.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.train.keras_cases.optimizers import OPTIMIZERS

__all__ = ["NAMES", "fit", "notes", "trained"]

NAMES = [case[0] for case in OPTIMIZERS]
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


def notes(model, numpy_of):
    """The optimizer's state, what evaluate gives, and the weights after one more epoch."""
    found = {f"state/{i}": np.array(numpy_of(v)) for i, v in enumerate(model.optimizer.variables)}
    found["evaluated"] = np.asarray(model.evaluate(X, Y, verbose=0))
    fit(model, 1)
    return found | {f"after/{i}": w for i, w in enumerate(model.get_weights())}
