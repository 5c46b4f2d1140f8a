"""The two runs that a trace compares: input shapes, example data, recordings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from edgekit.errors import InputError, ShapeError
from edgekit.ir import Graph
from edgekit.train.backend import is_floating
from edgekit.train.primitive import Record, recording
from edgekit.train.structure import flatten, map_structure
from edgekit.train.tensor import Tensor

__all__ = ["Places", "Run", "WeightPlace", "counted_as", "input_shapes", "run_recorded"]


class Run:
    """One run of the model: the tensors that went in, the records, what came out."""

    def __init__(self, inputs: list[Tensor], records: list[Record], outputs: list[Any]) -> None:
        self.inputs = inputs
        self.records = records
        self.outputs = outputs


class WeightPlace(NamedTuple):
    """Where a constant of the graph came from: an input of a record, and how it was laid out."""

    constant: str
    record: Record
    position: int
    layout: Callable[[np.ndarray], np.ndarray]


class Places(NamedTuple):
    """A traced graph with what its values are in the model that was traced.

    inputs: the tensors that went in. records: all calls of the run, in order. values: for each of
    them the value with the numbers that it computed, a tuple where times are folded into the batch;
    None where the graph has none.
    """

    graph: Graph
    inputs: Sequence[Tensor]
    records: Sequence[Record]
    values: Sequence[Any]
    weights: Sequence[WeightPlace]


def input_shapes(model: Any, example_shape: Any) -> Any:
    """The shapes of the model's inputs, without the batch, in the structure of its inputs."""
    if example_shape is not None:
        return _as_shapes(example_shape)
    try:
        return map_structure(lambda x: _Sizes(x.shape[1:], str(x.dtype)), model.input)
    except (AttributeError, InputError) as error:
        built = getattr(model, "_build_shape", None)
        if built is None:
            raise InputError(
                f"model {getattr(model, 'name', 'model')!r} has no input shape yet: call it "
                "once on data, or give trace(model, example_shape=(height, width, channels))"
            ) from error
        return _as_shapes(built, drop=1)


class _Sizes:
    """A shape without the batch: a leaf in a structure of inputs."""

    def __init__(self, sizes: Sequence[Any], dtype: str = "float32") -> None:
        if any(n is None for n in sizes):
            raise ShapeError(
                f"a graph needs every size but the batch; the input has {tuple(sizes)}: "
                "build the model with a fixed input shape"
            )
        self.sizes = tuple(int(n) for n in sizes)
        self.dtype = dtype


def _as_shapes(shape: Any, drop: int = 0) -> Any:
    if isinstance(shape, dict):
        return {key: _as_shapes(one, drop) for key, one in shape.items()}
    if shape and isinstance(shape[0], tuple | list):
        return [_as_shapes(one, drop) for one in shape]
    return _Sizes(tuple(shape)[drop:])


def run_recorded(model: Any, shapes: Any, batch: int) -> Run:
    """Run the model on data of its own for each batch size."""
    rng = np.random.default_rng(batch)

    def fill(leaf: _Sizes) -> Tensor:
        values = rng.uniform(0.0, 1.0, (batch, *leaf.sizes))
        return Tensor(values.astype(leaf.dtype))

    inputs = map_structure(fill, shapes)
    with recording() as records:
        outputs = model(inputs, training=False)
    return Run(flatten(inputs), records, flatten(outputs))


_COMPARISONS = ("equal", "greater", "greater_equal", "less", "less_equal", "not_equal")


def counted_as(x: Tensor, records: Sequence[Record]) -> str | None:
    """The integers that a float input of the model stands for; None where it does not.

    It does where it is only cast to integers of one dtype, as by an Embedding, and compared, as for
    a mask: then the graph takes the integers themselves.
    """
    if not is_floating(x.dtype):
        return None
    readers = [r for r in records if any(x is given for given in r.inputs)]
    casts = [r for r in readers if r.primitive.name == "cast"]
    dtypes = {np.dtype(r.attrs["dtype"]) for r in casts}
    compared = [r for r in readers if r.primitive.name in _COMPARISONS]
    if len(dtypes) != 1 or len(casts) + len(compared) < len(readers):
        return None
    (dtype,) = dtypes
    return dtype.name if dtype in (np.int32, np.int64) else None
