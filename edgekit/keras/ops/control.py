"""Branches and loops as functions of functions. They run as Python's own, so tapes see through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgekit.errors import InputError
from edgekit.keras.ops.tensors import as_tensor, operation
from edgekit.train.backend import array_module, asarray
from edgekit.train.custom_gradient import custom_gradient as with_gradient
from edgekit.train.ops.shape import concat
from edgekit.train.structure import flatten, map_structure, pack
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import Tensor, wrap

__all__ = [
    "associative_scan", "cond", "custom_gradient", "fori_loop", "jvp", "map", "scan", "switch",
    "vectorize", "vectorized_map", "while_loop",
]  # fmt: skip

Function = Callable[..., Any]


def custom_gradient(f: Function) -> Function:
    """`f(*tensors)`, which returns (y, gradient), with that function as its derivative."""
    return with_gradient(f)


def cond(pred: Any, true_fn: Function, false_fn: Function) -> Any:
    """true_fn() where `pred` holds, else false_fn()."""
    return true_fn() if bool(pred) else false_fn()


def switch(index: Any, branches: Sequence[Function], *operands: Any) -> Any:
    """branches[index](*operands); an index outside counts as the nearest one."""
    place = min(max(int(index), 0), len(branches) - 1)
    return branches[place](*operands)


@operation
def while_loop(
    cond: Function, body: Function, loop_vars: Any, maximum_iterations: int | None = None
) -> Any:
    """`loop_vars`, gone through `body` as long as `cond` of them holds."""
    alone = not isinstance(loop_vars, tuple | list)
    values: Any = (loop_vars,) if alone else tuple(loop_vars)
    values = map_structure(as_tensor, values)
    count = 0
    while (maximum_iterations is None or count < maximum_iterations) and bool(cond(*values)):
        found = body(*values)
        values = tuple(found) if isinstance(found, tuple | list) and not alone else (found,)
        if alone and isinstance(found, tuple | list):
            values = tuple(found)
        values = map_structure(as_tensor, values)
        count += 1
    return values[0] if alone else values


@operation
def fori_loop(lower: Any, upper: Any, body_fun: Function, init_val: Any) -> Any:
    """`init_val`, gone through body_fun(i, value) for i from lower to upper - 1."""
    value = init_val
    for i in range(int(lower), int(upper)):
        value = body_fun(i, value)
    return value


@operation
def map(f: Function, xs: Any) -> Any:
    """`f` of each element along the first axis of `xs` (or of each of a structure), stacked."""
    leaves = [as_tensor(x) for x in flatten(xs)]
    return _stacked([f(pack(xs, [x[i] for x in leaves])) for i in range(leaves[0].shape[0])])


@operation
def vectorized_map(function: Function, elements: Any) -> Any:
    """As `map`; a list or tuple of `elements` gives its elements as one argument."""
    return map(function, elements)


def _stacked(made: Sequence[Any], axis: int = 0) -> Any:
    """Structures of tensors, one beside the other along a new axis."""
    if not made:
        raise InputError("expected at least one element along the first axis")
    columns = zip(*(flatten(one) for one in made), strict=True)
    leaves = [concat([as_tensor(x)[None] for x in column], axis=axis) for column in columns]
    return pack(made[0], leaves)


@operation
def scan(
    f: Function,
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> Any:
    """(carry, ys): carry, y = f(carry, x) for each x along the first axis of `xs`; ys stacked.

    Without `xs` it runs `length` times. `unroll` changes nothing here.
    """
    leaves = [as_tensor(x) for x in flatten(xs) if x is not None]
    if not leaves and length is None:
        raise InputError("scan: give xs, or length")
    count = int(length) if length is not None else leaves[0].shape[0]
    if any(x.shape[0] != count for x in leaves):
        sizes = [x.shape[0] for x in leaves]
        raise InputError(f"scan: expected {count} elements along the first axis. Received: {sizes}")
    if not isinstance(unroll, bool) and unroll < 1:
        raise InputError(f"scan: unroll must be a positive integer or boolean. Received: {unroll}")
    carry, made = init, []
    for i in reversed(range(count)) if reverse else range(count):
        carry, y = f(carry, pack(xs, [x[i] for x in leaves]) if leaves else None)
        made.append(y)
    if reverse:
        made.reverse()
    if not made or all(y is None for y in flatten(made)):
        return carry, None
    return carry, _stacked(made)


@operation
def associative_scan(f: Function, elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """What an associative `f` makes of the first one, the first two, ... along `axis`.

    f(a, b) takes whole tensors (or structures of them), so there are log2(n) calls. Source: Hillis
    and Steele 1986.
    """
    leaves = [as_tensor(x) for x in flatten(elems)]
    count = leaves[0].shape[axis]
    if any(x.shape[axis] != count for x in leaves):
        sizes = [x.shape[axis] for x in leaves]
        raise InputError(f"associative_scan: the elements differ in number. Received: {sizes}")
    if reverse:
        turned = [_part(x, axis, slice(None, None, -1)) for x in leaves]
        found = associative_scan(f, pack(elems, turned), axis=axis)
        return map_structure(lambda x: _part(x, axis, slice(None, None, -1)), found)
    step = 1
    while step < count:
        earlier = [_part(x, axis, slice(None, count - step)) for x in leaves]
        later = [_part(x, axis, slice(step, None)) for x in leaves]
        joined = flatten(f(pack(elems, earlier), pack(elems, later)))
        heads = [_part(x, axis, slice(None, step)) for x in leaves]
        leaves = [concat([a, b], axis=axis) for a, b in zip(heads, joined, strict=True)]
        step *= 2
    return pack(elems, leaves)


def _part(x: Any, axis: int, places: slice) -> Any:
    return x[(slice(None),) * (axis % len(x.shape)) + (places,)]


def jvp(fun: Function, primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """(fun(*primals), its derivative along `tangents`), and what else fun gave with `has_aux`.

    The gradient is linear in what it starts from: the derivative of that is the one wanted.
    """
    if len(primals) != len(tangents):
        raise InputError(f"jvp: {len(primals)} primals and {len(tangents)} tangents")
    given = map_structure(lambda x: Tensor(asarray(as_tensor(x))), list(primals))
    along = [as_tensor(t) for t in flatten(list(tangents))]
    with GradientTape(watch_accessed_variables=False) as outer:
        with GradientTape(watch_accessed_variables=False) as inner:
            inner.watch(flatten(given))
            made = fun(*given)
        made, aux = made if has_aux else (made, None)
        ends = flatten(made)
        seeds = [wrap(array_module(y.data).zeros_like(y.data)) for y in ends]
        outer.watch(seeds)
        pulled = inner.gradient(
            ends, flatten(given), output_gradients=seeds, unconnected_gradients="zero"
        )
    pushed = outer.gradient(pulled, seeds, output_gradients=along, unconnected_gradients="zero")
    tangents_out = pack(made, pushed)
    return (made, tangents_out, aux) if has_aux else (made, tangents_out)


def vectorize(pyfunc: Function, *, excluded: Any = None, signature: str | None = None) -> Function:
    """`pyfunc` of single elements (or of the cores that `signature` names, such as
    "(n),(n)->()") as a function of whole tensors, which are broadcast.

    Arguments whose places or names are `excluded` are handed on as they are.
    """
    left_out = set(excluded or ())
    cores = None if signature is None else _cores(signature)

    def call(*args: Any, **kwargs: Any) -> Any:
        places = [i for i in range(len(args)) if i not in left_out]
        names = [k for k in kwargs if k not in left_out]
        given = [as_tensor(args[i]) for i in places] + [as_tensor(kwargs[k]) for k in names]
        ranks = cores if cores is not None else [0] * len(given)
        if len(ranks) != len(given):
            raise InputError(f"vectorize: {signature!r} does not fit {len(given)} arguments")
        loops = [x.shape[: len(x.shape) - r] for x, r in zip(given, ranks, strict=True)]
        shape = np.broadcast_shapes(*loops)
        made = []
        for index in np.ndindex(*shape):
            parts = [x[_own(index, loop)] for x, loop in zip(given, loops, strict=True)]
            whole = list(args)
            for i, part in zip(places, parts, strict=False):
                whole[i] = part
            named = dict(zip(names, parts[len(places) :], strict=True))
            made.append(pyfunc(*whole, **{**kwargs, **named}))
        found = _stacked(made)
        return map_structure(lambda y: y.reshape(*shape, *y.shape[1:]), found)

    call.__name__ = "vectorize"
    return operation(call)


def _own(index: tuple[int, ...], loop: tuple[int, ...]) -> tuple[int, ...]:
    """The place in an array of shape `loop` that stands at `index` where it is broadcast."""
    used = index[len(index) - len(loop) :]
    return tuple(0 if n == 1 else i for i, n in zip(used, loop, strict=True))


def _cores(signature: str) -> list[int]:
    """How many last axes of each argument belong to one call."""
    inputs = signature.replace(" ", "").partition("->")[0]
    return [len([n for n in part.split(",") if n]) for part in inputs[1:-1].split("),(")]
