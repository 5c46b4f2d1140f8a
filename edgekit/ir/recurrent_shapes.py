"""Shape rules of recurrent layers, and which of their inputs go together."""

from __future__ import annotations

import math

from edgekit.errors import QuantizationError, ShapeError

from .graph import Shape, Value
from .shapes import Attrs, Inputs

__all__ = ["LSTM_INPUTS", "RNN_INPUTS", "SVDF_INPUTS", "lstm", "rnn", "svdf", "update_slice"]

LSTM_INPUTS = (
    "x",
    "input_to_input?", "input_to_forget", "input_to_cell", "input_to_output",
    "recurrent_to_input?", "recurrent_to_forget", "recurrent_to_cell", "recurrent_to_output",
    "cell_to_input?", "cell_to_forget?", "cell_to_output?",
    "input_bias?", "forget_bias", "cell_bias", "output_bias",
    "projection?", "projection_bias?",
    "hidden", "cell",
    "input_norm?", "forget_norm?", "cell_norm?", "output_norm?",
)  # fmt: skip
"""In TFLite's order. "A_to_B" is the weight by which gate B hears of A."""

RNN_INPUTS = ("x", "input_to_hidden", "recurrent_to_hidden", "hidden_bias", "hidden")

SVDF_INPUTS = ("x", "feature", "time", "bias?", "state")

INPUT_GATE = ("input_to_input", "recurrent_to_input", "input_bias")
LOWEST_CELL_EXPONENT, HIGHEST_CELL_EXPONENT = -15, -9

# role -> dtype, by the kind of arithmetic: all float; int8 weights that float activations meet
# ("hybrid"); all integers.
KINDS = {
    "float": ("float32", "float32", "float32", "float32", "float32", "float32"),
    "hybrid": ("float32", "int8", "int8", "float32", "float32", "float32"),
    "integer": ("int8", "int8", "int16", "int32", "int8", "int16"),
}


def lstm(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """x [batch, time, features] (time first with `time_major`), hidden [batch, units] and cell
    [batch, cells] give y [batch, time, units] and the next hidden and cell. A constant hidden or
    cell may be [1, units]: every sample begins with it.
    """
    given = _by_role(LSTM_INPUTS, inputs)
    x, hidden, cell = given["x"].shape, given["hidden"].shape, given["cell"].shape
    if not len(x) == 3 == len(hidden) + 1 == len(cell) + 1:
        raise ShapeError("expected x [batch, time, features], hidden and cell [batch, units]")
    time, batch = (x[0], x[1]) if attrs["time_major"] else (x[1], x[0])
    begins = {given[role].shape[0] for role in ("hidden", "cell") if not _begins_all(given[role])}
    if time is None or not begins <= {batch}:
        raise ShapeError(f"x {list(x)}, hidden {list(hidden)} and cell {list(cell)} do not fit")
    units, cells, features = hidden[1], cell[1], x[2]
    for name, value in given.items():
        wanted = _lstm_shape(name, features, units, cells)
        if wanted is not None and (value.shape != wanted or not value.is_constant):
            raise ShapeError(f"{name} must be a constant of shape {list(wanted)}, received {value}")
    if "projection" not in given and units != cells:
        raise ShapeError(f"{units} units of {cells} cells need a projection")
    _check_groups(given)
    if _lstm_kind(given) == "integer":
        _check_lstm_scales(given, attrs)
    y = (time, batch, units) if attrs["time_major"] else (batch, time, units)
    return y, (batch, units), (batch, cells)


def _begins_all(state: Value) -> bool:
    """A constant state of one row, which every sample begins with."""
    return state.is_constant and state.shape[0] == 1


def _by_role(roles: tuple[str, ...], inputs: Inputs) -> dict[str, Value]:
    pairs = zip(roles, inputs, strict=False)
    return {role.rstrip("?"): value for role, value in pairs if value is not None}


def _lstm_shape(
    name: str, features: int | None, units: int | None, cells: int | None
) -> Shape | None:
    """What shape a weight has; None for activations."""
    if name in ("x", "hidden", "cell"):
        return None
    if name == "projection":
        return units, cells
    if name == "projection_bias":
        return (units,)
    if name.startswith("input_to"):
        return cells, features
    return (cells, units) if name.startswith("recurrent_to") else (cells,)


def _check_groups(given: dict[str, Value]) -> None:
    """Some inputs are there together or not at all."""
    coupled = "input_to_input" not in given  # the input gate is 1 - forget gate
    peephole, norm = "cell_to_output" in given, "output_norm" in given
    wanted = dict.fromkeys(INPUT_GATE, not coupled)
    wanted |= {"cell_to_input": peephole and not coupled, "cell_to_forget": peephole}
    wanted |= {"input_norm": norm and not coupled, "forget_norm": norm, "cell_norm": norm}
    if "projection" not in given:
        wanted["projection_bias"] = False
    wrong = [name for name, there in wanted.items() if (name in given) != there]
    if wrong:
        raise ShapeError(f"inputs that must be there together are not: {', '.join(wrong)}")


def _lstm_kind(given: dict[str, Value]) -> str:
    """Which row of KINDS the dtypes follow."""
    found: dict[str, set[str]] = {}
    for name, value in given.items():
        found.setdefault(_lstm_group(name), set()).add(value.dtype)
    for kind, (x, weight, peephole, bias, hidden, cell) in KINDS.items():
        wanted = {"x": x, "weight": weight, "peephole": peephole, "bias": bias}
        wanted |= {"hidden": hidden, "cell": cell, "norm": cell}
        if all(dtypes == {wanted[group]} for group, dtypes in found.items()):
            return kind
    listed = ", ".join(f"{group} {'/'.join(sorted(d))}" for group, d in found.items())
    raise ShapeError(f"the dtypes {listed} do not go together")


def _lstm_group(name: str) -> str:
    if name.endswith(("_bias", "_norm")):
        return name[-4:]
    if name.startswith("cell_to"):
        return "peephole"
    return name if name in ("x", "hidden", "cell") else "weight"


def _check_lstm_scales(given: dict[str, Value], attrs: Attrs) -> None:
    """The integer form needs scales of everything, the cell's a power of two."""
    bare = [n for n, v in given.items() if not n.endswith("bias") and not _has_one_scale(v)]
    if bare:
        raise QuantizationError(f"one scale each is needed for {', '.join(bare)}")
    quant = given["cell"].quant
    assert quant is not None
    mantissa, exponent = math.frexp(quant.scale[0])
    if (
        mantissa != 0.5
        or not LOWEST_CELL_EXPONENT <= exponent - 1 <= HIGHEST_CELL_EXPONENT
        or any(quant.zero_point)
    ):
        raise QuantizationError(f"the cell's scale must be 2^-15 to 2^-9, received {quant}")
    if attrs["hidden_scale"] <= 0:
        raise QuantizationError("an integer layer needs its hidden_scale")
    scales = attrs["gate_scales"]
    if "output_norm" in given and (len(scales) != 4 or min(scales) <= 0):
        raise QuantizationError("an integer layer with normalization needs four gate_scales")


def _has_one_scale(value: Value) -> bool:
    return value.quant is not None and value.quant.axis is None


def rnn(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """x [batch, time, features] (time first with `time_major`) and hidden [batch, units] give y
    [batch, time, units] and the next hidden.
    """
    given = _by_role(RNN_INPUTS, inputs)
    x, hidden = given["x"].shape, given["hidden"].shape
    if len(x) != 3 or len(hidden) != 2:
        raise ShapeError("expected x [batch, time, features] and hidden [batch, units]")
    time, batch = (x[0], x[1]) if attrs["time_major"] else (x[1], x[0])
    units, weight = hidden[1], given["input_to_hidden"].dtype
    if time is None or hidden[0] != batch:
        raise ShapeError(f"x {list(x)} and hidden {list(hidden)} do not fit")
    wanted: dict[str, tuple[Shape, str]] = {
        "input_to_hidden": ((units, x[2]), weight),
        "recurrent_to_hidden": ((units, units), weight),
        "hidden_bias": ((units,), "float32"),
    }
    for name, (shape, dtype) in wanted.items():
        value = given[name]
        if (value.shape, value.dtype) != (shape, dtype) or not value.is_constant:
            raise ShapeError(f"{name} must be a constant {dtype}{list(shape)}, received {value}")
        if dtype == "int8" and not _has_one_scale(value):
            raise QuantizationError(f"one scale is needed for {name}")
    y = (time, batch, units) if attrs["time_major"] else (batch, time, units)
    return y, (batch, units)


def svdf(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """x [batch, features] and state [batch, filters * memory] give y [batch, units] and the next
    state, with units = filters / rank.
    """
    given = _by_role(SVDF_INPUTS, inputs)
    x, state = given["x"].shape, given["state"].shape
    feature, time = given["feature"].shape, given["time"].shape
    rank = attrs["rank"]
    fits = len(x) == len(feature) == len(time) == len(state) == 2
    if not fits or x[1] != feature[1] or time[0] != feature[0] or int(feature[0] or 0) % rank:
        raise ShapeError(
            f"x {list(x)}, feature {list(feature)}, time {list(time)} do not fit in rank {rank}"
        )
    filters, memory = int(time[0] or 0), int(time[1] or 0)
    units = filters // rank
    if state != (x[0], filters * memory):
        raise ShapeError(f"state must be {[x[0], filters * memory]}, received {list(state)}")
    if "bias" in given and given["bias"].shape != (units,):
        raise ShapeError(f"bias must have shape [{units}], received {given['bias']}")
    weights = [given[name] for name in ("feature", "time", "bias") if name in given]
    if not all(value.is_constant for value in weights):
        raise ShapeError("its weights must be constants")
    _check_svdf_dtypes(given)
    return (x[0], units), state


SVDF_KINDS = [
    dict(zip(("x", "feature", "time", "bias", "state"), dtypes, strict=True))
    for dtypes in (
        ("float32", "float32", "float32", "float32", "float32"),
        ("float32", "int8", "int8", "float32", "float32"),
        ("int8", "int8", "int16", "int32", "int16"),
        ("int8", "int8", "int8", "int32", "int8"),
    )
]


def _check_svdf_dtypes(given: dict[str, Value]) -> None:
    found = {name: value.dtype for name, value in given.items()}
    if not any(found.items() <= kind.items() for kind in SVDF_KINDS):
        listed = ", ".join(f"{name} {value.dtype}" for name, value in given.items())
        raise ShapeError(f"the dtypes {listed} do not go together")
    scaled = [value for value in given.values() if value.dtype in ("int8", "int16")]
    if not all(map(_has_one_scale, scaled)):
        raise QuantizationError("one scale each is needed for x, its weights and its state")
    state = given["state"].quant
    if given["state"].dtype == "int16" and state is not None and any(state.zero_point):
        raise QuantizationError(f"an int16 state has the zero point 0, received {state}")


def update_slice(inputs: Inputs, attrs: Attrs) -> tuple[Shape, ...]:
    """x keeps its shape; y is nowhere larger, and start has one number for each dimension."""
    x, y, start = (value.shape for value in inputs if value is not None)
    fits = len(x) == len(y) and None not in (*x, *y)
    if not fits or any(int(b or 0) > int(a or 0) for a, b in zip(x, y, strict=True)):
        raise ShapeError(f"{list(y)} cannot be written into {list(x)}")
    if start != (len(x),):
        raise ShapeError(f"start must have {len(x)} numbers, received {list(start)}")
    return (x,)
