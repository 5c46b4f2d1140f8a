"""Grid search: scikit-learn tries learning rates and widths of a network, as in 2019.

What is learned: a function that builds a model, KerasClassifier around it, GridSearchCV over its
arguments; the best model afterwards. The spellings are those of 2019 and warn with today's; see
35_pipeline.py for the wrapper of today.
"""

import os

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import GridSearchCV, train_test_split

import edgekit
from edgekit import keras
from edgekit.keras.layers import Dense, Dropout
from edgekit.keras.models import Sequential
from edgekit.keras.wrappers.scikit_learn import KerasClassifier

epochs = int(os.environ.get("EPOCHS", "8"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))


def create_model(units=8, rate=1e-3, dropout_rate=0.0):
    """A network for 30 measurements of a tumour, compiled."""
    model = Sequential()
    model.add(Dense(units, input_dim=30, init="he_uniform", activation="relu"))
    model.add(Dropout(dropout_rate))
    model.add(Dense(1, activation="sigmoid"))
    model.compile(
        loss="binary_crossentropy",
        optimizer=keras.optimizers.Adam(lr=rate),
        metrics=["accuracy"],
    )
    return model


x, y = load_breast_cancer(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.3, random_state=1)
mean, deviation = x_train.mean(axis=0), x_train.std(axis=0)
x_train = ((x_train - mean) / deviation).astype("float32")
x_test = ((x_test - mean) / deviation).astype("float32")

classifier = KerasClassifier(build_fn=create_model, nb_epoch=epochs, batch_size=16, verbose=0)
grid = GridSearchCV(
    estimator=classifier,
    param_grid={"units": [4, 16], "rate": [1e-4, 1e-2], "dropout_rate": [0.0, 0.2]},
    cv=3,
)
result = grid.fit(x_train, y_train)
print(f"best: {result.best_score_:.4f} with {result.best_params_}")
for score, spread, tried in zip(
    result.cv_results_["mean_test_score"],
    result.cv_results_["std_test_score"],
    result.cv_results_["params"],
    strict=True,
):
    print(f"{score:.4f} ± {spread:.4f} with {tried}")

accuracy = result.best_estimator_.score(x_test, y_test)
print(f"test accuracy: {accuracy:.4f}")
print("probabilities:", result.predict_proba(x_test[:2]).round(3).tolist())

# -- on the device --
model = result.best_estimator_.model
interpreter = edgekit.Interpreter(edgekit.convert(model, x_train[:200]).graph)
answers = interpreter.predict(x_test)[:, 0] > 0.5
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
