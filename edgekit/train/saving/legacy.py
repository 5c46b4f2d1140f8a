"""Configs of Keras 1, Keras 2 and tf.keras, rewritten as Keras 3 has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from edgekit.errors import ModelFormatError, UnsupportedOperator
from edgekit.train.saving.legacy_compiled import modern_compile_config
from edgekit.train.saving.legacy_operations import modern_node, modern_operations
from edgekit.train.saving.operations import is_operation_name

__all__ = ["is_old", "modern_config", "of_keras_2", "old_archive_config"]

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
# arguments that layers inherited without having a use for them
_INHERITED = ("groups", "kernel_initializer", "kernel_regularizer", "kernel_constraint")
_GONE_OF: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), ("filters", *_INHERITED)),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _INHERITED),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), ("groups",)),
    "Embedding": ("input_length",),
    "MultiHeadAttention": ("query_shape", "key_shape", "value_shape", "softmax_robust_masking"),
}
_RECURRENT = ("Bidirectional", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "GRU", "LSTM", "RNN",
              "SimpleRNN")  # fmt: skip
_OF_LAMBDA = ("function_type", "module", "output_shape_module", "output_shape_type")
_ACTIVATIONS = ("activation", "recurrent_activation", "inner_activation")


def is_old(version: Any) -> bool:
    """Whether `keras_version` of a file is that of Keras 1, Keras 2 or tf.keras."""
    return str(version).partition(".")[0] in ("0", "1", "2")


def of_keras_2(config: Any) -> Any:
    """The config of a model of Keras 1 or 2 as Keras 3 would have written it.

    Beyond `modern_config`, to be called where it is certain that the file is that old: the name
    hard_sigmoid means another function since, and a GRU has two biases by default.
    """
    return modern_config(_with_old_meanings(config)) if isinstance(config, Mapping) else config


def old_archive_config(config: Any) -> Any:
    """What config.json of a `.keras` file of tf.keras holds: the model, and how it was compiled."""
    made = of_keras_2(config)
    if isinstance(made, Mapping) and isinstance(made.get("compile_config"), Mapping):
        return {**made, "compile_config": modern_compile_config(made["compile_config"])}
    return made


def _with_old_meanings(config: Any) -> Any:
    if isinstance(config, Mapping):
        if config.get("class_name") == "GRU" and isinstance(config.get("config"), Mapping):
            # the kind with one bias, until there were two to choose from
            config = {**config, "config": {"reset_after": False, **config["config"]}}
        return {
            key: "old_hard_sigmoid"
            if key in _ACTIVATIONS and value == "hard_sigmoid"
            else _with_old_meanings(value)
            for key, value in config.items()
        }
    return [_with_old_meanings(one) for one in config] if isinstance(config, list) else config


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
    elif "trainable" not in given and is_operation_name(name):
        # Keras 3 leaves the module out in .h5 files; layers of these names say `trainable`
        made["module"] = config.get("module") or "keras.src.ops.numpy"
    else:
        made["config"] = _modern_arguments(name, given)
    if "inbound_nodes" in config:
        made["name"] = config.get("name", given.get("name"))
        nodes = [modern_node(node) for node in config["inbound_nodes"] or []]
        made["inbound_nodes"] = [_with_states(name, node) for node in nodes]
    return made


def _modern_model(given: Mapping[str, Any]) -> dict[str, Any]:
    layers, problems = [], []
    for layer in given["layers"]:
        try:
            is_function = layer.get("class_name") in ("TFOpLambda", "SlicingOpLambda")
            layers += modern_operations(layer) if is_function else [modern_config(layer)]
        except UnsupportedOperator as error:
            problems.append(str(error))
    if problems:
        raise UnsupportedOperator("this model cannot be loaded:\n" + "\n".join(problems))
    made = {**given, "layers": layers}
    _count_calls_from_zero(made)
    return made


def _count_calls_from_zero(model: Mapping[str, Any]) -> None:
    """Number the calls of models inside from 0: for Keras 2 their own making was number 0."""
    counts = {layer.get("name"): len(layer.get("inbound_nodes") or ()) for layer in model["layers"]}
    histories: dict[str, list[list[Any]]] = {}
    for history in _histories(model):
        histories.setdefault(history[0], []).append(history)
    for name, found in histories.items():
        count = counts.get(name, 0)
        beyond = max(history[1] for history in found) + 1 - count
        for history in found if count and beyond > 0 else ():
            history[1] -= beyond


def _histories(value: Any) -> Iterator[list[Any]]:
    """All [layer, call, output] in the nodes and ends of a model, to be changed in place."""
    if isinstance(value, Mapping):
        for key in ("layers", "inbound_nodes", "args", "kwargs", "input_layers", "output_layers"):
            yield from _histories(value.get(key))
        if value.get("class_name") == "__keras_tensor__":
            yield value["config"]["keras_history"]
    elif isinstance(value, list):
        if len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], int):
            yield value
        else:
            for one in value:
                yield from _histories(one)


def _modern_arguments(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    renamed = _RENAMED.get(name, {})
    for key, value in given.items():
        if key in _GONE and (_GONE[key] is None or value in _GONE[key]):
            continue
        made[renamed.get(key, key)] = _modern_value(value)
    if name == "BatchNormalization" and isinstance(made.get("axis"), list | tuple):
        made["axis"] = made["axis"][0]
    for key in _GONE_OF.get(name, ()):
        if key != "groups" or made.get(key) == 1:
            made.pop(key, None)
    if name.startswith("Random"):
        made.pop("rng_type", None)
    if name != "InputLayer" and made.get("dtype") == "string":
        del made["dtype"]  # of what goes in
    return _modern_lambda(made) if name == "Lambda" else made


def _modern_lambda(given: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a Lambda layer: its function by name, or its code."""
    made = {key: value for key, value in given.items() if not key.startswith(_OF_LAMBDA)}
    function = given.get("function")
    if isinstance(function, list) and len(function) == 3:
        code, defaults, closure = function
        config = {"code": code, "defaults": defaults, "closure": closure}
        made["function"] = {"class_name": "__lambda__", "config": config}
    elif isinstance(function, str):
        made["function"] = {"class_name": "function", "config": function}
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


def _with_states(name: str, node: dict[str, Any]) -> dict[str, Any]:
    """The states that a recurrent layer starts from: once inputs beside the first."""
    args = node["args"]
    if name in _RECURRENT and args and isinstance(args[0], list):
        first, *states = args[0]
        return {"args": [first], "kwargs": {**node["kwargs"], "initial_state": states}}
    return node
