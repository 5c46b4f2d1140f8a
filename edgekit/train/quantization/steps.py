"""The plan of a model's quantization: what is done about each call of a primitive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from edgekit.ir import QuantParams

from .pieces import Piece

__all__ = ["Key", "Lstm", "Norm", "Place", "Plan", "Step", "Weight", "canonical", "together"]

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
    value: Any
    norms: tuple[Norm, ...]


class Lstm(NamedTuple):
    """The values of an integer Lstm: what it hears, its outputs, its last cell."""

    x: str
    y: str
    cell: str


class Place(NamedTuple):
    """A call by its number, and one of the times that are folded into its batch."""

    record: int
    time: int | None


class Step(NamedTuple):
    """What is done about one call of a primitive.

    Where times are folded into the batch, as by TimeDistributed, each has ranges of its own: values
    are tuples then, one for each time. times: their steps, where they are computed one by one, and
    apart: which inputs hold them.

    value: the activation that it computes, if the graph has it. observed, quantized: whether its
    range is learned, and whether it is rounded. reads: inputs that layers in float computed.
    away: whether it is a mean of integers, which are rounded with halves away from zero. factors:
    the two values of a product of matrices, which is rounded twice.
    constants: inputs that do not depend on the data and are rounded in a range of their own.
    piece: the operators that the call becomes, where they are several. lstm: the values of the one
    integer operator that a whole sequence becomes.
    norm: the normalization that this is; folded: it is part of the weight before it; scaled: the
    activation between its product and its sum, where it stays on its own.
    """

    value: Any = None
    observed: bool = False
    quantized: bool = False
    away: bool = False
    factors: tuple[str, ...] = ()
    reads: Mapping[int, Any] = {}
    constants: tuple[int, ...] = ()
    weight: Weight | None = None
    piece: Piece | None = None
    lstm: Lstm | None = None
    norm: Norm | None = None
    folded: bool = False
    scaled: Any = None
    times: tuple[Step, ...] = ()
    apart: tuple[int, ...] = ()


def together(times: Sequence[Step], apart: Sequence[int]) -> Step:
    """The step of a call with several times in its batch, as its inputs `apart` have them."""
    if any(step.piece is not None or step.lstm is not None for step in times):
        return Step(times=tuple(times), apart=tuple(apart))
    first = times[0]
    weight = first.weight
    if weight is not None:
        weight = weight._replace(value=tuple(step.weight.value for step in times if step.weight))
    return first._replace(
        value=tuple(step.value for step in times),
        factors=(),
        reads={i: tuple(step.reads[i] for step in times) for i in first.reads},
        scaled=None if first.scaled is None else tuple(step.scaled for step in times),
        weight=weight,
    )


class Plan(NamedTuple):
    """All steps by call.

    counts: how often a layer that has some calls their primitives. kernels: by recurrent layer, the
    axes of a gate's kernel along which scales differ. inputs: the graph's inputs, and whether they
    are rounded. values: activations whose ranges are learned. groups: by value, all that share its
    scale. fixed: what operators put out by themselves. rounded: what nodes in int8 compute.
    unlearned: activations inside of calls that cannot be computed in pieces, by layer: their ranges
    need calibration data.
    """

    steps: Mapping[Key, Step]
    counts: Mapping[tuple[str, str], int]
    kernels: Mapping[str, tuple[int, ...]]
    inputs: Mapping[str, bool]
    values: Sequence[str]
    groups: Mapping[str, Sequence[str]]
    fixed: Mapping[str, QuantParams]
    rounded: frozenset[str]
    unlearned: Mapping[str, str]


def canonical(primitive: str) -> str:
    """One name for a primitive that training and inference call by two."""
    return primitive.removesuffix("_training") if primitive.startswith("batch_norm") else primitive
