"""One case: an operator, the shapes of its inputs and its attributes.

The same list of cases is run by the kernels, the derivatives, the exporters and the file formats.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from edgekit.ir.ops import spec

Dims = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """`shapes` are by the operator's input names; "xs" of Concat is a tuple of shapes.

    `constant` names the inputs that are constants of the graph (weights always are).
    `per_channel` says how the int8 form scales its weights. `dtypes` are of inputs that are not
    float32 in the float form, nor int8 in the int8 form. `below` bounds constants of these dtypes,
    which are indices then. `fixed_batch` is for operators that must know the batch.
    """

    op: str
    shapes: dict[str, Any]
    attrs: dict[str, Any]
    constant: tuple[str, ...] = ()
    per_channel: bool = True
    float_only: str = ""
    dtypes: dict[str, str] = field(default_factory=dict)
    below: int = 0
    fixed_batch: bool = False

    @property
    def has_int8(self) -> bool:
        return not (spec(self.op).float_only or self.float_only)

    @property
    def batch(self) -> int:
        first = next(shape for shape in self.shapes.values() if shape)
        return int(first[0][0] if isinstance(first[0], tuple) else first[0])

    def __str__(self) -> str:
        shapes = "x".join(str(d) for d in next(iter(self.shapes.values())))
        attrs = "".join(f"-{key}={value}" for key, value in self.attrs.items())
        constant = f"-constant={','.join(self.constant)}" if self.constant else ""
        weights = "" if self.per_channel else "-per_tensor"
        dtypes = "".join(f"-{role}={dtype}" for role, dtype in self.dtypes.items())
        return f"{self.op}-{shapes}{attrs}{constant}{weights}{dtypes}".replace(" ", "")


def case(
    op: str,
    *,
    constant: tuple[str, ...] = (),
    per_channel: bool = True,
    float_only: str = "",
    dtypes: dict[str, str] | None = None,
    below: int = 0,
    fixed_batch: bool = False,
    **settings: Any,
) -> Case:
    """`case("Conv2D", x=(1, 8, 8, 3), weight=(4, 3, 3, 3), strides=(2, 2))`.

    Settings named like an input are shapes, all others attributes. `float_only` gives the reason
    why this very case has no int8 form; so does a first input of another dtype.
    """
    names = spec(op).input_names
    shapes = {key: value for key, value in settings.items() if key in names}
    attrs = {key: value for key, value in settings.items() if key not in names}
    dtypes = dtypes or {}
    if spec(op).input_names[0] in dtypes:
        float_only = "it is about another dtype"
    return Case(op, shapes, attrs, constant, per_channel, float_only, dtypes, below, fixed_batch)
