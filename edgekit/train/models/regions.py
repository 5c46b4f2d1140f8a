"""Layers that follow one another and train as one primitive on a CPU.

A convolution whose output goes to one BatchNormalization and nowhere else, and from there perhaps
to one ReLU, runs in training as `conv_norm`; one that goes to a ReLU, its own or a layer's, as
`conv_relu`. Wherever anything asks for more than that (a trace,
quantization, masks, inference, another layer that reads what is between), the layers run one by
one. Which way it is does not depend on earlier steps, so that a run that was broken off goes on to
the same bits.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from edgekit.train import activations
from edgekit.train.layers.activation import ReLU
from edgekit.train.layers.calling import _training, is_plain
from edgekit.train.layers.convolution import Conv2D
from edgekit.train.layers.core import Activation
from edgekit.train.layers.depthwise import DepthwiseConv2D
from edgekit.train.layers.input_spec import check_inputs
from edgekit.train.layers.normalization import BatchNormalization
from edgekit.train.masks import mask_of
from edgekit.train.ops.conv_norm import conv_norm
from edgekit.train.ops.conv_relu import conv_relu
from edgekit.train.primitive import name_scope, recorders, scope_state
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import Tensor

__all__ = ["Region", "joined_plan", "joined_stack"]

Step = tuple[Any, Any, Any, Any]  # of a graph's plan: layer, input, call, output


class Region:
    """Layers in a row, the first a convolution, called with what that takes."""

    def __init__(self, *layers: Any) -> None:
        self.layers = layers
        self.conv = layers[0]

    def __call__(self, x: Any) -> Any:
        if self._at_once(x) and self._is_ready(x):
            return self._run(x)
        for layer in self.layers:
            x = layer(x)
        return x

    def _at_once(self, x: Any) -> bool:
        if not _training.get() or type(x) is not Tensor or not self._joins():
            return False
        data = x.data
        return (
            type(data) is np.ndarray
            and data.size > 0
            and all(layer._arithmetic == data.dtype for layer in self.layers)
            and all(layer._storage is None for layer in self.layers)
            and mask_of(x) is None
            and _only_a_tape_listens()
        )

    def _is_ready(self, x: Tensor) -> bool:
        """What the calls of the layers do first: make weights, and look whether the input fits.

        False where the layers are to say what does not fit.
        """
        conv = self.conv
        if not conv.built:
            conv.build_for(x.shape)
        if x.data.shape != conv._checked_shape:
            check_inputs(conv.input_spec, x, conv.name)
            conv._checked_shape = x.data.shape
        for layer in self.layers[1:]:
            if not layer.built:
                layer.build_for(conv.compute_output_shape(x.shape))
        return bool(conv.kernel.data.dtype == x.data.dtype)

    def _joins(self) -> bool:
        """Whether the layers are still such as join: attributes can be changed."""
        raise NotImplementedError

    def _run(self, x: Tensor) -> Tensor:
        raise NotImplementedError


class Rectified(Region):
    """A convolution with a ReLU, its own or that of a layer behind it."""

    def _joins(self) -> bool:
        own = activations.linear if len(self.layers) == 2 else activations.relu
        return _is_conv(self.conv, own) and all(map(_is_relu, self.layers[1:]))

    def _run(self, x: Tensor) -> Tensor:
        conv = self.conv
        with name_scope(conv.name):
            return conv_relu(x, conv.kernel, conv.bias, **conv._window())


class Normalized(Region):
    """A convolution, a normalization and perhaps a ReLU."""

    def __init__(self, conv: Any, norm: BatchNormalization, last: Any = None) -> None:
        super().__init__(*(layer for layer in (conv, norm, last) if layer is not None))
        self.norm, self.last = norm, last

    def _joins(self) -> bool:
        return (
            self.norm.trainable
            and (_is_conv(self.conv) and _is_norm(self.norm))
            and (self.last is None or _is_relu(self.last))
        )

    def _is_ready(self, x: Tensor) -> bool:
        if not super()._is_ready(x):
            return False
        separate = type(self.conv) is DepthwiseConv2D
        features = math.prod(self.conv.kernel.shape[2 if separate else 3 :])
        return bool(self.norm.moving_mean.shape == (features,))

    def _run(self, x: Tensor) -> Tensor:
        conv, norm = self.conv, self.norm
        with name_scope(conv.name):
            y, saved = conv_norm.call_saving(
                x,
                conv.kernel,
                conv.bias,
                norm.gamma,
                norm.beta,
                **conv._window(),
                epsilon=norm.epsilon,
                separate=type(conv) is DepthwiseConv2D,
                rectify=self.last is not None,
            )
        mean, variance, _ = saved.statistics
        norm._follow(norm.moving_mean, mean if conv.bias is None else mean + conv.bias.data)
        norm._follow(norm.moving_variance, variance)
        return y


def _only_a_tape_listens() -> bool:
    """Whether nobody wants to see the primitives one by one, or second derivatives."""
    listening = recorders()
    return scope_state.rewriter is None and (
        not listening or (len(listening) == 1 and type(listening[0]) is GradientTape)
    )


def _is_conv(layer: Any, activation: Any = activations.linear) -> bool:
    if type(layer) not in (Conv2D, DepthwiseConv2D) or not is_plain(layer):
        return False
    whole = layer.groups == 1 if type(layer) is Conv2D else layer.depth_multiplier == 1
    return (
        whole
        and layer.activation is activation
        and layer.data_format == "channels_last"
        and layer.padding in ("same", "valid")
    )


def _is_norm(layer: Any) -> bool:
    return type(layer) is BatchNormalization and layer.axis in (-1, 3) and is_plain(layer)


def _is_relu(layer: Any) -> bool:
    if type(layer) is Activation:
        return layer.activation is activations.relu and is_plain(layer)
    return (
        type(layer) is ReLU
        and layer.max_value is None
        and layer.negative_slope == layer.threshold == 0
        and is_plain(layer)
    )


def _joined(before: Any, layer: Any) -> Region | None:
    """What a layer becomes with the one before it, or None where each stays by itself."""
    if _is_norm(layer) and _is_conv(before):
        return Normalized(before, layer)
    if type(before) is Normalized and before.last is None and _is_relu(layer):
        return Normalized(before.conv, before.norm, layer)
    if type(before) is Conv2D and _is_conv(before) and _is_relu(layer):
        return Rectified(before, layer)
    return None


def _alone(layer: Any) -> Any:
    """What a layer becomes by itself."""
    own = type(layer) is Conv2D and _is_conv(layer, activations.relu)
    return Rectified(layer) if own else layer


def joined_stack(stack: Sequence[Any]) -> list[Any]:
    """The layers of a Sequential, with those that train as one in one."""
    found: list[Any] = []
    for layer in stack:
        region = _joined(found[-1], layer) if found else None
        if region is None:
            found.append(_alone(layer))
        else:
            found[-1] = region
    return found


def joined_plan(plan: Sequence[Step], outputs: Sequence[Any]) -> list[Step]:
    """The plan of a graph, with the calls that train as one in one."""
    uses = Counter(id(x) for _, _, call, _ in plan for x in call.inputs)
    uses.update(id(x) for x in outputs)
    made: dict[Any, int] = {}  # the output of a step -> where it stands in the new plan
    joined: list[Any] = []
    for step in plan:
        layer, only_input, call, only_output = step
        at = made.get(only_input) if only_input is not None and uses[only_input] == 1 else None
        region = None if at is None else _joined(joined[at][0], layer)
        if at is not None and region is not None and only_output is not None:
            joined[at] = (region, joined[at][1], call, only_output)
            made[only_output] = at
            continue
        if only_output is not None:
            made[only_output] = len(joined)
        joined.append((_alone(layer), *step[1:]))
    return joined
