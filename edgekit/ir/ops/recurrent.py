"""Layers that go on from where they were: Lstm over a whole sequence, Svdf one step at a time.

Their memories are inputs and outputs like any others; a graph that keeps them between calls says so
in `Graph.states`.
"""

from __future__ import annotations

from .. import recurrent_shapes
from . import EVERY, Attr, OpSpec, define

CURVES = ("relu", "relu6", "tanh", "sigmoid")
LIMIT = Attr("float", 0.0, low=0.0)  # 0: none
HIDDEN_RANGES = "its integer form needs ranges inside the layer, which calibration does not see"

# The dtypes of each role over all the forms; `recurrent_shapes` says which go together.
WEIGHT, PEEPHOLE = ("float32", "int8"), ("float32", "int8", "int16")
BIAS, NORM = ("float32", "int32"), ("float32", "int16")


def _dtypes(role: str) -> tuple[str, ...]:
    if role.endswith("bias"):
        return BIAS
    if role.endswith("norm") or role == "cell":
        return NORM
    return PEEPHOLE if role.startswith("cell_to") else WEIGHT


ROLES = [role.rstrip("?") for role in recurrent_shapes.LSTM_INPUTS]

define(
    OpSpec(
        "Lstm",
        recurrent_shapes.LSTM_INPUTS,
        recurrent_shapes.lstm,
        {
            "activation": Attr("str", "tanh", choices=CURVES),
            "cell_clip": LIMIT,
            "projection_clip": LIMIT,
            "time_major": Attr("bool", False),
            "reverse": Attr("bool", False),  # from the last time to the first
            # int8 weights and float activations: whether these get a zero point when quantized
            "asymmetric": Attr("bool", False),
            # integers: the scales of the gates' sums (input, forget, cell, output) where they are
            # normalized, and of output gate times activated cell
            "gate_scales": Attr("floats", (), low=0.0),
            "hidden_scale": Attr("float", 0.0, low=0.0),
            "hidden_zero_point": Attr("int", 0, low=-128, high=127),
        },
        prefer_float=HIDDEN_RANGES,
        input_dtypes={role: _dtypes(role) for role in ROLES if role != "x"},
        outputs=("y", "hidden", "cell"),
        output_dtypes=("same", "same", "as:cell"),
    )
)
define(
    OpSpec(
        "Rnn",
        recurrent_shapes.RNN_INPUTS,
        recurrent_shapes.rnn,
        {
            "activation": Attr("str", "tanh", choices=("none", "relu", "relu6", "tanh")),
            "time_major": Attr("bool", False),
            "reverse": Attr("bool", False),
            "asymmetric": Attr("bool", False),
        },
        dtypes=("float32",),
        float_only="LiteRT has it with int8 weights, but not with int8 activations",
        input_dtypes={
            "input_to_hidden": WEIGHT,
            "recurrent_to_hidden": WEIGHT,
            "hidden_bias": ("float32",),
            "hidden": ("float32",),
        },
        outputs=("y", "hidden"),
        output_dtypes=("float32",),
    )
)
define(
    OpSpec(
        "Svdf",
        recurrent_shapes.SVDF_INPUTS,
        recurrent_shapes.svdf,
        {
            "rank": Attr("int", 1, low=1, high=2**16),
            "activation": Attr("str", "none", choices=("none", *CURVES)),
            "asymmetric": Attr("bool", False),
        },
        prefer_float=HIDDEN_RANGES,
        input_dtypes={
            "feature": WEIGHT,
            "time": PEEPHOLE,
            "bias": BIAS,
            "state": PEEPHOLE,
        },
        outputs=("y", "state"),
        output_dtypes=("same", "as:state"),
    )
)
define(
    OpSpec(
        "UpdateSlice",  # x with y written into it from `start` on: how loops collect results
        ("x", "y", "start"),
        recurrent_shapes.update_slice,
        tied=True,
        dtypes=EVERY,
        input_dtypes={"start": ("int32", "int64")},
    )
)
