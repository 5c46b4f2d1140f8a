"""What stands in for the primitives while a model runs as int8 will: fake quantization around each.

A call that the plan names gets its weight rounded per channel, in the normalization that is folded
into it, and its result rounded where the converter gives it a scale. Everything else runs as ever,
so dropout, masks, losses of layers and one's own `call` need no thought.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node, QuantParams, spec
from edgekit.quantize.calibrate import Range
from edgekit.quantize.parameters import group_params
from edgekit.quantize.scales import activation_params, weight_params
from edgekit.train.backend import array_module, same_place, to_numpy
from edgekit.train.ops.math import stop_gradient
from edgekit.train.ops.normalization import batch_norm
from edgekit.train.ops.shape import reshape
from edgekit.train.primitive import Primitive, scope_state
from edgekit.train.tensor import Tensor, wrap

from .fake_quantize import fake_quantize, fake_quantize_weight
from .pieces import compute
from .ranges import Ranges
from .steps import Key, Norm, Plan, Step, Weight, canonical

__all__ = ["Rewriter", "Scales"]


class Scales:
    """Scale and zero point of each activation, from the ranges as they are now."""

    def __init__(self, plan: Plan, ranges: Ranges, input_range: tuple[float, float] | None) -> None:
        self.plan, self.ranges = plan, ranges
        self.given = dict.fromkeys(plan.inputs, Range(*input_range)) if input_range else {}
        self.known: dict[str, tuple[QuantParams, ...]] = {}

    def of(self, value: str) -> tuple[QuantParams, ...]:
        """What the value is rounded to: once, or twice where an operator fixes its own output.

        Nothing as long as no range is known.
        """
        if value not in self.known:
            self.known[value] = self._chosen(value)
        return self.known[value]

    def _chosen(self, value: str) -> tuple[QuantParams, ...]:
        group = self.plan.groups[value]
        seen = {**self.ranges.known(group), **self.given}
        members = [name for name in group if name in seen]
        if not members:
            return ()
        fixed = {name: q for name, q in self.plan.fixed.items() if name in group}
        union = Range(min(seen[n].low for n in members), max(seen[n].high for n in members))
        chosen = group_params(group, dict.fromkeys(group, union), fixed)
        own = fixed.get(value, chosen)
        return (chosen,) if own == chosen else (own, chosen)

    def forget(self, value: str) -> None:
        """The range of the value has changed."""
        for name in self.plan.groups[value]:
            self.known.pop(name, None)


class Rewriter:
    """One run of a model. It is called in place of every primitive (`scope_state.rewriter`).

    learning: whether ranges follow the batch; widening: whether they hold everything instead, and
    nothing is rounded. folding: whether normalizations use their moving statistics and are part
    of the weights, as in the int8 model; else they use the batch's, and the weight is rounded at
    the scale that the moving statistics give it, then taken back.
    """

    def __init__(
        self, plan: Plan, scales: Scales, learning: bool, widening: bool, folding: bool
    ) -> None:
        self.plan, self.scales, self.ranges = plan, scales, scales.ranges
        self.learning, self.widening, self.folding = learning, widening, folding
        self.prefix = 0
        self.counts: dict[tuple[str, str], int] = {}
        self.done: set[Key] = set()
        self.read: dict[tuple[int, str], Any] = {}

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """Within the block, in which a model of this name is called, primitives are rewritten."""
        outer, before = scope_state.scope, scope_state.rewriter
        self.prefix = len(f"{outer}/{name}" if outer else name)
        scope_state.rewriter = self
        try:
            yield
        finally:
            scope_state.rewriter = before
        self._check_all_done()

    def _check_all_done(self) -> None:
        missing = [key for key in self.plan.steps if key not in self.done]
        if missing:
            listed = ", ".join(f"{name!r} in layer {scope!r}" for scope, name, _ in missing[:5])
            raise UnsupportedOperator(
                f"the model did not call {listed} as it does in inference: what is quantized must "
                "be computed alike in training and in inference"
            )

    def __call__(self, primitive: Primitive, inputs: Any, attrs: Any) -> tuple[Any, Any]:
        scope, name = scope_state.scope[self.prefix + 1 :], canonical(primitive.name)
        count = self.counts.get((scope, name), 0)
        self.counts[scope, name] = count + 1
        key = (scope, name, count)
        step = self.plan.steps.get(key)
        scope_state.rewriter = None
        try:
            if step is None:
                return primitive.call_saving(*inputs, **attrs)
            self.done.add(key)
            return self._run(step, primitive, list(inputs), attrs)
        finally:
            scope_state.rewriter = self

    def entered(self, name: str, x: Tensor) -> Tensor:
        """An input of the model, rounded as the device gets it."""
        if not self.plan.inputs.get(name):
            return x
        return self._rounded(name, self._observed(name, x))

    # -- one call ---------------------------------------------------------------------------------

    def _run(self, step: Step, primitive: Primitive, inputs: list[Any], attrs: Any) -> Any:
        if step.piece is not None:
            return compute(step.piece, inputs, self._node_reads, self._node_writes), None
        for position, value in step.reads.items():
            inputs[position] = self._read(value, inputs[position])
        if not self.widening:
            for position in step.constants:
                inputs[position] = _rounded_constant(inputs[position])
        if step.norm is not None:
            output, saved = self._normalized(step, primitive, inputs, attrs)
        elif step.weight is not None and not self.widening:
            output, saved = self._weighted(step.weight, primitive, inputs, attrs)
        else:
            output, saved = primitive.call_saving(*inputs, **attrs)
        if step.value is not None:
            if step.observed:
                output = self._observed(step.value, output)
            if step.quantized:
                output = self._rounded(step.value, output, step.away)
        return output, saved

    def _observed(self, value: str, x: Tensor) -> Tensor:
        if self.learning and value in self.ranges.rows:
            self.ranges.observe(value, x.data, self.widening)
            self.scales.forget(value)
        return x

    def _rounded(self, value: str, x: Tensor, away: bool = False) -> Tensor:
        for quant in () if self.widening else self.scales.of(value):
            x = fake_quantize(x, scale=quant.scale[0], zero_point=quant.zero_point[0], away=away)
        return x

    def _read(self, value: str, x: Tensor) -> Tensor:
        """What a layer in float computed, rounded once for all layers in int8 that read it."""
        key = (id(x), value)
        if key not in self.read:
            self.read[key] = (x, self._rounded(value, x))  # x too, so that its id stays its own
        return self.read[key][1]

    def _node_reads(self, node: Node, value: str, x: Any) -> Any:
        """What a node within a call reads, as its kernel will."""
        if node.outputs[0] not in self.plan.rounded or value in self.plan.rounded:
            return x
        if value in self.plan.groups:
            return x if value in self.plan.inputs else self._read(value, x)
        is_one = spec(node.op).tied or np.size(x) == 1 or self.widening
        return x if is_one else _rounded_constant(x)

    def _node_writes(self, node: Node, x: Tensor) -> Tensor:
        value = node.outputs[0]
        x = self._observed(value, x)
        return self._rounded(value, x) if value in self.plan.rounded else x

    # -- weights ----------------------------------------------------------------------------------

    def _weighted(self, step: Weight, primitive: Primitive, inputs: list[Any], attrs: Any) -> Any:
        weight = inputs[step.position]
        bias = None if step.bias is None else inputs[step.bias]
        factor, term = _affine(step.norms, bias)
        shape = tuple(n if i in step.axes else 1 for i, n in enumerate(weight.shape))
        along = None if factor is None else reshape(factor, shape=shape)
        folded = weight if along is None else weight * along
        whole = term if step.norms else bias
        rounded = self._rounded_weight(step, folded, whole, shape)
        if along is None or not self.folding:
            if along is not None:
                rounded = rounded / _without_zeros(along)
            inputs[step.position] = rounded
            return primitive.call_saving(*inputs, **attrs)
        inputs[step.position] = rounded
        if step.bias is not None:
            inputs[step.bias] = term
            return primitive.call_saving(*inputs, **attrs)
        output, saved = primitive.call_saving(*inputs, **attrs)
        return output + term, saved

    def _rounded_weight(self, step: Weight, weight: Any, bias: Any, shape: Any) -> Any:
        """The weight on the steps that the converter would choose for it and its bias."""
        data = weight.data
        others = tuple(i for i in range(data.ndim) if i not in step.axes)
        largest = to_numpy(array_module(data).abs(data).max(axis=others)).reshape(-1, 1)
        known = self.scales.of(step.value)
        shift = None if bias is None or not known else to_numpy(bias).astype(np.float32)
        input_scale = known[-1].scale[0] if known else 1.0
        quant, _ = weight_params(largest.astype(np.float32), 0, shift, input_scale)
        scales = same_place(quant.scales.reshape(shape), data, data.dtype)
        return fake_quantize_weight(weight, wrap(scales))

    # -- normalizations ---------------------------------------------------------------------------

    def _normalized(self, step: Step, primitive: Primitive, inputs: list[Any], attrs: Any) -> Any:
        norm, x = step.norm, inputs[0]
        assert norm is not None
        if self.widening or (step.folded and not self.folding):
            output, saved = primitive.call_saving(*inputs, **attrs)
            if step.scaled is not None:
                self._observe_scaled(step.scaled, norm, x, saved)
            return output, saved
        statistics = (norm.mean.data, norm.variance.data, None)
        if step.folded:
            return x, statistics
        if not self.folding:
            output, saved = primitive.call_saving(*inputs, **attrs)
            if step.scaled is not None:
                self._observe_scaled(step.scaled, norm, x, saved)
            return output, saved
        if step.scaled is None:  # it stays in float
            tensors = (norm.gamma, norm.beta, norm.mean, norm.variance)
            y, _, _ = batch_norm(x, *tensors, training=False, epsilon=norm.epsilon)
            return y, statistics
        factor, term = _affine((norm,), None)
        y = self._rounded(step.scaled, self._observed(step.scaled, x * _rounded_constant(factor)))
        return y + _rounded_constant(term), statistics

    def _observe_scaled(self, value: str, norm: Norm, x: Tensor, saved: Any) -> None:
        """The range of the product, by the statistics with which this batch was normalized."""
        if not self.learning:
            return
        variance = norm.variance.data if saved is None else saved[1]
        factor = 1 / array_module(variance).sqrt(variance + variance.dtype.type(norm.epsilon))
        self._observed(
            value, wrap(x.data * (factor if norm.gamma is None else factor * norm.gamma.data))
        )


def _affine(norms: tuple[Norm, ...], bias: Any) -> tuple[Any, Any]:
    """The factor and the term of each channel that normalizations by moving statistics make."""
    factor, term = None, bias
    for norm in norms:
        variance = norm.variance.data
        inverse = 1 / array_module(variance).sqrt(variance + variance.dtype.type(norm.epsilon))
        scale = wrap(inverse) if norm.gamma is None else norm.gamma * wrap(inverse)
        centred = wrap(-norm.mean.data) if term is None else term - wrap(norm.mean.data)
        term = centred * scale if norm.beta is None else centred * scale + norm.beta
        factor = scale if factor is None else factor * scale
    return factor, term


def _without_zeros(x: Tensor) -> Tensor:
    """A divisor: constant, and 1 where it would be 0 (a channel that is switched off)."""
    x = stop_gradient(x)
    return wrap(array_module(x.data).where(x.data == 0, x.dtype.type(1), x.data))


def _rounded_constant(x: Any) -> Any:
    """A constant operand of an int8 operator, on the steps between its smallest and largest."""
    x = x if isinstance(x, Tensor) else Tensor(x)
    ends = to_numpy(array_module(x.data).stack([x.data.min(), x.data.max()])).tolist()
    quant = activation_params(*ends)
    return fake_quantize(x, scale=quant.scale[0], zero_point=quant.zero_point[0])
