"""Calls and functions of TensorFlow in configs of tf.keras, as Keras 3 writes them.

`x + y` on symbolic tensors was a TFOpLambda that names a function of TensorFlow, `x[:, 1:]` a
SlicingOpLambda; what is no tensor stands among the keyword arguments of the call.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from edgekit.errors import UnsupportedOperator
from edgekit.train.saving.legacy_chains import CHAINS, Made, index_for_axis

__all__ = ["modern_node", "modern_operations"]

_NUMPY, _NN = "keras.src.ops.numpy", "keras.src.ops.nn"


class _Function(NamedTuple):
    """Keras' operation for a function of TensorFlow, and its argument -> Keras' attribute."""

    class_name: str
    attributes: Mapping[str, str] = MappingProxyType({})
    module: str = _NUMPY


_REDUCE = {"axis": "axis", "keepdims": "keepdims"}
_FUNCTIONS: dict[str, _Function] = {
    "abs": _Function("Absolute"),
    "add": _Function("Add"),
    "concat": _Function("Concatenate", {"axis": "axis"}),
    "divide": _Function("Divide"),
    "elu": _Function("Elu", {}, _NN),
    "exp": _Function("Exp"),
    "gelu": _Function("Gelu", {"approximate": "approximate"}, _NN),
    "leaky_relu": _Function("LeakyRelu", {"alpha": "negative_slope"}, _NN),
    "log": _Function("Log"),
    "log_softmax": _Function("LogSoftmax", {"axis": "axis"}, _NN),
    "matmul": _Function("Matmul"),
    "maximum": _Function("Maximum"),
    "minimum": _Function("Minimum"),
    "mul": _Function("Multiply"),
    "multiply": _Function("Multiply"),
    "neg": _Function("Negative"),
    "negative": _Function("Negative"),
    "pow": _Function("Power"),
    "reduce_max": _Function("Max", _REDUCE),
    "reduce_mean": _Function("Mean", _REDUCE),
    "reduce_min": _Function("Min", _REDUCE),
    "reduce_sum": _Function("Sum", _REDUCE),
    "relu": _Function("Relu", {}, _NN),
    "relu6": _Function("Relu6", {}, _NN),
    "reshape": _Function("Reshape", {"shape": "newshape"}),
    "sigmoid": _Function("Sigmoid", {}, _NN),
    "silu": _Function("Silu", {}, _NN),
    "softmax": _Function("Softmax", {"axis": "axis"}, _NN),
    "softplus": _Function("Softplus", {}, _NN),
    "sqrt": _Function("Sqrt"),
    "square": _Function("Square"),
    "sub": _Function("Subtract"),
    "subtract": _Function("Subtract"),
    "swish": _Function("Silu", {}, _NN),
    "tanh": _Function("Tanh", {}, _NN),
    "transpose": _Function("Transpose", {"perm": "axes"}),
    "truediv": _Function("TrueDivide"),
}  # fmt: skip
# keyword arguments that say nothing, with the values at which that is so (None: any)
_SAYS_NOTHING: dict[str, Any] = {"name": None, "conjugate": (False,), "transpose_a": (False,),
                                 "transpose_b": (False,), "beta": (1, 1.0)}  # fmt: skip
_BY_AXIS = {"expand_dims": None, "squeeze": 0}
_CONSTANT = "_CONSTANT_VALUE"


def modern_operations(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The config of a TFOpLambda or SlicingOpLambda as those of Keras' operations, of which the
    last has its name.

    Raises UnsupportedOperator for a function or an argument that is not known.
    """
    name, function = config["config"].get("name"), str(config["config"].get("function"))
    short = function.rpartition(".")[2]
    nodes = [modern_node(node) for node in config.get("inbound_nodes") or []]
    if short in CHAINS and len(nodes) == 1:
        return _chain(name, function, nodes[0])
    attributes: dict[str, Any] = {}
    if config["class_name"] == "SlicingOpLambda" or short in _BY_AXIS:
        found = _Function("GetItem")
        nodes = [
            {"args": [node["args"][0], _key(function, node["kwargs"])], "kwargs": {}}
            for node in nodes
        ]
    else:
        found = _found(function, name)
        for node in nodes:
            attributes |= _take_attributes(found, node, f"layer {name!r}: {function}")
    return [_operation(found, name, attributes, nodes)]


def _operation(
    found: _Function, name: Any, attributes: Mapping[str, Any], nodes: list[Any]
) -> dict[str, Any]:
    return {
        "module": found.module,
        "class_name": found.class_name,
        "config": {"name": name, **attributes},
        "name": name,
        "inbound_nodes": nodes,
    }


def _chain(name: Any, function: str, node: Mapping[str, Any]) -> list[dict[str, Any]]:
    given = {k: v for k, v in node["kwargs"].items() if k not in _SAYS_NOTHING}
    try:
        steps = CHAINS[function.rpartition(".")[2]](node["args"], **given)
    except TypeError as error:
        raise UnsupportedOperator(f"layer {name!r}: {function}: {error}") from error
    names = [f"{name}/{i}" for i in range(len(steps) - 1)] + [name]

    def of(value: Any) -> Any:
        if isinstance(value, Made):
            return _tensor([names[value.step], 0, 0])
        return [of(one) for one in value] if isinstance(value, list) else value

    return [
        _operation(
            _Function(step.class_name),
            own,
            step.attributes,
            [{"args": of(step.args), "kwargs": {}}],
        )
        for own, step in zip(names, steps, strict=True)
    ]


def _found(function: str, name: Any) -> _Function:
    short = function.rpartition(".")[2]
    if short not in _FUNCTIONS:
        raise UnsupportedOperator(
            f"layer {name!r}: the TensorFlow function {function!r} is not known; "
            f"there are {', '.join(sorted({**_FUNCTIONS, **_BY_AXIS, **CHAINS}))}"
        )
    return _FUNCTIONS[short]


def _take_attributes(found: _Function, node: dict[str, Any], where: str) -> dict[str, Any]:
    """What belongs into the config; tensors among the keyword arguments become positional ones."""
    attributes, tensors = {}, []
    for key, value in node["kwargs"].items():
        if key in found.attributes:
            attributes[found.attributes[key]] = value
        elif key in ("x", "y", "a", "b"):
            tensors.append(value)
        elif key not in _SAYS_NOTHING or (
            _SAYS_NOTHING[key] is not None and value not in _SAYS_NOTHING[key]
        ):
            raise UnsupportedOperator(f"{where}: {key}={value!r} is not supported")
    node["args"], node["kwargs"] = [*node["args"], *tensors], {}
    return attributes


def _key(function: str, kwargs: Mapping[str, Any]) -> Any:
    """What stands between the brackets; expand_dims is x[:, None], squeeze is x[:, 0]."""
    short = function.rpartition(".")[2]
    if short in _BY_AXIS:
        return index_for_axis(function, kwargs.get("axis"), _BY_AXIS[short])
    spec = kwargs.get("slice_spec")
    return [_slice(one) for one in spec] if isinstance(spec, list) else _slice(spec)


def _slice(one: Any) -> Any:
    if isinstance(one, Mapping) and "start" in one:
        return {"class_name": "__slice__", "config": dict(one)}
    return one


def modern_node(node: Any) -> Any:
    """[["layer", 0, 0, {kwargs}], ...] as {"args", "kwargs"}; one of Keras 3 is left as it is."""
    if isinstance(node, Mapping):
        return node
    if isinstance(node, list) and node and isinstance(node[0], str):
        node = [node]
    tensors = [_tensor(entry) for entry in node]
    kwargs = dict(node[0][3]) if node and len(node[0]) > 3 else {}
    kwargs = {
        key: _argument(value)
        for key, value in kwargs.items()
        if not (key == "name" and value is None)  # of functions of TensorFlow
    }
    args = [tensors] if len(tensors) > 1 else tensors
    return {"args": args, "kwargs": kwargs}


def _argument(value: Any) -> Any:
    is_tensor = isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str)
    if is_tensor and isinstance(value[1], int):
        return _tensor(value)
    if isinstance(value, list):
        return [_argument(one) for one in value]
    return value


def _tensor(entry: Any) -> Any:
    if entry[0] == _CONSTANT:
        return entry[2]
    return {"class_name": "__keras_tensor__", "config": {"keras_history": list(entry[:3])}}
