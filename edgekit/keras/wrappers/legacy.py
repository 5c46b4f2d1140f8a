"""KerasClassifier and KerasRegressor of Keras 2, which take a function that builds a model."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.wrappers.estimator import Estimator, accuracy, classes_of, r2, taken
from edgekit.train import Model, Sequential

__all__ = ["KerasClassifier", "KerasRegressor"]

_BATCHES = ("batch_size", "verbose")


class _Built(Estimator):
    """`build_fn(**parameters)` returns a compiled model; what it does not take goes to fit."""

    def __init__(self, build_fn: Any = None, **sk_params: Any) -> None:
        self.build_fn = build_fn
        self.sk_params = sk_params
        unknown = [name for name in sk_params if not self._is_known(name)]
        if unknown:
            raise InputError(
                f"{type(self).__name__}: {', '.join(unknown)} is no argument of the function that "
                "builds the model, nor of fit, predict or evaluate"
            )

    def _is_known(self, name: str) -> bool:
        functions = (self._builder(), Sequential.fit, Sequential.predict, Sequential.evaluate)
        return any(taken(f, {name: None}) for f in functions) or name == "nb_epoch"

    def _builder(self) -> Any:
        """The function: build_fn, or the call of a subclass."""
        return type(self).__call__ if self.build_fn is None else self.build_fn

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise InputError(f"{type(self).__name__} needs build_fn, a function that returns a model")

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters, as scikit-learn asks for them."""
        return {**self.sk_params, "build_fn": self.build_fn}

    def set_params(self, **params: Any) -> Any:
        """Take other parameters."""
        if "build_fn" in params:
            self.build_fn = params.pop("build_fn")
        unknown = [name for name in params if not self._is_known(name)]
        if unknown:
            raise InputError(f"{type(self).__name__} has no parameter {', '.join(unknown)}")
        self.sk_params.update(params)
        return self

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Build a model and train it; returns its History."""
        builder = self._builder()
        arguments = taken(builder, self.sk_params)
        model = builder(**arguments) if self.build_fn is not None else self(**arguments)
        if not isinstance(model, Model):
            raise InputError("build_fn must return a compiled model")
        self.model = self.model_ = model
        options = {**taken(Sequential.fit, self.sk_params), **kwargs}
        if "nb_epoch" in self.sk_params:
            options["nb_epoch"] = self.sk_params["nb_epoch"]
        return model.fit(np.asarray(x), self._targets(np.asarray(y)), **options)

    def _targets(self, y: np.ndarray) -> np.ndarray:
        return y

    def _outputs(self, x: Any, kwargs: dict[str, Any]) -> np.ndarray:
        known = {k: v for k, v in self.sk_params.items() if k in _BATCHES}
        made: np.ndarray = self._fitted().predict(np.asarray(x), **{**known, **kwargs})
        return made


class KerasClassifier(_Built):
    """A classifier: labels may be numbers, strings or rows with a one."""

    kind = "classifier"

    def _targets(self, y: np.ndarray) -> np.ndarray:
        self.classes_, numbers = classes_of(y)
        self.n_classes_ = len(self.classes_)
        if y.ndim == 2 and y.shape[1] > 1:
            return y
        loss = getattr(self.model.loss, "__name__", self.model.loss)
        if loss == "categorical_crossentropy":
            return np.eye(self.n_classes_, dtype=np.float32)[numbers]
        return numbers.astype(np.float32) if "sparse" not in str(loss) else numbers

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """The class of each sample."""
        made = self._outputs(x, kwargs)
        numbers = made.argmax(axis=-1) if made.shape[-1] > 1 else (made[:, 0] > 0.5).astype(int)
        return self.classes_[numbers]

    def predict_proba(self, x: Any, **kwargs: Any) -> np.ndarray:
        """(samples, classes): the probability of each class."""
        made = self._outputs(x, kwargs)
        return made if made.shape[1] > 1 else np.hstack([1 - made, made])

    def score(self, x: Any, y: Any, sample_weight: Any = None, **kwargs: Any) -> float:
        """The share of samples whose class is right."""
        return accuracy(y, self.predict(x, **kwargs), sample_weight)


class KerasRegressor(_Built):
    """A regressor."""

    kind = "regressor"

    def predict(self, x: Any, **kwargs: Any) -> np.ndarray:
        """The outputs, without an axis of size 1."""
        made = self._outputs(x, kwargs)
        return made[:, 0] if made.ndim == 2 and made.shape[1] == 1 else made

    def score(self, x: Any, y: Any, sample_weight: Any = None, **kwargs: Any) -> float:
        """R2, the share of the variance that is explained, as today's scikit-learn asks for it."""
        return r2(y, self.predict(x, **kwargs), sample_weight)
