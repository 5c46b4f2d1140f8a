"""Which spellings of Keras are old, and what is written today: data only.

An argument is renamed, replaced by a value that is computed from it, or dropped where nothing
depends on it any more. Sources: the release notes of Keras 2.0 to 3.0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

__all__ = ["ARGUMENTS", "ATTRIBUTES", "METHODS", "Argument", "Method"]


class Argument(NamedTuple):
    """An old argument. `new` is today's name for the same value; `replace(value, others)` gives
    today's arguments where more than the name changed. `today` is what to write. `only` limits the
    entry to some values. With neither `new` nor `replace` the argument is dropped.
    """

    today: str = ""
    new: str = ""
    replace: Callable[[Any, dict[str, Any]], dict[str, Any]] | None = None
    only: tuple[Any, ...] = ()
    example: Any = None

    @property
    def dropped(self) -> bool:
        return not self.new and self.replace is None

    def applies(self, value: Any) -> bool:
        return not self.only or any(value is one for one in self.only)

    def replaced(self, value: Any, others: dict[str, Any]) -> dict[str, Any]:
        if self.replace is not None:
            return self.replace(value, others)
        return {self.new: value} if self.new else {}


class Method(NamedTuple):
    """An old method: the method it calls, its positional names, old -> new (None: dropped)."""

    today: str
    calls: str
    positions: tuple[str, ...]
    arguments: Mapping[str, str | None] = MappingProxyType({})
    finish: Callable[[Any], Any] = lambda result: result


def _to(new: str, example: Any = None) -> Argument:
    return Argument(f"{new}=", new, example=example)


def _default(name: str, value: Any) -> Argument:
    """None once meant the default."""
    return Argument(f"left out for the default {value}", replace=lambda *_: {}, only=(None,))


_DROPPED = Argument()


def _decay(value: float, others: dict[str, Any]) -> dict[str, Any]:
    """Keras 2 divided the rate by 1 + decay * step."""
    from edgekit.train.optimizers import schedules

    rate = others.pop("learning_rate", others.pop("lr", None))
    if not value:
        return {} if rate is None else {"learning_rate": rate}
    rate = 0.01 if rate is None else rate
    return {"learning_rate": schedules.InverseTimeDecay(rate, 1, value)}


def _data_format(value: Any, others: dict[str, Any]) -> dict[str, Any]:
    known = {"tf": "channels_last", "th": "channels_first", "default": None}
    return {"data_format": known.get(value, value)}


def _kernel_size(value: Any, others: dict[str, Any]) -> dict[str, Any]:
    """nb_row or nb_col, whichever comes first, takes the other."""
    rows, columns = others.pop("nb_row", value), others.pop("nb_col", value)
    return {"kernel_size": (rows, columns)}


def _input_length(value: Any, others: dict[str, Any]) -> dict[str, Any]:
    return {"input_shape": (value, others.pop("input_dim"))} if "input_dim" in others else {}


def _save_period(value: int, others: dict[str, Any]) -> dict[str, Any]:
    return {} if value == 1 else {"save_freq": f"{int(value)} epochs"}


_DIM_ORDERING = Argument("data_format=", replace=_data_format, example="tf")
_WEIGHTED = {
    "init": _to("kernel_initializer", "ones"),
    "W_regularizer": _to("kernel_regularizer", "l2"),
    "b_regularizer": _to("bias_regularizer", "l2"),
    "W_constraint": _to("kernel_constraint"),
    "b_constraint": _to("bias_constraint"),
    "bias": _to("use_bias", False),
}
_CONV = {
    **_WEIGHTED,
    "nb_filter": _to("filters", 2),
    "border_mode": _to("padding", "same"),
    "subsample": _to("strides", 2),
    "dim_ordering": _DIM_ORDERING,
}
_CONV2D = {
    **_CONV,
    "nb_row": Argument("kernel_size=", replace=_kernel_size, example=3),
    "nb_col": Argument("kernel_size=", replace=_kernel_size, example=3),
    "atrous_rate": _to("dilation_rate", 2),
}
_OF_ONE_KERNEL = ("init", "W_regularizer", "W_constraint")  # a separable convolution has two
_POOL = {"border_mode": _to("padding", "same"), "dim_ordering": _DIM_ORDERING}
_IMAGES = {"dim_ordering": _DIM_ORDERING}
_POOL1D = {
    "border_mode": _to("padding", "same"),
    "pool_length": _to("pool_size", 2),
    "stride": _to("strides", 1),
}
_RECURRENT = {
    **_WEIGHTED,
    "output_dim": _to("units", 2),
    "inner_init": _to("recurrent_initializer", "zeros"),
    "U_regularizer": _to("recurrent_regularizer", "l2"),
    "dropout_W": _to("dropout", 0.1),
    "dropout_U": _to("recurrent_dropout", 0.0),
    "consume_less": _DROPPED,
    "implementation": _DROPPED,
    "time_major": Argument(only=(False,), example=False),
    "input_length": Argument("input_shape=", replace=_input_length, example=3),
}
_GATED = {**_RECURRENT, "inner_activation": _to("recurrent_activation", "sigmoid")}
_RATE = {"p": _to("rate", 0.5)}
_SPATIAL = {**_RATE, "dim_ordering": _DIM_ORDERING}
_OPTIMIZER = {
    "decay": Argument(
        "learning_rate=schedules.InverseTimeDecay(rate, 1, decay)", replace=_decay, example=1e-3
    ),
    "lr": _to("learning_rate", 0.1),
    "epsilon": _default("epsilon", 1e-7),
}
_LOADER = {
    "max_q_size": _DROPPED,
    "pickle_safe": _DROPPED,
    "nb_worker": _DROPPED,
    "max_queue_size": _DROPPED,
    "workers": _DROPPED,
    "use_multiprocessing": _DROPPED,
}

# class, or class.method, or function -> old argument -> today's
ARGUMENTS: dict[str, dict[str, Argument]] = {
    **dict.fromkeys(
        (
            "SGD",
            "Adam",
            "AdamW",
            "RMSprop",
            "Adagrad",
            "Adadelta",
            "Adamax",
            "Nadam",
            "Ftrl",
            "Lion",
        ),
        _OPTIMIZER,
    ),
    "Dense": {"output_dim": _to("units", 2), **_WEIGHTED},
    "Conv1D": {
        **_CONV,
        "filter_length": _to("kernel_size", 2),
        "subsample_length": _to("strides", 1),
    },
    "Conv2D": _CONV2D,
    "Conv2DTranspose": _CONV2D,
    "SeparableConv2D": {
        **{name: old for name, old in _CONV2D.items() if name not in _OF_ONE_KERNEL},
        "depthwise_init": _to("depthwise_initializer", "ones"),
        "pointwise_init": _to("pointwise_initializer", "ones"),
    },
    "DepthwiseConv2D": {"border_mode": _to("padding", "same"), "subsample": _to("strides", 2)},
    **dict.fromkeys(
        ("MaxPooling2D", "AveragePooling2D", "MaxPooling3D", "AveragePooling3D"), _POOL
    ),
    **dict.fromkeys(("MaxPooling1D", "AveragePooling1D"), _POOL1D),
    **dict.fromkeys(
        ("GlobalMaxPooling2D", "GlobalAveragePooling2D", "UpSampling2D", "ZeroPadding2D"),
        _IMAGES,
    ),
    **dict.fromkeys(("Dropout", "GaussianDropout"), _RATE),
    "SpatialDropout1D": _RATE,
    **dict.fromkeys(("SpatialDropout2D", "SpatialDropout3D"), _SPATIAL),
    "GaussianNoise": {"sigma": _to("stddev", 0.1)},
    "BatchNormalization": {
        "mode": Argument(only=(0,), example=0),
        "fused": _DROPPED,
        "virtual_batch_size": Argument(only=(None,), example=None),
        "gamma_init": _to("gamma_initializer", "ones"),
        "beta_init": _to("beta_initializer", "zeros"),
    },
    "LeakyReLU": {"alpha": _to("negative_slope", 0.1)},
    "Embedding": {
        "init": _to("embeddings_initializer", "ones"),
        "W_regularizer": _to("embeddings_regularizer", "l2"),
        "input_length": _DROPPED,
    },
    "SimpleRNN": _RECURRENT,
    **dict.fromkeys(("GRU", "LSTM"), _GATED),
    "InputLayer": {
        "input_shape": _to("shape", (3,)),
        "batch_input_shape": _to("batch_shape", (None, 3)),
    },
    "Model": {"input": _to("inputs"), "output": _to("outputs")},
    "Model.fit": {"nb_epoch": _to("epochs", 1), **_LOADER},
    "Model.evaluate": _LOADER,
    "Model.predict": _LOADER,
    "Model.compile": {
        "sample_weight_mode": _DROPPED,
        "experimental_run_tf_function": _DROPPED,
        "options": _DROPPED,
        "target_tensors": Argument(only=(None,), example=None),
    },
    "ModelCheckpoint": {
        "period": Argument(
            "save_freq=, counted in batches, or '3 epochs'", replace=_save_period, example=1
        ),
        "load_weights_on_restart": _DROPPED,
        "options": _DROPPED,
    },
    "ReduceLROnPlateau": {"epsilon": _to("min_delta", 1e-3)},
    "TensorBoard": dict.fromkeys(
        ("write_grads", "batch_size", "embeddings_layer_names", "embeddings_data"), _DROPPED
    ),
    "activations.relu": {"alpha": _to("negative_slope", 0.1)},
    "to_categorical": {"nb_classes": _to("num_classes", 3)},
}


def _classes_of(probabilities: Any) -> Any:
    """Class numbers: the largest of several, or one against a half."""
    if probabilities.shape[-1] > 1:
        return probabilities.argmax(axis=-1)
    return (probabilities > 0.5).astype("int32")


_GENERATED: dict[str, str | None] = {
    "generator": "x",
    "nb_epoch": "epochs",
    "samples_per_epoch": "steps_per_epoch",
    "nb_val_samples": "validation_steps",
    "val_samples": "steps",
    **dict.fromkeys(_LOADER, None),
}

METHODS: dict[str, dict[str, Method]] = {
    "Model": {
        "fit_generator": Method(
            "fit(generator, ...)",
            "fit",
            ("x", "steps_per_epoch", "epochs", "verbose", "callbacks", "validation_data"),
            _GENERATED,
        ),
        "evaluate_generator": Method(
            "evaluate(generator, ...)", "evaluate", ("x", "steps"), _GENERATED
        ),
        "predict_generator": Method(
            "predict(generator, ...)", "predict", ("x", "steps"), _GENERATED
        ),
        "predict_classes": Method(
            "predict(x).argmax(axis=-1), or (predict(x) > 0.5).astype('int32') for one output",
            "predict", ("x", "batch_size", "verbose"), finish=_classes_of,
        ),
        "predict_proba": Method("predict(x)", "predict", ("x", "batch_size", "verbose")),
    }
}  # fmt: skip

ATTRIBUTES: dict[str, dict[str, str]] = {"Optimizer": {"lr": "learning_rate"}}
