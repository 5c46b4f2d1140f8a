"""A recorded call of a primitive, as the rules of the trace see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from edgekit.errors import UnsupportedOperator
from edgekit.train.backend import is_floating, to_numpy
from edgekit.train.primitive import Record
from edgekit.train.tensor import Variable

from .calls import Shape
from .runs import WeightPlace

if TYPE_CHECKING:
    from .writer import Writer

__all__ = ["BATCHES", "RecordedCall"]

BATCHES = (2, 3)
"""The sizes of the batches of the two runs."""


class RecordedCall:
    """One recorded call as the rules see it (`calls.Call`)."""

    def __init__(self, writer: Writer, record: Record, other: Record, layer: str) -> None:
        self.writer = writer
        self.record = record
        self.other = other
        self.layer = layer
        self.attrs = dict(record.attrs)
        self.time = 0

    @property
    def shape(self) -> Shape:
        return self._joint(self.record.output.shape, self.other.output.shape)

    def _joint(self, one: Shape, two: Shape) -> Shape:
        """A shape in which the batch, and nothing but the batch, differed between the runs.

        Where times are folded into the batch it is the shape at each time.
        """
        if one == two:
            return one
        count = max(self.count_of_times(), 1)
        batches = BATCHES, tuple(count * batch for batch in BATCHES)
        if len(one) == len(two) and (one[0], two[0]) in batches and one[1:] == two[1:]:
            return (None, *one[1:])
        raise UnsupportedOperator(
            f"the shape {one} for a batch of {BATCHES[0]} is {two} for one of {BATCHES[1]}"
        )

    def given(self, position: int) -> bool:
        inputs = self.record.inputs
        return position < len(inputs) and inputs[position] is not None

    def shape_of(self, position: int) -> Shape:
        return self._joint(
            np.shape(self.record.arrays[position]), np.shape(self.other.arrays[position])
        )

    def constant(self, position: int) -> np.ndarray | None:
        if id(self.record.inputs[position]) in self.writer.names:
            return None
        one, two = (to_numpy(r.arrays[position]) for r in (self.record, self.other))
        if one.shape != two.shape or not np.array_equal(one, two, equal_nan=True):
            raise UnsupportedOperator(
                f"its input {position} was computed from the data or the batch size outside of "
                "primitives (with .numpy() or another library), or is random"
            )
        return one

    def at(self, time: int) -> RecordedCall:
        """The call for one time of inputs whose times are apart."""
        self.time = time
        return self

    def count_of_times(self) -> int:
        """How many times the inputs have that were folded into the batch; 0 without."""
        found = (self.writer.names.get(id(x)) for x in self.record.inputs)
        return max((len(names) for names in found if isinstance(names, tuple)), default=0)

    def times(self, position: int) -> tuple[str, ...]:
        names = self.writer.names.get(id(self.record.inputs[position]))
        if not isinstance(names, tuple):
            raise UnsupportedOperator("it has one value for all times")
        return names

    def value(self, position: int) -> str:
        x = self.record.inputs[position]
        name = self.writer.names.get(id(x))
        name = name[self.time] if isinstance(name, tuple) else name
        if id(x) in self.writer.counted and self.record.primitive.name != "cast":
            return self.add("Cast", name, dtype=str(self.record.arrays[position].dtype))
        return name if name is not None else self.weight(position, lambda array: array)

    def weight(self, position: int, layout: Callable[[np.ndarray], np.ndarray]) -> str:
        array = self.constant(position)
        if array is None:
            raise UnsupportedOperator(f"its input {position} must be a weight, not computed data")
        name = self._entered(position, np.ascontiguousarray(layout(array)))
        self.writer.weights.append(WeightPlace(name, self.record, position, layout))
        return name

    def part(self, position: int, layout: Callable[[Any], Any]) -> str:
        array = self.constant(position)
        if array is None:
            raise UnsupportedOperator("its weights are computed from the data")
        name = self.number(np.ascontiguousarray(layout(array)))
        self.writer.weights.append(WeightPlace(name, self.record, position, layout))
        return name

    def _entered(self, position: int, laid: np.ndarray) -> str:
        """A constant input in the graph; a weight that is used twice is one constant."""
        x = self.record.inputs[position]
        key = (id(x), laid.shape) if isinstance(x, Variable) else None
        if key is None or key not in self.writer.constants:
            origin = x if isinstance(x, Variable) else self.writer.origins.get(id(x))
            named = "constant" if origin is None else origin.name.rpartition("/")[2]
            name = self._constant(laid, named)
            if key is None:
                return name
            self.writer.constants[key] = name
        return self.writer.constants[key]

    def number(self, value: Any) -> str:
        return self._constant(np.asarray(value, np.float32), "constant")

    def integers(self, values: Any) -> str:
        return self._constant(np.asarray(values, np.int32), "constant")

    def dtype_of(self, position: int) -> str:
        counted = self.writer.counted.get(id(self.record.inputs[position]))
        return counted or str(self.record.arrays[position].dtype)

    def _constant(self, array: np.ndarray, name: str) -> str:
        data = array.astype(np.float32) if is_floating(array.dtype) else array
        data = data.reshape(1) if data.ndim == 0 else data
        return self.writer.builder.constant(data.copy(), f"{self.layer}/{name}")

    def add(self, op: str, *inputs: str | None, **attrs: Any) -> str:
        clean = {key: _plain(value) for key, value in attrs.items()}
        output = f"{self.layer}/{op.lower()}"
        return self.writer.squeezes.add(op, inputs, self.layer, output, clean)

    def add_all(self, op: str, *inputs: str | None, **attrs: Any) -> tuple[str, ...]:
        clean = {key: _plain(value) for key, value in attrs.items()}
        return self.writer.builder.add_all(op, *inputs, name=self.layer, **clean)


def _plain(value: Any) -> Any:
    """Attributes as the graph has them: Python numbers, and tuples of them."""
    if isinstance(value, tuple | list):
        return tuple(_plain(v) for v in value)
    return value.item() if isinstance(value, np.generic) else value
