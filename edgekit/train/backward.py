"""How one record of a tape hands a gradient from its output to its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.errors import EdgekitError, UnsupportedOperator

from .primitive import Primitive, Record, recorders
from .tensor import Tensor, Variable, wrap

__all__ = ["input_gradients", "joins", "taker_before"]


def joins(before: Record, after: Record, g: Any) -> bool:
    """Whether the gradients of two calls in a row can be taken in one pass."""
    rules = before.primitive.backward_before
    return (
        after.primitive.name in rules and before.output is after.inputs[0] and type(g) is np.ndarray
    )


def taker_before(record: Record, before: Record, g: Any, needs: Sequence[bool]) -> Any:
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


def input_gradients(
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
