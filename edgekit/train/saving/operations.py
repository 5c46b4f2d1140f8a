"""How an operation (`x + y` on symbolic tensors) looks in a Keras config, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from edgekit.errors import UnsupportedOperator, lookup
from edgekit.train.ops.discrete import KEPT
from edgekit.train.primitive import Primitive
from edgekit.train.saving.function_calls import (
    function_arguments,
    function_config,
    function_from_config,
    function_inputs,
)
from edgekit.train.saving.keras_functions import CLASSES, FUNCTIONS
from edgekit.train.structure import flatten
from edgekit.train.symbolic import Call, Operation
from edgekit.train.tensor import PRIMITIVES, Tensor

__all__ = ["is_operation", "operation_config", "operation_from_config"]


class KerasOperation(NamedTuple):
    """The class in Keras, and our attribute -> its argument."""

    class_name: str
    attributes: Mapping[str, str] = MappingProxyType({})
    module: str = "keras.src.ops.numpy"


_REDUCE = {"axis": "axis", "keepdims": "keepdims"}
_NN = "keras.src.ops.nn"

TABLE: dict[str, KerasOperation] = {
    "absolute": KerasOperation("Absolute"),
    "add": KerasOperation("Add"),
    "any_true": KerasOperation("Any", _REDUCE),
    "concat": KerasOperation("Concatenate", {"axis": "axis"}),
    "divide": KerasOperation("Divide"),
    "elu": KerasOperation("Elu", {"alpha": "alpha"}, _NN),
    "exp": KerasOperation("Exp"),
    "gelu": KerasOperation("Gelu", {"approximate": "approximate"}, _NN),
    "getitem": KerasOperation("GetItem"),
    "hard_sigmoid": KerasOperation("HardSigmoid", {}, _NN),
    "hard_silu": KerasOperation("HardSilu", {}, _NN),
    "leaky_relu": KerasOperation("LeakyRelu", {"negative_slope": "negative_slope"}, _NN),
    "log": KerasOperation("Log"),
    "log_softmax": KerasOperation("LogSoftmax", {"axis": "axis"}, _NN),
    "matmul": KerasOperation("Matmul"),
    "max": KerasOperation("Max", _REDUCE),
    "maximum": KerasOperation("Maximum"),
    "mean": KerasOperation("Mean", _REDUCE),
    "min": KerasOperation("Min", _REDUCE),
    "minimum": KerasOperation("Minimum"),
    "multiply": KerasOperation("Multiply"),
    "negative": KerasOperation("Negative"),
    "not_equal": KerasOperation("NotEqual"),
    "power": KerasOperation("Power"),
    "relu": KerasOperation("Relu", {}, _NN),
    "relu6": KerasOperation("Relu6", {}, _NN),
    "reshape": KerasOperation("Reshape", {"shape": "newshape"}),
    "sigmoid": KerasOperation("Sigmoid", {}, _NN),
    "silu": KerasOperation("Silu", {}, _NN),
    "softmax": KerasOperation("Softmax", {"axis": "axis"}, _NN),
    "softplus": KerasOperation("Softplus", {}, _NN),
    "sqrt": KerasOperation("Sqrt"),
    "square": KerasOperation("Square"),
    "subtract": KerasOperation("Subtract"),
    "sum": KerasOperation("Sum", _REDUCE),
    "tanh": KerasOperation("Tanh"),
    "transpose": KerasOperation("Transpose", {"axes": "axes"}),
}


def _of(function: str, attributes: Mapping[str, str] = MappingProxyType({})) -> KerasOperation:
    """The class and the module that stand for a function of `keras.ops`."""
    entry = FUNCTIONS[function]
    return KerasOperation(entry.class_name, attributes, entry.module)


# primitives of one number or two with the names of functions
for _name in (
    "arccos", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt", "ceil", "cos", "cosh",
    "equal", "erf", "erfc", "erfinv", "exp2", "expm1", "floor", "fmod", "greater",
    "greater_equal", "hypot", "less", "less_equal", "log1p", "round", "sign", "sin", "sinh",
    "stop_gradient", "tan", "where",
):  # fmt: skip
    TABLE[_name] = _of(_name)
for _name in KEPT:
    TABLE[f"numpy_{_name}"] = _of(_name)
TABLE["cumsum"] = _of("cumsum", {"axis": "axis"})
TABLE["floor_mod"] = _of("mod")
TABLE["broadcast_to"] = _of("broadcast_to", {"shape": "shape"})
TABLE["cast"] = _of("cast", {"dtype": "dtype"})
_BY_CLASS = {entry.class_name: name for name, entry in TABLE.items()}
_BY_CLASS["TrueDivide"] = "divide"


def is_operation(config: Any) -> bool:
    """Whether a config names one of Keras' operations and not a layer."""
    return str(config.get("module", "")).startswith("keras.src.ops")


def is_operation_name(class_name: str) -> bool:
    """Whether Keras has an operation of this name (and perhaps a layer too)."""
    return class_name in _BY_CLASS or class_name in CLASSES


def _is_primitive(operation: Operation) -> bool:
    """Whether it is one of ours; else it is a function of `keras.ops`."""
    return isinstance(operation.primitive, Primitive)


def operation_config(call: Call) -> dict[str, Any]:
    """The config of the operation that is called."""
    operation: Operation = call.layer
    if not _is_primitive(operation):
        return function_config(call)
    entry = lookup(TABLE, operation.primitive.name, f"operation {operation.name!r}")
    config = {"name": operation.name}
    config.update(
        {
            theirs: call.kwargs[ours]
            for ours, theirs in entry.attributes.items()
            if ours in call.kwargs
        }
    )
    return {
        "module": entry.module,
        "class_name": entry.class_name,
        "config": config,
        "registered_name": entry.class_name,
    }


def call_arguments(call: Call) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of a call as Keras' operation takes them."""
    if not _is_primitive(call.layer):
        return function_arguments(call)
    name = call.layer.primitive.name
    if name == "getitem":
        return [*call.args, _key(call)], {}
    if name == "concat":
        return [list(call.args)], {}
    return list(call.args), {}


def _key(call: Call) -> Any:
    """What stands between the brackets: numbers, slices, None and `...`; Keras has one in a list
    of its own, unless it is a number.
    """
    index = call.kwargs["index"]
    if any(isinstance(one, Tensor | np.ndarray) for one in flatten(index)):
        raise UnsupportedOperator(
            f"operation {call.layer.name!r}: files of Keras hold numbers and slices between the "
            "brackets, no arrays; use keras.ops.take, or put the expression into a Layer"
        )
    return index if isinstance(index, int | tuple | list) else [index]


def operation_from_config(config: dict[str, Any]) -> tuple[Operation, dict[str, Any]]:
    """An operation and the attributes for its calls."""
    given = dict(config.get("config") or {})
    label = given.pop("name", config.get("name"))
    name = _BY_CLASS.get(config["class_name"])
    entry = TABLE.get(name or "")
    ours = {theirs: mine for mine, theirs in entry.attributes.items()} if entry else {}
    more = [v for key, v in given.items() if key not in ours]
    special = any(v not in (None, False, "float32") for v in more)
    if name is None or special or len(_dtypes(config.get("inbound_nodes"))) > 1:
        return function_from_config(config)
    attributes = {
        ours[key]: tuple(value) if isinstance(value, list) else value
        for key, value in given.items()
        if key in ours
    }
    return Operation(PRIMITIVES[name], label), attributes


def _dtypes(value: Any) -> set[str]:
    """The dtypes of tensors and arrays among the arguments of a node: only the functions of
    `keras.ops` bring them together as Keras does.
    """
    if isinstance(value, list):
        return set().union(*map(_dtypes, value))
    if not isinstance(value, Mapping):
        return set()
    config = value.get("config")
    if isinstance(config, Mapping) and isinstance(config.get("dtype"), str):
        return {config["dtype"]}
    return set().union(*map(_dtypes, value.values()))


def from_call_arguments(
    operation: Operation, args: list[Any], kwargs: dict[str, Any], attributes: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of Keras' operation as ours takes them."""
    if not _is_primitive(operation):
        return function_inputs(operation, args, kwargs, attributes)
    args = args + list(kwargs.values())
    name = operation.primitive.name
    if name == "getitem":
        index = args[1]
        return args[:1], {"index": tuple(index) if isinstance(index, list) else index}
    if name == "concat":
        return list(args[0]), attributes
    return args, attributes
