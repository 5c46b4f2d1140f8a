"""Primitives, and the recorder stack that gradient tapes and traces stand on.

A primitive is an operator-sized function on raw arrays with its derivative registered beside it:

    @primitive
    def relu(x):
        return array_module(x).maximum(x, 0)

    @relu.vjp
    def _(g, y, x):
        return (g * (y > 0),)

Positional parameters are inputs (tensors, arrays, numbers or None); keyword-only parameters are
attributes. With `@primitive(saves=True)` the function returns `(output, saved)`, and the
derivative gets `saved` as a keyword, so that nothing is computed twice. A missing derivative is an
error, never a zero.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from edgekit.errors import EdgekitError

from .operands import fit_constants
from .tensor import PRIMITIVES, Tensor, wrap

__all__ = [
    "Primitive",
    "Record",
    "current_scope",
    "name_scope",
    "primitive",
    "recorders",
    "recording",
    "scope_state",
]


class Record:
    """One call of a primitive: what went in, what came out, in which layer."""

    __slots__ = (
        "arrays",
        "attrs",
        "inputs",
        "needs",
        "output",
        "primitive",
        "saved",
        "scope",
        "version",
    )

    def __init__(
        self,
        primitive: Primitive,
        inputs: tuple[Any, ...],
        arrays: list[Any],
        attrs: dict[str, Any],
        output: Tensor,
        saved: Any,
        scope: str,
        version: int = 0,
        needs: Sequence[bool] = (),
    ) -> None:
        self.primitive = primitive
        self.inputs = inputs
        self.arrays = arrays
        self.attrs = attrs
        self.output = output
        self.saved = saved
        self.scope = scope
        self.version = version  # of all variables among the inputs, summed
        self.needs = needs  # which inputs a tape follows

    @property
    def place(self) -> str:
        """The primitive and the user's layer, for messages."""
        return f"{self.primitive.name!r}" + (f" in layer {self.scope!r}" if self.scope else "")


class _Stack(threading.local):
    """The active recorders of this thread, and the name of the layer being called."""

    def __init__(self) -> None:
        self.recorders: list[Any] = []
        self.scope = ""
        # called in place of every primitive, where one is set: (primitive, inputs, attrs) ->
        # (output, saved); quantization-aware training computes on 256 steps with it
        self.rewriter: Callable[..., Any] | None = None


_stack = _Stack()
# for layers, which set `scope` themselves at every call: a context manager costs a microsecond
scope_state = _stack


class Primitive:
    """A differentiable operator. Call it with tensors; it runs on arrays and returns a tensor."""

    def __init__(
        self, forward: Callable[..., Any], name: str, saves: bool, differentiable: bool
    ) -> None:
        parameters = inspect.signature(forward).parameters.values()
        self.forward = forward
        self.name = name
        self.saves = saves
        self.differentiable = differentiable
        self.backward: Callable[..., Any] | None = None
        self.backward_on_tensors = False
        self.backward_asks_needs = False
        self.backward_delivers = self.backward_joins = False
        self.backward_reads_inputs = True
        self.backward_nested: Callable[..., Any] | None = None
        self.nested_keywords: frozenset[str] = frozenset()
        self.backward_before: dict[str, Callable[..., Any]] = {}
        self.backward_taker: Callable[..., Any] | None = None
        self.attributes = frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        self.__name__ = name
        self.__doc__ = forward.__doc__
        self.__module__ = forward.__module__
        self.__signature__ = inspect.signature(forward)

    def vjp(
        self,
        rule: Callable[..., Any] | None = None,
        *,
        on_tensors: bool = False,
        reads_inputs: bool = True,
    ) -> Any:
        """Register the derivative: `rule(g, output, *inputs, **attrs)`, one gradient per input.

        A rule that has a keyword `needs` is told for which inputs a gradient is wanted (a tuple of
        booleans) and may give None for the others; so the images get none from a first layer.
        `on_tensors=True` says that the rule uses only operators and methods that tensors have, so
        that an outer tape can differentiate it once more. `reads_inputs=False` says that the rule
        takes no more than shapes of the inputs, so that variables among them may have changed. A
        rule that has a keyword `deliver` calls it, where it is given, with (samples, part) for each
        part of the first input's gradient as soon as that is made.
        """

        def register(rule: Callable[..., Any]) -> Callable[..., Any]:
            if self.backward is not None:
                raise EdgekitError(f"primitive {self.name!r} has a derivative already")
            self.backward = rule
            self.backward_on_tensors = on_tensors
            self.backward_reads_inputs = reads_inputs
            self.backward_asks_needs = "needs" in inspect.signature(rule).parameters
            self.backward_delivers = "deliver" in inspect.signature(rule).parameters
            return rule

        return register(rule) if rule is not None else register

    def vjp_before(self, after: Primitive) -> Callable[..., Any]:
        """Register the derivative of this primitive and `after` in one pass over memory.

        It is taken on a CPU where `after`, which has one input, followed at once: as with `vjp`,
        but `g` and the output are those of `after`."""
        self.backward_joins = True
        return functools.partial(self.backward_before.__setitem__, after.name)

    def vjp_in_parts(self, taker: Callable[..., Any]) -> Callable[..., Any]:
        """Register what takes the gradient of the output in parts, while each is in the cache:
        `taker(output, *inputs, **attrs)` makes an object with `take(samples, part)`, which may
        write over the part, and then `gradients(g, deliver)`, g being all of them."""
        self.backward_taker = taker
        self.backward_joins = True
        return taker

    def nested_vjp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Register the derivative that is taken where an outer tape listens.

        As with `vjp`, but on tensors and made of primitives, so that the outer tape can
        differentiate it once more. `needs` and `saved` are given where the rule has them.
        """
        if self.backward_nested is not None:
            raise EdgekitError(f"primitive {self.name!r} has a derivative for nested tapes already")
        self.backward_nested = rule
        taken = inspect.signature(rule).parameters
        self.nested_keywords = frozenset({"needs", "saved"} & taken.keys())
        return rule

    def __call__(self, *inputs: Any, **attrs: Any) -> Any:
        return self.call_saving(*inputs, **attrs)[0]

    def call_saving(self, *inputs: Any, **attrs: Any) -> tuple[Any, Any]:
        """As a plain call, but returns `(output, saved)`; `saved` is None where nothing is."""
        if attrs and not self.attributes.issuperset(attrs):
            inputs, attrs = self._named_inputs(inputs, attrs)
        if _stack.rewriter is not None:
            return _stack.rewriter(self, inputs, attrs)
        arrays = []
        plain = False
        for x in inputs:
            if isinstance(x, Tensor):
                arrays.append(x.data)
            else:
                arrays.append(x)
                plain = plain or x is not None
        if plain:
            for x in inputs:
                if hasattr(x, "__symbolic_call__"):
                    return x.__symbolic_call__(self, inputs, attrs), None
            arrays = fit_constants(inputs, arrays)
        saved = None
        data = self.forward(*arrays, **attrs)
        if self.saves:
            data, saved = data
        if isinstance(data, np.generic):
            data = np.asarray(data)
        output = wrap(data)
        for recorder in _stack.recorders:
            recorder.record(self, inputs, arrays, attrs, output, saved)
        return output, saved

    def _named_inputs(
        self, inputs: tuple[Any, ...], attrs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Inputs that were given by keyword, put into their places."""
        bound = inspect.signature(self.forward).bind(*inputs, **attrs)
        bound.apply_defaults()
        return bound.args, bound.kwargs

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


def primitive(
    forward: Callable[..., Any] | None = None,
    *,
    name: str | None = None,
    saves: bool = False,
    differentiable: bool = True,
) -> Any:
    """Make a primitive of a function on arrays, and enter it into `PRIMITIVES`.

    `differentiable=False` is for functions that have no derivative anywhere (comparisons, argmax):
    their outputs count as constants. A second primitive of the same name is an error.
    """

    def make(forward: Callable[..., Any]) -> Primitive:
        made = Primitive(forward, name or forward.__name__, saves, differentiable)
        if made.name in PRIMITIVES:
            raise EdgekitError(f"a primitive named {made.name!r} is there already")
        PRIMITIVES[made.name] = made
        return made

    return make(forward) if forward is not None else make


@contextlib.contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Records made within the block carry `name`, joined to the outer scopes with "/"."""
    before = _stack.scope
    _stack.scope = f"{before}/{name}" if before else name
    try:
        yield
    finally:
        _stack.scope = before


def recorders() -> list[Any]:
    """The active recorders of this thread, outermost first; each has a method `record`."""
    return _stack.recorders


def current_scope() -> str:
    """The path of the layer being called, "" outside of every layer."""
    return _stack.scope


class _Recording:
    """Keeps every record."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def record(
        self, rule: Primitive, inputs: Any, arrays: Any, attrs: Any, output: Tensor, saved: Any
    ) -> None:
        self.records.append(Record(rule, inputs, arrays, attrs, output, saved, _stack.scope))


@contextlib.contextmanager
def recording() -> Iterator[list[Record]]:
    """Within the block every call of a primitive is appended to the list that is handed out."""
    recorder = _Recording()
    _stack.recorders.append(recorder)
    try:
        yield recorder.records
    finally:
        _stack.recorders.remove(recorder)
