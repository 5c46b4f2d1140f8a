"""What a graph promises about values: shapes, data, scales, zero points and lookup tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .graph import DTYPES, Node, Value
from .ops import LARGEST, OpSpec
from .quant import LIMITS

__all__ = [
    "LONGEST_NAME",
    "MOST_DIMENSIONS",
    "presence_problems",
    "scale_problems",
    "shape_problems",
    "table_problems",
    "value_problems",
    "weight_problems",
]

MOST_DIMENSIONS = 8
LONGEST_NAME = 1024
QUANTIZED = ("int8", "uint8", "int16")


def scale_problems(
    operator: OpSpec, node: Node, inputs: Sequence[Value | None], output: Value
) -> list[str]:
    """An output keeps its inputs' scale, or has the one that the operator fixes."""
    flowing = operator.activation_inputs(node)
    values = [v for v in inputs if v is not None and v.name in flowing]
    # Only a constant can come here without, and only a lookup table may.
    bare = [v for v in inputs if v is not None and v.dtype in QUANTIZED and v.quant is None]
    if "table" in operator.input_names and len(inputs) == len(operator.inputs):
        bare = [v for v in bare if v is not inputs[-1]]
    found = [f"input {value.name!r} holds integers and has no scale" for value in bare]
    split = [v.name for v in values if v.quant is not None and v.quant.per_channel]
    found += [f"input {name!r} has several scales; only weights can" for name in split]
    if output.dtype not in QUANTIZED:
        return found
    if operator.tied and any(v.quant != output.quant for v in values):
        scales = ", ".join(str(v.quant) for v in values)
        found.append(f"must keep the scale: inputs {scales}, output {output.quant}")
    always = operator.fixed_quant(output.dtype)
    if always is not None and output.quant != always:
        found.append(f"always has the output scale {always}, not {output.quant}")
    return found


def weight_problems(operator: OpSpec, inputs: Sequence[Value | None]) -> list[str]:
    """Integer weights have scales along the right axis; only uint8 ones have zero points."""
    if operator.weight_axis is None:
        return []
    weight = inputs[operator.position("weight")]
    if weight is None or weight.dtype not in QUANTIZED:
        return []
    if weight.quant is None:
        return [f"an {weight.dtype} weight needs scales"]
    axis = weight.quant.axis
    if axis not in (None, operator.weight_axis):
        return [f"weight scales lie along axis {operator.weight_axis}, received {axis}"]
    if weight.dtype == "uint8":
        return [] if axis is None else ["uint8 weights have one scale and one zero point"]
    if any(weight.quant.zero_point):
        return ["weights are symmetric: their zero points must be 0"]
    return []


def presence_problems(operator: OpSpec, dtype: str, inputs: Sequence[Value | None]) -> list[str]:
    """A lookup table is there exactly where one is needed."""
    whole = len(inputs) == len(operator.inputs)
    has_table = "table" in operator.input_names and whole and inputs[-1] is not None
    wanted = operator.table_kind(dtype) is not None
    if wanted and not has_table:
        return [f"an {dtype} node stores its lookup table; apply ir.passes.store_tables"]
    if operator.table and not wanted and has_table:
        what = "a float" if dtype == "float32" else f"an {dtype}"
        return [f"{what} node has no lookup table"]
    return []


def table_problems(operator: OpSpec, dtype: str, value: Value | None) -> list[str]:
    kind = operator.table_kind(dtype)
    if kind is None or value is None:
        return []
    if value.is_constant and (value.dtype, value.shape) == (kind[0], (kind[1],)):
        return []
    return [f"a lookup table is a constant of shape [{kind[1]}] of {kind[0]}, received {value}"]


def _quant_problems(value: Value) -> list[str]:
    """Zero points lie within the dtype, and there are as many scales as indices of the axis.

    Each problem continues "value 'name'".
    """
    quant = value.quant
    assert quant is not None
    if value.dtype not in LIMITS:
        return [f" is {value.dtype}, which has no scale"]
    low, high = LIMITS[value.dtype]
    found = []
    if not low <= min(quant.zero_point) <= max(quant.zero_point) <= high:
        found.append(f": zero points must lie in {low}..{high}, received {quant}")
    if value.dtype == "int16" and not {*quant.zero_point} <= {0, low}:  # low: WideSoftmax
        found.append(f": int16 is symmetric, its zero point must be 0, received {quant}")
    if quant.axis is not None:
        inside = 0 <= quant.axis < len(value.shape)
        if not inside or value.shape[quant.axis] != len(quant.scale):
            found.append(f": {len(quant.scale)} scales do not fit {value.shape}")
    return found


def shape_problems(name: str, value: Value) -> list[str]:
    """What is wrong with a value's name and shape; each continues "value 'name'"."""
    found = []
    if not 0 < len(name) <= LONGEST_NAME:
        found.append(f": a name has 1 to {LONGEST_NAME} characters, received {len(name)}")
    if None in value.shape[1:]:
        found.append(f": only the first dimension may be unknown, received {value.shape}")
    sizes = [d for d in value.shape if d is not None]
    if min(sizes, default=1) < 1:
        found.append(f": dimensions are 1 or more, received {value.shape}")
    if len(value.shape) > MOST_DIMENSIONS or math.prod(sizes) > LARGEST:
        found.append(
            f" has {len(value.shape)} dimensions and {value.elements} elements, "
            f"allowed are {MOST_DIMENSIONS} and {LARGEST}"
        )
    return found


def value_problems(name: str, value: Value) -> list[str]:
    """What else is wrong with a value; each continues "value 'name'"."""
    if name != value.name:
        return [f" is called {value.name!r} inside"]
    if value.dtype not in DTYPES:
        return [f" has the unknown dtype {value.dtype!r}"]
    found = []
    if value.data is not None:
        found += _constant_problems(value)
    elif value.dtype in QUANTIZED and value.quant is None:
        found.append(f" is {value.dtype} and has no scale")
    if value.quant is not None:
        found += _quant_problems(value)
    return found


def _constant_problems(value: Value) -> list[str]:
    data = value.array()
    if data.shape != value.shape or data.dtype != DTYPES[value.dtype]:
        return [
            f": declared {value.dtype}{list(value.shape)}, holds {data.dtype}{list(data.shape)}"
        ]
    if data.dtype.kind == "f" and np.isnan(data).any():  # infinities cut nothing off, or all
        return [" holds NaN"]
    return []
