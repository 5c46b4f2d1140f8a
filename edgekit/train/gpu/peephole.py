"""Layers that follow one another and run as one primitive on a GPU.

A BatchNormalization whose output goes to one ReLU and nowhere else, or to an Add of two and from
there to one ReLU, runs as `batch_norm_activation`: one pass over memory forward and two back, where
the layers by themselves take up to five. Wherever anything asks for more than that (a trace, masks,
a dtype that kernels do not hold), the layers run one by one. A product whose output goes to one
ReLU runs with it, see activated.py.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from edgekit.train import activations
from edgekit.train.backend import array_module
from edgekit.train.layers import Activation, Add, BatchNormalization, ReLU
from edgekit.train.layers.calling import _training, is_plain
from edgekit.train.masks import mask_of
from edgekit.train.ops.batch_norm_activation import batch_norm_activation
from edgekit.train.primitive import name_scope, scope_state
from edgekit.train.symbolic import Operation, SymbolicTensor
from edgekit.train.tensor import Tensor

from .activated import Followed, can_be_followed
from .kernel import STORAGE
from .listeners import only_tapes_record

__all__ = ["joined_layers", "joined_plan", "normalized"]


def normalized(
    layer: BatchNormalization, x: Any, residual: Any = None, activation: str = ""
) -> Any:
    """The layer's output with a residual and an activation; None where it cannot be."""
    if not _fits(layer, x) or not only_tapes_record():
        return None
    moving = layer.moving_mean.data, layer.moving_variance.data
    trains = _training.get() and layer.trainable
    return batch_norm_activation(
        x,
        layer.gamma,
        layer.beta,
        residual,
        epsilon=layer.epsilon,
        activation=activation,
        moving=(*moving, layer.momentum) if trains else None,
        given=None if trains else moving,
    )


def _fits(layer: BatchNormalization, x: Any) -> bool:
    data: Any = getattr(x, "data", None)
    return (
        type(x) is Tensor
        and array_module(data).__name__ == "cupy"
        and data.dtype.name in STORAGE
        and layer.built
        and layer.axis in (-1, data.ndim - 1)
        and data.shape[-1] == layer.moving_mean.shape[0]
        and data.size > 0
    )


def _joins_now() -> bool:
    return scope_state.rewriter is None and only_tapes_record()


class _Joined:
    """A BatchNormalization, perhaps an Add, and an activation: called with what the first takes,
    and what is added.
    """

    def __init__(
        self, norm: BatchNormalization, last: Any, add: Any = None, is_second: bool = False
    ) -> None:
        self.norm, self.add, self.last = norm, add, last
        self.is_second = is_second  # whether the sum names what is added first
        self.activation = _name_of(last)
        # kept in 16 bits by all of them or by none
        own = getattr(norm, "_storage", None)
        kept = [getattr(layer, "_storage", own) for layer in (norm, add or last, last)]
        self._dtype = kept[0] or norm._arithmetic
        self._alike = all(dtype == kept[0] for dtype in kept)

    def __call__(self, x: Any, residual: Any = None) -> Any:
        if self._at_once(x, residual):
            with name_scope(self.norm.name):
                y = normalized(self.norm, x, residual, self.activation)
            if y is not None:
                return y
        y = self.norm(x)
        if self.add is not None:
            terms = [residual, y] if self.is_second else [y, residual]
            y = self.add(terms) if isinstance(self.add, Add) else self.add(*terms)
        return self.last(y)

    def _at_once(self, x: Any, residual: Any) -> bool:
        if not self._alike or mask_of(x) is not None:
            return False
        if type(x) is not Tensor or x.data.dtype != self._dtype:
            return False
        if self.add is None:
            return True
        return (
            type(residual) is Tensor
            and mask_of(residual) is None
            and residual.data.shape == x.data.shape
            and residual.data.dtype == x.data.dtype
        )


def _name_of(layer: Any) -> str:
    """The activation of a layer by its name in `batch_norm_activation`; "" where it has none."""
    if type(layer) is Operation:
        return layer.primitive.name if layer.primitive.name in ("relu", "relu6") else ""
    if type(layer) not in (Activation, ReLU) or not is_plain(layer):
        return ""
    if type(layer) is Activation:
        return "relu" if layer.activation is activations.relu else ""
    if layer.negative_slope == layer.threshold == 0:
        ceilings: dict[Any, str] = {None: "relu", 6: "relu6"}
        return ceilings.get(layer.max_value, "")
    return ""


def _can_begin(layer: Any) -> bool:
    return type(layer) is BatchNormalization and is_plain(layer)


# -- one after the other --------------------------------------------------------------------------

_stacks: weakref.WeakKeyDictionary[Any, tuple[tuple[Any, ...], list[Any]]] = (
    weakref.WeakKeyDictionary()
)


def joined_layers(model: Any, layers: Iterable[Any]) -> list[Any]:
    """The layers of a Sequential, with those that run as one in one."""
    if not _joins_now():
        return list(layers)
    stack = tuple(layers)
    known = _stacks.get(model)
    if known is None or known[0] != stack:
        known = _stacks[model] = stack, _joined(stack)
    return known[1]


def _joined(stack: tuple[Any, ...]) -> list[Any]:
    found: list[Any] = []
    for layer in stack:
        if found and _can_begin(found[-1]) and _name_of(layer):
            found[-1] = _Joined(found[-1], layer)
        elif found and can_be_followed(found[-1]) and _name_of(layer):
            found[-1] = Followed(found[-1], layer, _name_of(layer))
        else:
            found.append(layer)
    return found


# -- a graph of calls -----------------------------------------------------------------------------


class _Call(NamedTuple):
    """What a step of a plan takes, by symbolic tensors."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: Any


_plans: weakref.WeakKeyDictionary[Any, list[Any]] = weakref.WeakKeyDictionary()


def joined_plan(graph: Any) -> list[Any]:
    """The plan of a LayerGraph, with the calls that run as one in one."""
    if not _joins_now():
        return graph._plan  # in whose order a trace finds the nodes
    if graph not in _plans:
        _plans[graph] = _join_calls(graph)
    return _plans[graph]


def _join_calls(graph: Any) -> list[Any]:
    uses = Counter(id(x) for _, _, call, _ in graph._plan for x in call.inputs)
    uses.update(id(x) for x in graph.flat_outputs)
    made = {step[3]: i for i, step in enumerate(graph._plan) if step[3] is not None}
    plan: list[Any] = list(graph._plan)

    def behind(x: Any, begins: Any) -> int | None:
        """The step of a layer that `begins` whose output is `x` and goes nowhere else."""
        at = made.get(id(x))
        if at is None or uses[id(x)] != 1 or plan[at] is None:
            return None
        layer, only_input, _, _ = plan[at]
        return at if only_input is not None and begins(layer) else None

    def norm_behind(x: Any) -> int | None:
        return behind(x, _can_begin)

    for i, (layer, only_input, call, only_output) in enumerate(graph._plan):
        if only_input is None or only_output is None or not _name_of(layer):
            continue
        before = call.args[0]
        if (at := norm_behind(before)) is not None:
            norm, source, _, _ = plan[at]
            plan[i] = (_Joined(norm, layer), source, call, only_output)
            plan[at] = None
        elif (at := behind(before, can_be_followed)) is not None:
            product, source, _, _ = plan[at]
            joined = Followed(product, layer, _name_of(layer))
            plan[i] = (joined, source, call, only_output)
            plan[at] = None
        elif (step := made.get(id(before))) is not None and uses[id(before)] == 1:
            _join_sum(plan, i, step, norm_behind)
    return [step for step in plan if step is not None]


def _join_sum(plan: list[Any], i: int, step: int, norm_behind: Any) -> None:
    """Join step `i`, an activation, to step `step`, if that is an Add behind a normalization."""
    if plan[step] is None:
        return
    add, _, sum_call, _ = plan[step]
    terms = _terms(add, sum_call)
    if terms is None:
        return
    last, _, call, only_output = plan[i]
    for x, other in (terms[::-1], terms):  # the later one first: a shortcut is made before
        at = norm_behind(x)
        if at is not None and x is not other:
            source = plan[at][2].args[0]
            joined = _Joined(plan[at][0], last, add, is_second=x is terms[1])
            plan[i] = (joined, None, _Call((source, other), {}, call.outputs), only_output)
            plan[at] = plan[step] = None
            return


def _terms(add: Any, call: Any) -> Any:
    """The two tensors of one shape that a call adds, or None where it does something else."""
    terms = None
    if type(add) is Add and is_plain(add) and len(call.args) == 1 and not call.kwargs:
        terms = call.args[0]
    elif type(add) is Operation and add.primitive.name == "add" and not call.kwargs:
        terms = call.args
    if not isinstance(terms, list | tuple) or len(terms) != 2:
        return None
    if not all(isinstance(x, SymbolicTensor) for x in terms) or terms[0].shape != terms[1].shape:
        return None
    return terms
