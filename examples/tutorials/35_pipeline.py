"""A network as one step of a scikit-learn pipeline, judged by cross-validation.

What is learned: SKLearnClassifier and SKLearnRegressor around a function that builds a model; a
Pipeline that scales the columns; cross_val_score; getting the model out again for a device.
"""

import os

import numpy as np
from sklearn.datasets import load_diabetes, load_wine
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import edgekit
from edgekit import keras
from edgekit.keras import layers
from edgekit.keras.wrappers import SKLearnClassifier, SKLearnRegressor

EPOCHS = int(os.environ.get("EPOCHS", "20"))
keras.utils.set_random_seed(int(os.environ.get("SEED", "0")))


def classifier(X, y, units=16):  # noqa: N803 - scikit-learn's name
    """A network for the columns of X and the classes of y, one column for each class."""
    model = keras.Sequential(
        [
            keras.Input(shape=X.shape[1:]),
            layers.Dense(units, activation="relu"),
            layers.Dense(y.shape[1], activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(1e-2), "categorical_crossentropy", metrics=["accuracy"])
    return model


def regressor(X, y, units=16):  # noqa: N803
    """A network for the columns of X and one number."""
    model = keras.Sequential(
        [
            keras.Input(shape=X.shape[1:]),
            layers.Dense(units, activation="relu"),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(3e-2), "mse")
    return model


fitting = {"epochs": EPOCHS, "batch_size": 16, "verbose": 0}

# Which of three growers made the wine?
x, y = load_wine(return_X_y=True)
x_train, x_test, y_train, y_test = train_test_split(
    x.astype("float32"), y, test_size=0.4, random_state=0, stratify=y
)
wine = make_pipeline(
    StandardScaler(),
    SKLearnClassifier(classifier, model_kwargs={"units": 24}, fit_kwargs=fitting),
)
scores = cross_val_score(wine, x_train, y_train, cv=4)
print(f"wine: accuracy {scores.mean():.3f} ± {scores.std():.3f} in four parts")
wine.fit(x_train, y_train)
accuracy = wine.score(x_test, y_test)
print(f"test accuracy: {accuracy:.4f}")

# How far does the illness go on in a year?
x, y = (array.astype("float32") for array in load_diabetes(return_X_y=True))
known, asked, y_known, y_asked = train_test_split(x, y, test_size=0.3, random_state=0)
illness = make_pipeline(StandardScaler(), SKLearnRegressor(regressor, fit_kwargs=fitting))
illness.fit(known, y_known)
print(f"test r2: {illness.score(asked, y_asked):.4f}")
guesses = illness.predict(asked[:3])
print("guesses:", guesses.round(), "in truth:", y_asked[:3])

# -- on the device --
scaler, wrapped = wine[0], wine[-1]
calibration = scaler.transform(x_train)
interpreter = edgekit.Interpreter(edgekit.convert(wrapped.model_, calibration).graph)
answers = interpreter.predict(scaler.transform(x_test)).argmax(axis=-1)
print(f"int8 accuracy: {np.mean(answers == y_test):.4f}")
