"""Configs of Keras 1, Keras 2 and tf.keras, rewritten as Keras 3 has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.train.saving.operations import is_operation_name

__all__ = ["modern_compile_config", "modern_config"]

_CLASSES = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution2DTranspose": "Conv2DTranspose",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "GRUV2": "GRU",
    "LSTMV2": "LSTM",
    "LayerNormalizationV2": "LayerNormalization",
    "Model": "Functional",
    "SeparableConvolution2D": "SeparableConv2D",
}
# arguments under other names
_RENAMED = {
    "LeakyReLU": {"alpha": "negative_slope"},
    "InputLayer": {"batch_input_shape": "batch_shape"},
}
# arguments that say nothing any more, with the values at which that is so (None: any)
_GONE: dict[str, Any] = {
    "fused": None,
    "implementation": None,
    "ragged": (False, None),
    "sparse": (False, None),
    "time_major": (False,),
    "virtual_batch_size": (None,),
    "adjustment": (None,),
    "renorm": (False,),
}
_OPERATORS = {"add": "Add", "sub": "Subtract", "subtract": "Subtract", "mul": "Multiply",
              "multiply": "Multiply", "truediv": "TrueDivide", "divide": "TrueDivide"}  # fmt: skip
_FUNCTIONS = {"relu": "Relu", "relu6": "Relu6", "sigmoid": "Sigmoid", "tanh": "Tanh",
              "softmax": "Softmax", "exp": "Exp", "sqrt": "Sqrt", "square": "Square"}  # fmt: skip


def modern_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a layer or model as Keras 3 would have written it."""
    name = str(config.get("class_name"))
    given = config.get("config")
    if isinstance(given, list):  # the layers of a Sequential, before Keras 2.2.3
        given = {"layers": given}
    if not isinstance(given, Mapping):
        raise ModelFormatError(f"the config of a {name} is missing")
    name = _CLASSES.get(name, name)
    made = {**config, "class_name": name}
    if "layers" in given:
        made["config"] = _modern_model(given)
    elif name == "TFOpLambda":
        made.update(_operation(given))
    elif "trainable" not in given and is_operation_name(name):
        # Keras 3 leaves the module out in .h5 files; layers of these names say `trainable`
        made["module"] = config.get("module") or "keras.src.ops.numpy"
    else:
        made["config"] = _modern_arguments(name, given)
    if "inbound_nodes" in config:
        made["name"] = config.get("name", given.get("name"))
        made["inbound_nodes"] = [_modern_node(node) for node in config["inbound_nodes"] or []]
    return made


def _modern_model(given: Mapping[str, Any]) -> dict[str, Any]:
    layers = [modern_config(layer) for layer in given["layers"]]
    return {**given, "layers": layers}


def _modern_arguments(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    renamed = _RENAMED.get(name, {})
    for key, value in given.items():
        if key in _GONE and (_GONE[key] is None or value in _GONE[key]):
            continue
        made[renamed.get(key, key)] = _modern_value(value)
    if name == "BatchNormalization" and isinstance(made.get("axis"), list | tuple):
        made["axis"] = made["axis"][0]
    if name == "DepthwiseConv2D":
        for key in ("filters", "groups", "kernel_initializer", "kernel_regularizer",
                    "kernel_constraint"):  # fmt: skip
            made.pop(key, None)
    return made


def _modern_value(value: Any) -> Any:
    """Initializers and wrapped layers; the dtype that old initializers had is dropped."""
    if not isinstance(value, Mapping) or "class_name" not in value:
        return value
    inner = value.get("config")
    if isinstance(inner, Mapping):
        inner = {key: one for key, one in inner.items() if key != "dtype" or "name" in inner}
        if "layers" in inner or "units" in inner or "name" in inner:
            return modern_config({**value, "config": inner})
        return {**value, "config": inner}
    return value


def _modern_node(node: Any) -> Any:
    """[["layer", 0, 0, {kwargs}], ...] as {"args", "kwargs"}; one of Keras 3 is left as it is."""
    if isinstance(node, Mapping):
        return node
    if isinstance(node, list) and node and isinstance(node[0], str):
        node = [node]
    tensors = [_tensor(entry) for entry in node]
    kwargs = dict(node[0][3]) if node and len(node[0]) > 3 else {}
    kwargs = {
        key: _modern_argument(value)
        for key, value in kwargs.items()
        if not (key == "name" and value is None)  # of functions of TensorFlow
    }
    args = [tensors] if len(tensors) > 1 else tensors
    return {"args": args, "kwargs": kwargs}


def _modern_argument(value: Any) -> Any:
    is_tensor = isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str)
    if is_tensor and isinstance(value[1], int) and isinstance(value[2], int):
        return _tensor(value)
    if isinstance(value, list):
        return [_modern_argument(one) for one in value]
    return value


def _tensor(entry: Any) -> dict[str, Any]:
    return {"class_name": "__keras_tensor__", "config": {"keras_history": list(entry[:3])}}


def _operation(given: Mapping[str, Any]) -> dict[str, Any]:
    """`x + y` and functions, which tf.keras kept as the name of a function of TensorFlow."""
    function = str(given.get("function"))
    short = function.rpartition(".")[2]
    if short in _OPERATORS:
        table, module = _OPERATORS, "keras.src.ops.numpy"
    else:
        table, module = _FUNCTIONS, "keras.src.ops.nn"
    if short not in table:
        raise UnsupportedOperator(
            f"layer {given.get('name')!r}: the TensorFlow function {function!r} is not known; "
            f"there are {', '.join(sorted({**_OPERATORS, **_FUNCTIONS}))}"
        )
    return {
        "module": module,
        "class_name": table[short],
        "config": {"name": given.get("name")},
    }


def modern_compile_config(training: Mapping[str, Any]) -> dict[str, Any]:
    """What `compile` was given, from the `training_config` of an .h5 file."""
    found = dict(training.get("optimizer_config") or {})
    options = dict(found.get("config") or {})
    for old, new in (("lr", "learning_rate"), ("beta1", "beta_1"), ("beta2", "beta_2")):
        if old in options:
            options.setdefault(new, options.pop(old))
    for gone in ("is_legacy_optimizer", "jit_compile"):
        options.pop(gone, None)
    if not options.get("decay"):
        options.pop("decay", None)
    found["config"] = options
    return {
        "optimizer": found or None,
        "loss": _plain_loss(training.get("loss")),
        "loss_weights": training.get("loss_weights"),
        "metrics": _plain_metrics(training.get("metrics")),
        "weighted_metrics": _plain_metrics(training.get("weighted_metrics")),
    }


def _plain_loss(loss: Any) -> Any:
    if isinstance(loss, list):
        return [_plain_loss(one) for one in loss]
    if isinstance(loss, Mapping) and "class_name" not in loss:
        return {key: _plain_loss(one) for key, one in loss.items()}
    return loss


def _plain_metrics(metrics: Any) -> Any:
    """MeanMetricWrapper(fn="categorical_accuracy", name="accuracy") as the name that was given."""
    if isinstance(metrics, list):
        found = [_plain_metrics(one) for one in metrics]
        return found[0] if len(found) == 1 and isinstance(found[0], list) else found
    if isinstance(metrics, Mapping) and metrics.get("class_name") == "MeanMetricWrapper":
        config = metrics["config"]
        return "accuracy" if config.get("name") == "accuracy" else config.get("fn")
    if isinstance(metrics, Mapping) and "class_name" not in metrics:
        return {key: _plain_metrics(one) for key, one in metrics.items()}
    return metrics
