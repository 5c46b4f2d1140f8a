"""Imbalanced classes: one transaction in fifty is a fraud.

What is learned: why accuracy says nothing here; class_weight in `fit`; precision, recall and AUC;
a first bias that knows how rare the rare class is.
"""

import os

import numpy as np

import edgekit
from edgekit import keras
from edgekit.keras import layers, metrics

EPOCHS = int(os.environ.get("EPOCHS", "12"))
SEED = int(os.environ.get("SEED", "0"))


def transactions(count, rng):
    """Ten numbers about each transaction, and whether it was a fraud."""
    fraud = rng.uniform(size=count) < 0.02
    x = rng.normal(size=(count, 10))
    x[fraud, :4] += rng.normal(1.2, 0.6, (fraud.sum(), 4))
    x[fraud, 4] *= 2.0
    return x.astype("float32"), fraud.astype("float32")


rng = np.random.default_rng(16)
x_train, y_train = transactions(12000, rng)
x_test, y_test = transactions(6000, rng)
share = y_train.mean()
print(f"{share:.1%} are frauds: a network that never says so is right in {1 - share:.1%}")
weights = {0: 0.5 / (1 - share), 1: 0.5 / share}
print(f"class weights: {weights[0]:.2f} and {weights[1]:.2f}")


def build(first_bias):
    """The network, with the metrics that matter for rare things."""
    model = keras.Sequential(
        [
            keras.Input(shape=(10,)),
            layers.Dense(32, activation="relu"),
            layers.Dropout(0.2),
            layers.Dense(
                1, activation="sigmoid", bias_initializer=keras.initializers.Constant(first_bias)
            ),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(3e-3),
        loss=keras.losses.BinaryCrossentropy(),
        metrics=[
            "accuracy",
            metrics.Precision(name="precision"),
            metrics.Recall(name="recall"),
            metrics.AUC(name="auc"),
            metrics.TruePositives(name="found"),
            metrics.FalsePositives(name="alarms"),
        ],
    )
    return model


logs = {}
for weighted in (False, True):
    keras.utils.set_random_seed(SEED)
    model = build(0.0 if weighted else float(np.log(share / (1 - share))))
    model.fit(
        x_train,
        y_train,
        batch_size=256,
        epochs=EPOCHS,
        class_weight=weights if weighted else None,
        verbose=0,
    )
    logs[weighted] = model.evaluate(x_test, y_test, batch_size=1000, verbose=0, return_dict=True)
    print("with class weights" if weighted else "without class weights")
    for name in ("accuracy", "precision", "recall", "auc", "found", "alarms"):
        print(f"  {name:10} {logs[weighted][name]:.4g}")

print(f"test auc: {logs[True]['auc']:.4f}")
print(f"test recall: {logs[True]['recall']:.4f}")
print(f"test recall without class weights: {logs[False]['recall']:.4f}")

# -- on the device --
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:500]).graph)
alarm = interpreter.predict(x_test)[:, 0] > 0.5
print(f"int8 recall: {np.mean(alarm[y_test == 1]):.4f}")
