"""Functions that say themselves what their derivative is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from edgekit.errors import InputError
from edgekit.train.primitive import Primitive, recorders
from edgekit.train.tape import GradientTape, stop_recording
from edgekit.train.tensor import Tensor, array_of, wrap

__all__ = ["custom_gradient"]


def custom_gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function(*tensors)` returns `(y, gradient)`; `gradient(dy)` gives one for each argument.

        @custom_gradient
        def clipped(x):
            return x, lambda dy: clip(dy, -1.0, 1.0)

    Tapes see the call as one operation. Variables that the function takes from elsewhere get no
    gradient: pass them as arguments.
    """

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        inputs = tuple(x if isinstance(x, Tensor) else Tensor(x) for x in args)
        with stop_recording():
            y, gradient = function(*inputs)
        if not isinstance(y, Tensor):
            raise InputError(
                f"{function.__name__}: a custom gradient is that of one tensor. "
                f"Received: {type(y).__name__}"
            )
        output = wrap(y.data)  # another tensor, where the function gave its argument back
        rule = _rule(function.__name__, gradient, len(inputs))
        for recorder in recorders():
            if isinstance(recorder, GradientTape):
                recorder.record(rule, inputs, [x.data for x in inputs], {}, output, None)
        return output

    return call


def _rule(name: str, gradient: Callable[[Any], Any], count: int) -> Primitive:
    """A primitive of this one call."""

    def on_tensors(g: Any, y: Any, *inputs: Any) -> list[Any]:
        given = gradient(g)
        found = list(given) if isinstance(given, list | tuple) else [given]
        if len(found) != count:
            raise InputError(
                f"{name}: the gradient function gave {len(found)} gradients for {count} arguments"
            )
        return found

    def on_arrays(g: Any, y: Any, *inputs: Any) -> list[Any]:
        found = on_tensors(wrap(g), y, *inputs)
        return [array_of(x) for x in found]

    made = Primitive(lambda *inputs: inputs[0], name, saves=False, differentiable=True)
    made.vjp(on_arrays)
    made.nested_vjp(on_tensors)
    return made
