"""The functions of Keras 2's backend that custom losses, metrics and layers used.

`from edgekit.keras import backend as K`. Today they stand in `keras.ops`, with numpy's names; what
needs TensorFlow 1's sessions says what to use instead.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras import ops as _ops
from edgekit.keras import random as _random
from edgekit.keras.config import epsilon as epsilon
from edgekit.keras.config import floatx as floatx
from edgekit.keras.config import image_data_format as image_data_format
from edgekit.keras.config import set_epsilon as set_epsilon
from edgekit.keras.config import set_floatx as set_floatx
from edgekit.keras.config import set_image_data_format as set_image_data_format
from edgekit.keras.layout import forward
from edgekit.keras.utils import symbols as _symbols
from edgekit.train import Variable
from edgekit.train import clear_session as clear_session
from edgekit.train.backend import to_numpy

# functions that keras.ops has under the same signature
_SAME = (
    "abs", "all", "any", "cast", "cos", "exp", "is_tensor", "log", "logsumexp", "mean", "moments",
    "ndim", "prod", "round", "shape", "sign", "sin", "sqrt", "square", "stack", "std", "sum", "var",
)  # fmt: skip
# and under another one, for which edgekit.keras.backend_functions has Keras 2's
_OTHERWISE = (
    "arange", "argmax", "argmin", "clip", "concatenate", "conv2d", "cumsum", "dot", "elu", "equal",
    "expand_dims", "eye", "greater", "greater_equal", "hard_sigmoid", "less", "less_equal", "max",
    "maximum", "min", "minimum", "not_equal", "one_hot", "ones", "ones_like", "pow", "relu",
    "reshape", "reverse", "sigmoid", "softmax", "softplus", "softsign", "squeeze", "stop_gradient",
    "tanh", "tile", "transpose", "zeros", "zeros_like",
)  # fmt: skip
_OWN = (
    "backend", "batch_dot", "batch_flatten", "batch_get_value", "batch_set_value",
    "binary_crossentropy", "categorical_crossentropy", "cast_to_floatx", "clear_session",
    "constant", "count_params", "dropout", "epsilon", "eval", "flatten", "floatx", "function",
    "gather", "get_value", "image_data_format", "in_train_phase", "int_shape", "l2_normalize",
    "permute_dimensions", "random_binomial", "random_normal", "random_normal_variable",
    "random_uniform", "random_uniform_variable", "repeat", "repeat_elements", "set_epsilon",
    "set_floatx", "set_image_data_format", "set_value", "sparse_categorical_crossentropy",
    "switch", "truncated_normal", "update", "update_add", "update_sub", "variable",
    "zeros_variable",
)  # fmt: skip

__all__, __getattr__, __dir__ = forward(
    "backend",
    None,
    {
        **{name: f"edgekit.keras.ops:{name}" for name in _SAME},
        **{name: f"edgekit.keras.backend_functions:{name}" for name in _OTHERWISE},
        **{name: f"edgekit.keras.utils.symbols:{name}" for name in _symbols.__all__},
        "identity": "edgekit.keras.ops:convert_to_tensor",
    },
    _OWN,
)


def backend() -> str:
    """The name of the array library."""
    return "numpy"


def variable(value: Any, dtype: Any = None, name: Any = None, constraint: Any = None) -> Any:
    """A variable with this value."""
    return Variable(np.asarray(value), dtype=dtype or "float32", name=name, constraint=constraint)


zeros_variable = variable


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """A tensor with this value, repeated to `shape`."""
    values = np.asarray(value) if shape is None else np.broadcast_to(value, shape)
    return _ops.convert_to_tensor(values, dtype or "float32")


def get_value(x: Any) -> Any:
    """The value of a variable or tensor, as a numpy array."""
    return np.array(to_numpy(x))


def eval(x: Any) -> Any:
    """The value of a tensor, as a numpy array."""
    return get_value(x)


def set_value(x: Any, value: Any) -> None:
    """Give a variable another value."""
    x.assign(np.asarray(value, x.dtype))


def batch_get_value(tensors: Any) -> list[Any]:
    """The values of several variables."""
    return [get_value(x) for x in tensors]


def batch_set_value(tuples: Any) -> None:
    """Give several variables other values."""
    for x, value in tuples:
        set_value(x, value)


def update(x: Any, new_x: Any) -> Any:
    """Give a variable another value; returns it."""
    return x.assign(new_x)


def update_add(x: Any, increment: Any) -> Any:
    """Add to a variable; returns it."""
    return x.assign_add(increment)


def update_sub(x: Any, decrement: Any) -> Any:
    """Subtract from a variable; returns it."""
    return x.assign_sub(decrement)


def cast_to_floatx(x: Any) -> Any:
    """`x` as floating numbers."""
    return np.asarray(x, floatx()) if not hasattr(x, "shape") else _ops.cast(x, floatx())


def int_shape(x: Any) -> tuple[int | None, ...]:
    """The sizes along the axes, None where they are not known."""
    return tuple(x.shape)


def count_params(x: Any) -> int:
    """The number of elements."""
    return int(np.prod(x.shape))


def flatten(x: Any) -> Any:
    """All elements in one axis."""
    return _ops.ravel(x)


def batch_flatten(x: Any) -> Any:
    """(batch, all other elements)."""
    return _ops.reshape(x, (-1, int(np.prod(x.shape[1:]))))


def permute_dimensions(x: Any, pattern: Any) -> Any:
    """The axes in another order."""
    return _ops.transpose(x, pattern)


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Each element `rep` times along an axis."""
    return _ops.repeat(x, rep, axis)


def repeat(x: Any, n: int) -> Any:
    """(batch, features) to (batch, n, features)."""
    return _ops.repeat(_ops.expand_dims(x, 1), n, 1)


def gather(reference: Any, indices: Any) -> Any:
    """Rows by their numbers."""
    return _ops.take(reference, np.asarray(indices).astype("int64"), 0)


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """`x` over its Euclidean norm, which counts as at least 1e-6."""
    squares = _ops.sum(_ops.square(x), axis, True)
    return x / _ops.sqrt(_ops.maximum(squares, 1e-12))


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """The product of each sample of `x` with that of `y`, along one axis of each."""
    ranks = (len(x.shape), len(y.shape))
    if axes is None:
        axes = (ranks[0] - 1, 1 if ranks[1] == 2 else ranks[1] - 2)
    first, second = (axes, axes) if isinstance(axes, int) else axes
    first, second = first % ranks[0], second % ranks[1]
    if 0 in (first, second):
        raise InputError(f"batch_dot: the axes {axes} must not be those of the batch")
    left = _ops.moveaxis(x, first, -1)
    right = _ops.moveaxis(y, second, 1)
    kept = (*left.shape[1:-1], *right.shape[2:])
    size = left.shape[-1]
    left = _ops.reshape(left, (left.shape[0], -1, size))
    right = _ops.reshape(right, (right.shape[0], size, -1))
    made = _ops.matmul(left, right)
    return _ops.reshape(made, (made.shape[0], *(kept or (1,))))


def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """-sum t log p along `axis`."""
    return _ops.categorical_crossentropy(target, output, from_logits, axis)


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1, ignore_class: Any = None
) -> Any:
    """-log p of the class that the number `target` names."""
    if ignore_class is not None:
        raise InputError("ignore_class is not supported here; use the loss of that name")
    return _ops.sparse_categorical_crossentropy(target, output, from_logits, axis)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-t log p - (1 - t) log(1 - p), element by element."""
    return _ops.binary_crossentropy(target, output, from_logits)


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """One or the other, element by element; functions are called."""
    parts = [p() if callable(p) else p for p in (then_expression, else_expression)]
    return _ops.where(condition, *parts)


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """`x` in training, else `alt`; `training` must be given."""
    if training is None:
        raise InputError("in_train_phase needs training=True or False: pass on that of call()")
    chosen = x if training else alt
    return chosen() if callable(chosen) else chosen


def dropout(x: Any, level: float, noise_shape: Any = None, seed: int | None = None) -> Any:
    """Each value zero with probability `level`, the others times 1 / (1 - level)."""
    return _random.dropout(x, level, noise_shape, seed)


def random_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Normal numbers."""
    return _random.normal(_sizes(shape), mean, stddev, dtype, seed)


def random_uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Numbers from minval to maxval."""
    return _random.uniform(_sizes(shape), minval, maxval, dtype, seed)


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Normal numbers within two standard deviations."""
    return _random.truncated_normal(_sizes(shape), mean, stddev, dtype, seed)


def random_binomial(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Any:
    """Ones with probability p, else zeros."""
    return _ops.cast(random_uniform(shape, seed=seed) < p, dtype or "float32")


def random_normal_variable(
    shape: Any, mean: float, scale: float, dtype: Any = None, name: Any = None, seed: Any = None
) -> Any:
    """A variable of normal numbers."""
    return variable(to_numpy(random_normal(shape, mean, scale, dtype, seed)), dtype, name)


def random_uniform_variable(
    shape: Any, low: float, high: float, dtype: Any = None, name: Any = None, seed: Any = None
) -> Any:
    """A variable of numbers from low to high."""
    return variable(to_numpy(random_uniform(shape, low, high, dtype, seed)), dtype, name)


def _sizes(shape: Any) -> tuple[int, ...]:
    return tuple(int(n) for n in np.asarray(shape).reshape(-1))


def function(
    inputs: Any, outputs: Any, updates: Any = None, name: str | None = None
) -> Callable[[Any], Any]:
    """A function from the arrays of `inputs` to those of `outputs`, by a model between them."""
    from edgekit.train import Model

    if updates:
        raise InputError("function() has no updates: assign to variables in a train_step")
    many = isinstance(outputs, list | tuple)
    given = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    model = Model(given if len(given) > 1 else given[0], list(outputs) if many else outputs)

    def call(arrays: Any) -> Any:
        values = list(arrays) if isinstance(arrays, list | tuple) else [arrays]
        values = values[: len(given)]  # a learning phase may follow
        made = model(values if len(given) > 1 else values[0], training=False)
        return [to_numpy(y) for y in made] if many else to_numpy(made)

    return call
