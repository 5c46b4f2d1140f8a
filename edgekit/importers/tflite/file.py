"""What stands in a TFLite file: tensors, operators, subgraphs, signatures. `verify.py` makes them.

Nothing is computed and no array is copied: a `Tensor` knows where its data lie, `tensors.py` reads
them.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from edgekit.frozen import Frozen
from edgekit.schema.decoder import Record, absent_record
from edgekit.schema.tflite_layout import SCHEMA

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["METADATA_NAME", "Operator", "Signature", "Subgraph", "Tensor", "TfliteFile"]


SECOND = frozenset(SCHEMA.unions["BuiltinOptions2"].values())
"""The options that stand in an operator's second field: TFLite's first union is full."""

METADATA_NAME = "TFLITE_METADATA"
"""The entry of a file's metadata that says what its tensors mean."""


class Tensor(Frozen, eq=False):
    """One tensor of a subgraph as the file describes it.

    name: as in the file; it may be empty, and several tensors may have the same.
    dtype: a numpy name where numpy has the type; else "int4", "resource", "string" ...
    signature: the shape with -1 where a dimension is open.
    data: the bytes of a constant; empty for any other tensor.
    """

    index: int
    name: str
    dtype: str
    shape: tuple[int, ...]
    signature: tuple[int, ...]
    data: NDArray[np.uint8]
    is_variable: bool
    record: Record

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def is_constant(self) -> bool:
        """Whether the file holds its data. An empty tensor has none and is known all the same."""
        return len(self.data) > 0

    @property
    def scales(self) -> NDArray[np.float32]:
        found = self.record["quantization"]
        return np.zeros(0, np.float32) if found is None else found["scale"]

    @property
    def zero_points(self) -> NDArray[np.int64]:
        found = self.record["quantization"]
        return np.zeros(0, np.int64) if found is None else found["zero_point"]

    @property
    def quantized_dimension(self) -> int:
        found = self.record["quantization"]
        return 0 if found is None else int(found["quantized_dimension"])


class Operator(Frozen, eq=False):
    """One operator: `code` is its name in TFLite, or the name of a custom operator.

    inputs, outputs, intermediates: indices of tensors; -1 is an optional input left out.
    """

    index: int
    code: str
    is_custom: bool
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    intermediates: tuple[int, ...]
    record: Record

    def options(self, table: str) -> Record:
        """The operator's own options. Absent ones are all at their defaults.

        Raises ModelFormatError where the file holds the options of another operator.
        """
        field = "builtin_options_2" if table in SECOND else "builtin_options"
        found: Record | None = self.record[field]
        if found is not None and found.table == table:
            return found
        if found is not None or self.record[f"{field}_type"]:
            what = found.table if found is not None else "unknown ones"
            self.record.fail(field, f"{self.code} has {table}, the file holds {what}")
        path = f"{self.record.path}.{field}"
        return absent_record(SCHEMA, table, path, self.record.offset)


class Subgraph(Frozen, eq=False):
    """The tensors and operators of one function; `inputs` and `outputs` are indices of tensors.

    file_size: bytes of the whole file, which limits what may be computed from it.
    """

    index: int
    name: str
    tensors: tuple[Tensor, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operators: tuple[Operator, ...]
    file_size: int

    @cached_property
    def given(self) -> frozenset[int]:
        """The inputs, to ask whether a tensor is one."""
        return frozenset(self.inputs)

    @cached_property
    def written(self) -> frozenset[int]:
        """The tensors that operators compute."""
        return frozenset(index for op in self.operators for index in op.outputs)


class Signature(Frozen):
    """A name for a subgraph, and names for its inputs and outputs: (name, index of a tensor)."""

    key: str
    subgraph: int
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]


class TfliteFile(Frozen, eq=False):
    """Everything a file says, once checked. Arrays are read-only and lie in `content`."""

    content: memoryview
    root: Record
    subgraphs: tuple[Subgraph, ...]
    signatures: tuple[Signature, ...]
