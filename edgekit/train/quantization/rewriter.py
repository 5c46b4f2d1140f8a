"""What stands in for the primitives while a model runs as int8 will: fake quantization around each.

A call that the plan names gets its weight rounded per channel, in the normalization that is folded
into it, and its result rounded where the converter gives it a scale. Everything else runs as ever,
so dropout, masks, losses of layers and one's own `call` need no thought.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.ir import Node, spec
from edgekit.train.backend import array_module
from edgekit.train.ops.normalization import batch_norm
from edgekit.train.ops.shape import reshape
from edgekit.train.primitive import Primitive, scope_state
from edgekit.train.tensor import Tensor, wrap

from .fake_quantize import fake_quantize
from .pieces import MOVES, RECURRENT, compute
from .recurrent import check_call, run_lstm
from .scales import Scales
from .steps import Norm, Plan, Step, Weight, canonical
from .times import by_time, one_by_one, rounded_by_time
from .weights import affine, rounded_constant, rounded_weight, without_zeros

__all__ = ["Rewriter"]


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
        self.reads: dict[tuple[int, str], Any] = {}
        self.weights: dict[Any, Any] = {}

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
        """What has a step is found by its number, so each layer must call as often as it did."""
        wrong = [call for call, count in self.plan.counts.items() if self.counts.get(call) != count]
        if wrong:
            listed = ", ".join(f"{name!r} in layer {scope!r}" for scope, name in wrong[:5])
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
                return primitive.call_saving(*self._of_a_gate(scope, name, inputs), **attrs)
            return self._run(step, primitive, list(inputs), attrs)
        finally:
            scope_state.rewriter = self

    def _of_a_gate(self, scope: str, name: str, inputs: Any) -> Any:
        """The inputs of a call that only training makes: the kernel of a gate is rounded there."""
        axes = self.plan.kernels.get(scope) if name == "dense" else None
        if axes is None or self.widening:
            return inputs
        return [inputs[0], rounded_weight(inputs[1], axes, None, ())[0], *inputs[2:]]

    def entered(self, name: str, x: Tensor) -> Tensor:
        """An input of the model, rounded as the device gets it."""
        if not self.plan.inputs.get(name):
            return x
        return self._rounded(name, self.observed(name, x))

    # -- one call ---------------------------------------------------------------------------------

    def _run(self, step: Step, primitive: Primitive, inputs: list[Any], attrs: Any) -> Any:
        if step.times:
            return one_by_one(step, primitive, inputs, attrs, self._run), None
        if primitive.name in RECURRENT:
            check_call(step, primitive, inputs)
        if step.piece is not None:
            return compute(step.piece, inputs, self), None
        for position, value in step.reads.items():
            inputs[position] = self._read(value, inputs[position])
        if step.lstm is not None:
            return run_lstm(self, step.lstm, primitive, inputs, attrs)
        if not self.widening:
            for position in step.constants:
                inputs[position] = rounded_constant(inputs[position])
        if step.norm is not None:
            output, saved = self._normalized(step, primitive, inputs, attrs)
        elif step.weight is not None and not self.widening:
            output, saved = self._weighted(step.weight, primitive, inputs, attrs)
        else:
            output, saved = primitive.call_saving(*inputs, **attrs)
        if step.value is not None:
            if step.observed:
                output = self.observed(step.value, output)
            if step.quantized:
                output = self._rounded(step.value, output, step.away, self._finer(step))
        return output, saved

    def observed(self, value: Any, x: Tensor) -> Tensor:
        if not self.learning:
            return x
        if isinstance(value, tuple):
            for name, data in zip(value, by_time(x.data, len(value)), strict=True):
                self.observed(name, wrap(data))
        elif value in self.ranges.rows:
            self.ranges.observe(value, x.data, self.widening)
            self.scales.forget(value)
        return x

    def _finer(self, step: Step) -> float:
        """How many times finer than its steps a product of two values is rounded first."""
        known = [self.scales.of(value) for value in (*step.factors, step.value) if step.factors]
        if not known or not all(known):
            return 1.0
        one, other, product = (quants[-1].scale[0] for quants in known)
        return 2.0 ** max(0, -math.frexp(one * other / product)[1])

    def _rounded(self, value: Any, x: Tensor, away: bool = False, finer: float = 1.0) -> Tensor:
        if self.widening:
            return x
        if isinstance(value, tuple):
            return rounded_by_time(x, [self.scales.of(name) for name in value], away)
        for quant in self.scales.of(value):
            x = fake_quantize(
                x, scale=quant.scale[0], zero_point=quant.zero_point[0], away=away, finer=finer
            )
        return x

    def _read(self, value: Any, x: Tensor) -> Tensor:
        """What a layer in float computed, rounded once for all layers in int8 that read it."""
        key = (id(x), value)
        if key not in self.reads:
            self.reads[key] = (x, self._rounded(value, x))  # x too, so that its id stays its own
        return self.reads[key][1]

    # -- what `compute` asks of a node within a call ----------------------------------------------

    def read(self, node: Node, value: str, x: Any) -> Any:
        """What goes into a node, as its kernel will read it."""
        if node.outputs[0] not in self.plan.rounded or value in self.plan.rounded:
            return x
        if value in self.plan.groups:
            return x if value in self.plan.inputs else self._read(value, x)
        is_one = spec(node.op).tied or np.size(x) == 1 or self.widening
        return x if is_one else rounded_constant(x)

    def written(self, node: Node, x: Tensor) -> Tensor:
        """What comes out of a node."""
        value = node.outputs[0]
        if node.op in MOVES and str(node.inputs[0]) in self.plan.rounded:
            return x  # on its steps already
        x = self.observed(value, x)
        return self._rounded(value, x) if value in self.plan.rounded else x

    def weight(self, node: Node, weight: Any, bias: Any) -> tuple[Any, Any]:
        """Weight (outputs, inputs) and bias of a product; rounded once for all times that share
        them, and the scale of what they are multiplied with where that matters.
        """
        if self.widening or node.outputs[0] not in self.plan.rounded:
            return weight, bias
        known = self.scales.of(str(node.inputs[0]))
        key = (id(weight), id(bias), known[-1].scale if known and bias is not None else None)
        if key not in self.weights:  # with what was given, so that each id stays its own
            self.weights[key] = (rounded_weight(weight, (0,), bias, known), weight, bias)
        return self.weights[key][0]

    # -- weights ----------------------------------------------------------------------------------

    def _weighted(self, step: Weight, primitive: Primitive, inputs: list[Any], attrs: Any) -> Any:
        weight = inputs[step.position]
        bias = None if step.bias is None else inputs[step.bias]
        factor, term = affine(step.norms, bias)
        shape = tuple(n if i in step.axes else 1 for i, n in enumerate(weight.shape))
        along = None if factor is None else reshape(factor, shape=shape)
        folded = weight if along is None else weight * along
        whole = term if step.norms else bias
        heard = step.value[0] if isinstance(step.value, tuple) else step.value
        rounded, whole = rounded_weight(folded, step.axes, whole, self.scales.of(heard))
        if along is not None and not self.folding:
            inputs[step.position] = rounded / without_zeros(along)
            return primitive.call_saving(*inputs, **attrs)
        inputs[step.position] = rounded
        if step.bias is not None:
            inputs[step.bias] = whole
            return primitive.call_saving(*inputs, **attrs)
        output, saved = primitive.call_saving(*inputs, **attrs)
        return (output if along is None else output + whole), saved

    # -- normalizations ---------------------------------------------------------------------------

    def _normalized(self, step: Step, primitive: Primitive, inputs: list[Any], attrs: Any) -> Any:
        norm, x = step.norm, inputs[0]
        assert norm is not None
        if self.widening or not self.folding:
            output, saved = primitive.call_saving(*inputs, **attrs)
            if step.scaled is not None:
                self._observe_scaled(step.scaled, norm, x, saved)
            return output, saved
        statistics = (norm.mean.data, norm.variance.data, None)
        if step.folded:
            return x, statistics
        if step.scaled is None:  # it stays in float
            tensors = (norm.gamma, norm.beta, norm.mean, norm.variance)
            y, _, _ = batch_norm(x, *tensors, training=False, epsilon=norm.epsilon)
            return y, statistics
        factor, term = affine((norm,), None)
        y = self._rounded(step.scaled, self.observed(step.scaled, x * rounded_constant(factor)))
        return y + rounded_constant(term), statistics

    def _observe_scaled(self, value: str, norm: Norm, x: Tensor, saved: Any) -> None:
        """The range of the product, by the statistics with which this batch was normalized."""
        if not self.learning:
            return
        variance = norm.variance.data if saved is None else saved[1]
        factor = 1 / array_module(variance).sqrt(variance + variance.dtype.type(norm.epsilon))
        self.observed(
            value, wrap(x.data * (factor if norm.gamma is None else factor * norm.gamma.data))
        )
