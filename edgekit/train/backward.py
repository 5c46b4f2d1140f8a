"""How the records of a tape hand gradients from their outputs to their inputs, last call first.

Two calls in a row may share the work: the derivatives of both are taken in one pass
(`Primitive.vjp_before`), or the first takes its gradient part by part, while a part is in the cache
(`Primitive.vjp_in_parts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.errors import EdgekitError, UnsupportedOperator

from .primitive import Primitive, Record, recorders
from .tensor import Tensor, Variable, wrap

__all__ = ["hand_back"]


def hand_back(
    records: list[Record],
    gradients: dict[int, Any],
    wanted: set[int],
    reached: set[int] | None,
    on_tensors: bool,
) -> None:
    """Read `records` backwards, adding to `gradients` what each hands back to its inputs.

    gradients: by the id of a tensor; those that are not `wanted` are dropped once handed on.
    reached: the ids of what leads to the wanted ones; None where everything does. The list is
    emptied on the way, so that arrays which nothing needs any more are freed.
    """
    takers: dict[int, Any] = {}
    while records:
        record = records.pop()
        key = id(record.output)
        g = gradients.get(key) if key in wanted else gradients.pop(key, None)
        if g is None or (reached is not None and key not in reached):
            continue
        needs = record.needs if reached is None else _needs(record, reached)
        taken = takers.pop(key, None) if takers else None
        after = deliver = None
        before = records[-1] if records else None
        if before is not None and before.primitive.backward_joins and not on_tensors:
            between = id(before.output)
            if between in gradients or between in wanted:
                pass  # its own gradient is wanted, or has another part already
            elif _joins(before, record, g):
                record, after = records.pop(), record
                needs = _needs(record, reached)
            elif needs[0]:
                taker = _taker(record, before, g, _needs(before, reached))
                if taker is not None:
                    takers[between], deliver = taker, taker.take
        made = _input_gradients(record, g, needs, on_tensors, after, taken, deliver)
        _add(record, needs, made, gradients)


def _needs(record: Record, reached: set[int] | None) -> Sequence[bool]:
    """Which inputs of a record lead to the sources."""
    if reached is None:  # all that is followed does
        return record.needs
    return [n and id(x) in reached for x, n in zip(record.inputs, record.needs, strict=True)]


def _add(
    record: Record, needs: Sequence[bool], made: Sequence[Any], gradients: dict[int, Any]
) -> None:
    """Add the gradients of a record's inputs to those that these have."""
    for x, gx, need in zip(record.inputs, made, needs, strict=True):
        if not need:
            continue
        if gx is None:
            position = next(i for i, other in enumerate(record.inputs) if other is x)
            raise UnsupportedOperator(f"{record.place} has no derivative by its input {position}")
        key = id(x)
        gradients[key] = gradients[key] + gx if key in gradients else gx


def _joins(before: Record, after: Record, g: Any) -> bool:
    """Whether the gradients of two calls in a row can be taken in one pass."""
    rules = before.primitive.backward_before
    return (
        after.primitive.name in rules and before.output is after.inputs[0] and type(g) is np.ndarray
    )


def _taker(record: Record, before: Record, g: Any, needs: Sequence[bool]) -> Any:
    """What takes the gradient of the record before part by part, or None.

    needs: which inputs of that record want a gradient.
    """
    taker = before.primitive.backward_taker
    delivers = record.primitive.backward_delivers and type(g) is np.ndarray
    if taker is None or not delivers or before.output is not record.inputs[0]:
        return None
    return taker(before.output.data, *before.arrays, **_attrs(before, needs))


def _attrs(record: Record, needs: Sequence[bool]) -> dict[str, Any]:
    """What a rule is given beside arrays. Raises EdgekitError where a variable was changed."""
    rule, attrs = record.primitive, record.attrs
    if rule.saves or rule.backward_asks_needs:
        attrs = attrs.copy()
        if rule.saves:
            attrs["saved"] = record.saved
        if rule.backward_asks_needs:
            attrs["needs"] = needs
    if rule.backward_reads_inputs and record.version != _version(record.inputs):
        changed = ", ".join(repr(x.name) for x in record.inputs if isinstance(x, Variable))
        raise EdgekitError(
            f"{record.place} used {changed}, which was changed since the tape recorded it; "
            "compute all gradients before you apply any"
        )
    return attrs


def _input_gradients(
    record: Record,
    g: Any,
    needs: Sequence[bool],
    on_tensors: bool,
    after: Record | None = None,
    taken: Any = None,
    deliver: Any = None,
) -> Sequence[Any]:
    """The gradient of each input, from that of the output; on tensors where an outer tape listens.

    after: a record that this one `joins`; `g` is the gradient of its output. taken: what has taken
    `g` in parts. deliver: what takes the gradient of the first input. Raises UnsupportedOperator
    without a derivative, EdgekitError where a variable was changed.
    """
    rule = record.primitive
    if rule.backward is None:
        raise UnsupportedOperator(
            f"{record.place} has no derivative; register one with @{rule.name}.vjp"
        )
    if taken is not None:
        return taken.gradients(g, deliver)
    attrs = _attrs(record, needs)
    if after is not None:
        joined = rule.backward_before[after.primitive.name]
        return joined(g, after.output.data, *record.arrays, **attrs)
    if deliver is not None:
        attrs = {**attrs, "deliver": deliver}
    if not on_tensors:
        return rule.backward(g, record.output.data, *record.arrays, **attrs)
    inputs = [
        x if isinstance(x, Tensor) else a for x, a in zip(record.inputs, record.arrays, strict=True)
    ]
    if rule.backward_on_tensors:
        return rule.backward(g, record.output, *inputs, **attrs)
    if rule.backward_nested is None:
        return _opaque_gradients(record, g, attrs)
    attrs = dict(record.attrs)
    for name, value in (("needs", needs), ("saved", record.saved)):
        if name in rule.nested_keywords:
            attrs[name] = value
    return rule.backward_nested(g, record.output, *inputs, **attrs)


def _version(inputs: Sequence[Any]) -> int:
    """The versions of the variables among the inputs, summed: any change makes it larger."""
    version = 0
    for x in inputs:
        if isinstance(x, Variable):
            version += x.version
    return version


def _opaque_gradients(record: Record, g: Tensor, attrs: dict[str, Any]) -> Sequence[Any]:
    """Gradients computed on arrays, which an outer tape may follow but not differentiate."""
    rule = record.primitive
    assert rule.backward is not None
    made = rule.backward(g.data, record.output.data, *record.arrays, **attrs)
    outputs = [None if gx is None else wrap(gx) for gx in made]
    gradient_of = Primitive(rule.forward, f"the gradient of {rule.name}", False, True)
    for gx in outputs:
        if gx is not None:
            for recorder in recorders():
                recorder.record(gradient_of, (g, *record.inputs), [], {}, gx, None)
    return outputs
