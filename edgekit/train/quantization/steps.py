"""The plan of a model's quantization: what is done about each call of a primitive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from edgekit.ir import QuantParams

from .pieces import Piece

__all__ = ["Key", "Norm", "Plan", "Step", "Weight", "canonical"]

Key = tuple[str, str, int]
"""The layer's path within the model, the primitive, and which of its calls there."""


class Norm(NamedTuple):
    """A batch normalization: its tensors (None where there is none) and its epsilon."""

    gamma: Any
    beta: Any
    mean: Any
    variance: Any
    epsilon: float


class Weight(NamedTuple):
    """A call with a weight that becomes int8.

    position, bias: which inputs of the primitive they are. axes: those of the weight along which
    scales differ. value: the activation that it is multiplied with. norms: the normalizations
    that are folded into it.
    """

    position: int
    bias: int | None
    axes: tuple[int, ...]
    value: str
    norms: tuple[Norm, ...]


class Step(NamedTuple):
    """What is done about one call of a primitive.

    value: the activation that it computes, if the graph has it. observed, quantized: whether its
    range is learned, and whether it is rounded. reads: inputs that layers in float computed.
    away: whether it is a mean of integers, which are rounded with halves away from zero.
    constants: inputs that do not depend on the data and are rounded in a range of their own.
    piece: the operators that the call becomes, where they are several.
    norm: the normalization that this is; folded: it is part of the weight before it; scaled: the
    activation between its product and its sum, where it stays on its own.
    """

    value: str | None = None
    observed: bool = False
    quantized: bool = False
    away: bool = False
    reads: Mapping[int, str] = {}
    constants: tuple[int, ...] = ()
    weight: Weight | None = None
    piece: Piece | None = None
    norm: Norm | None = None
    folded: bool = False
    scaled: str | None = None


class Plan(NamedTuple):
    """All steps by call.

    inputs: the graph's inputs, and whether they are rounded. values: activations whose ranges are
    learned. groups: by value, all that share its scale. fixed: what operators put out by
    themselves. rounded: what nodes in int8 compute. unlearned: activations inside of calls that
    cannot be computed in pieces, by layer: their ranges need calibration data.
    """

    steps: Mapping[Key, Step]
    inputs: Mapping[str, bool]
    values: Sequence[str]
    groups: Mapping[str, Sequence[str]]
    fixed: Mapping[str, QuantParams]
    rounded: frozenset[str]
    unlearned: Mapping[str, str]


def canonical(primitive: str) -> str:
    """One name for a primitive that training and inference call by two."""
    return primitive.removesuffix("_training") if primitive.startswith("batch_norm") else primitive
