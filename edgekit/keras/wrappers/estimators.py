"""SKLearnClassifier, -Regressor and -Transformer of Keras 3, which take a model or a function."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.wrappers.estimator import Estimator, accuracy, classes_of, r2
from edgekit.train import Model

__all__ = ["SKLearnClassifier", "SKLearnRegressor", "SKLearnTransformer"]


class _Wrapped(Estimator):
    """model: a compiled model, which is cloned, or a function that is called with X=, y= and
    model_kwargs, and returns a compiled one.
    """

    def __init__(
        self,
        model: Any,
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters, as scikit-learn asks for them."""
        names = ("model", "warm_start", "model_kwargs", "fit_kwargs")
        return {name: getattr(self, name) for name in names}

    def set_params(self, **params: Any) -> Any:
        """Take other parameters."""
        for name, value in params.items():
            if name not in self.get_params():
                raise InputError(f"{type(self).__name__} has no parameter {name!r}")
            setattr(self, name, value)
        return self

    def _made(self, x: np.ndarray, y: np.ndarray) -> Model:
        is_model = isinstance(self.model, Model)
        built: Model = self.model if is_model else self.model(X=x, y=y, **(self.model_kwargs or {}))
        config = built.get_compile_config() if built.compiled else None
        if config is None:
            raise InputError(
                f"{type(self).__name__} needs a model that is compiled, with an optimizer and a "
                "loss: call model.compile(...)"
            )
        if not is_model:
            return built
        from edgekit.train.models import clone_model

        made: Model = clone_model(built)
        made.compile_from_config(config)
        return made

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Any:  # noqa: N803
        """Train; returns the estimator."""
        x = np.asarray(X)
        targets = self._targets(np.asarray(y))
        if not (self.warm_start and getattr(self, "model_", None) is not None):
            self.model_ = self._made(x, targets)
        self.n_features_in_ = x.shape[1] if x.ndim > 1 else 1
        self.history_ = self.model_.fit(x, targets, **{**(self.fit_kwargs or {}), **kwargs})
        return self

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return y

    def _outputs(self, X: Any) -> np.ndarray:  # noqa: N803
        made: np.ndarray = self._fitted().predict(np.asarray(X), verbose=0)
        return made


class SKLearnClassifier(_Wrapped):
    """A classifier; the model gets rows with a one and returns probabilities."""

    kind = "classifier"

    def _targets(self, y: np.ndarray) -> np.ndarray:
        self.classes_, numbers = classes_of(y)
        self._rows = y.ndim == 2 and y.shape[1] > 1
        return np.eye(len(self.classes_), dtype=np.float32)[numbers]

    def predict_proba(self, X: Any) -> np.ndarray:  # noqa: N803
        """(samples, classes): the probability of each class."""
        return self._outputs(X)

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """The class of each sample."""
        numbers = self._outputs(X).argmax(axis=-1)
        if self._rows:
            return np.eye(len(self.classes_), dtype=np.int64)[numbers]
        return np.asarray(self.classes_[numbers])

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:  # noqa: N803
        """The share of samples whose class is right."""
        return accuracy(y, self.predict(X), sample_weight)


class SKLearnRegressor(_Wrapped):
    """A regressor."""

    kind = "regressor"

    def predict(self, X: Any) -> np.ndarray:  # noqa: N803
        """The outputs, without an axis of size 1."""
        made = self._outputs(X)
        return made[:, 0] if made.ndim == 2 and made.shape[1] == 1 else made

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:  # noqa: N803
        """R2, the share of the variance that is explained."""
        return r2(y, self.predict(X), sample_weight)


class SKLearnTransformer(_Wrapped):
    """A transformer: its features are the outputs of the model, which is trained by `fit`."""

    kind = "transformer"

    def transform(self, X: Any) -> np.ndarray:  # noqa: N803
        """The outputs of the model for each sample."""
        return self._outputs(X)

    def fit_transform(self, X: Any, y: Any, **kwargs: Any) -> np.ndarray:  # noqa: N803
        """Train, then give the outputs."""
        made: np.ndarray = self.fit(X, y, **kwargs).transform(X)
        return made
