"""Models as scikit-learn's estimators."""

from __future__ import annotations

import numpy as np
import pytest

from edgekit import keras
from edgekit.errors import InputError

sklearn = pytest.importorskip("sklearn")

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(1)


def blobs(strings=False):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 30)
    x = rng.normal(size=(90, 2)) * 0.4 + np.array([[0, 0], [3, 0], [0, 3]])[y]
    order = rng.permutation(90)
    labels = np.array(["red", "green", "blue"])[y] if strings else y
    return x[order].astype("float32"), labels[order]


def build(units=8, rate=0.05):
    model = keras.Sequential(
        [
            keras.layers.Dense(units, activation="relu", input_shape=(2,)),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )
    return model


def classifier(**options):
    from edgekit.keras.wrappers.scikit_learn import KerasClassifier

    return KerasClassifier(build_fn=build, epochs=12, batch_size=10, verbose=0, **options)


def test_classifier_in_cross_val_score_and_pipeline():
    from sklearn.model_selection import cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, y = blobs()
    assert cross_val_score(classifier(), x, y, cv=3).min() > 0.9
    steps = make_pipeline(StandardScaler(), classifier())
    assert steps.fit(x, y).score(x, y) > 0.95
    assert steps.predict_proba(x).shape == (90, 3)


def test_grid_search_tries_arguments_of_the_function_and_of_fit():
    from sklearn.model_selection import GridSearchCV

    x, y = blobs()
    grid = GridSearchCV(classifier(), {"units": [1, 8], "epochs": [1, 12]}, cv=2)
    grid.fit(x, y)
    assert grid.best_params_ == {"units": 8, "epochs": 12}
    assert len(grid.cv_results_["params"]) == 4


def test_labels_may_be_words():
    x, y = blobs(strings=True)
    made = classifier()
    made.fit(x, y)
    assert set(made.predict(x)) == {"red", "green", "blue"} and made.score(x, y) > 0.95


def test_wrong_parameters_are_named():
    with pytest.raises(InputError, match="colour is no argument"):
        classifier(colour=3)
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError, match="not fitted yet"):
        classifier().predict(np.ones((1, 2)))


def line(X=None, y=None):  # noqa: N803
    model = keras.Sequential([keras.layers.Dense(1, input_shape=(2,))])
    model.compile(keras.optimizers.Adam(0.1), "mse")
    return model


def test_regressors_of_old_and_of_today():
    from sklearn.model_selection import cross_val_score

    from edgekit.keras.wrappers import SKLearnRegressor
    from edgekit.keras.wrappers.scikit_learn import KerasRegressor

    x = np.random.default_rng(0).normal(size=(120, 2)).astype("float32")
    y = x @ np.array([2.0, -1.0]) + 0.5
    old = KerasRegressor(build_fn=line, epochs=30, batch_size=20, verbose=0)
    today = SKLearnRegressor(line, fit_kwargs={"epochs": 30, "batch_size": 20, "verbose": 0})
    for made in (old, today):
        scores = cross_val_score(made, x, y, cv=3)
        assert scores.min() > 0.98
        made.fit(x, y)
        assert made.predict(x).shape == (120,)
        from sklearn.metrics import r2_score

        assert made.score(x, y) == pytest.approx(r2_score(y, made.predict(x)))


def soft(X, y):  # noqa: N803
    model = keras.Sequential([keras.layers.Dense(y.shape[1], "softmax", input_shape=(2,))])
    model.compile(keras.optimizers.Adam(0.1), "categorical_crossentropy")
    return model


def test_classifier_of_today():
    from sklearn.model_selection import GridSearchCV, cross_val_score

    from edgekit.keras.wrappers import SKLearnClassifier

    x, y = blobs(strings=True)
    made = SKLearnClassifier(soft, fit_kwargs={"epochs": 15, "batch_size": 10, "verbose": 0})
    assert cross_val_score(made, x, y, cv=3).min() > 0.9
    grid = GridSearchCV(made, {"warm_start": [False, True]}, cv=2)
    assert grid.fit(x, y).best_score_ > 0.9


def test_builders_are_called_by_keyword_as_in_keras():
    """In whatever order a function has X and y; more arguments come from model_kwargs."""
    from edgekit.keras.wrappers import SKLearnRegressor

    def built(units, *, y, X):  # noqa: N803
        assert X.shape == (20, 2) and y.shape == (20,)
        model = keras.Sequential(
            [keras.layers.Dense(units, input_shape=(2,)), keras.layers.Dense(1)]
        )
        model.compile("sgd", "mse")
        return model

    x = np.random.default_rng(0).normal(size=(20, 2)).astype("float32")
    made = SKLearnRegressor(built, model_kwargs={"units": 3}, fit_kwargs={"verbose": 0})
    assert made.fit(x, x[:, 0]).model_.layers[0].units == 3


def test_what_is_not_compiled_is_refused():
    from edgekit.keras.wrappers import SKLearnRegressor

    x = np.zeros((4, 2), "float32")
    loose = keras.Sequential([keras.layers.Dense(1, input_shape=(2,))])
    for model in (loose, lambda X, y: loose):  # noqa: N803
        with pytest.raises(InputError, match=r"SKLearnRegressor .*compiled, with an optimizer"):
            SKLearnRegressor(model).fit(x, x[:, 0])


def test_a_transformer_stands_in_a_pipeline():
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline

    from edgekit.keras.wrappers import SKLearnTransformer

    x = np.random.default_rng(0).normal(size=(60, 2)).astype("float32")
    y = x.sum(axis=1)
    made = SKLearnTransformer(line, fit_kwargs={"epochs": 20, "batch_size": 10, "verbose": 0})
    assert make_pipeline(made, LinearRegression()).fit(x, y).score(x, y) > 0.99
    again = SKLearnTransformer(line, fit_kwargs={"epochs": 1, "verbose": 0})
    features = again.fit_transform(x, y)
    np.testing.assert_array_equal(features, again.model_.predict(x, verbose=0))
    with pytest.raises(Exception, match="not fitted yet"):
        SKLearnTransformer(line).transform(x)
