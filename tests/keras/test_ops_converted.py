"""Functions of `keras.ops` as graphs: the interpreter gives the numbers of Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgekit.errors import UnsupportedOperator
from edgekit.interpreter import Interpreter
from edgekit.keras import ops
from edgekit.train import Input, Model
from edgekit.train.trace import trace
from tests.keras.ops_cases import FAMILIES, Case, outputs_of
from tests.keras.test_ops_cases import close, stored

# what has an operator in the graph, or several: by the functions of one sample
WRITTEN = {
    "elementwise": (
        "abs", "add", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh",
        "ceil", "clip", "cos", "cosh", "deg2rad", "divide", "divide_no_nan",
        "equal of real numbers", "exp", "exp2", "expm1", "floor", "floor_divide", "fmax", "fmin",
        "greater of real numbers", "hypot", "log", "log10", "log1p", "log2", "logaddexp",
        "logaddexp2", "logical_and of real numbers", "logical_or of real numbers",
        "logical_xor of real numbers", "maximum", "minimum", "mod", "multiply", "negative",
        "power", "rad2deg", "reciprocal", "round", "rsqrt", "sign", "sin", "sinc", "sinh", "sqrt",
        "square", "subtract", "tan", "trunc",
    ),
    "arrays": (
        "all", "any", "append''", "argmax", "argmin", "array_split", "cumprod'", "cumsum'", "diff",
        "dsplit", "dstack", "einsum bij,bij->b", "einsum bij,bkj->bik", "logsumexp'", "max'",
        "mean'", "min'", "prod'", "ptp'", "repeat", "roll", "sum'", "split", "stack",
        "std'", "trapezoid", "tril", "triu", "unstack", "var'",
    ),
    "networks": (
        "adaptive_average_pool", "adaptive_max_pool", "average_pool", "average_pool of sequences",
        "causal attention", "celu", "depth_to_space", "elu", "extract_sequences", "gelu", "glu'",
        "hard_sigmoid", "hard_tanh", "layer_normalization plain", "log_softmax", "max_pool",
        "normalize", "rearrange b (h s) w c -> b h w (s c)", "relu", "rms_normalization", "selu",
        "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign", "space_to_depth",
        "sparse_plus", "squareplus", "tanh", "tanh_shrink", "threshold",
    ),
}  # fmt: skip
CASES = [(family, label) for family, labels in WRITTEN.items() for label in labels]


def model_of(case: Case) -> Any:
    held = [Input(x.shape[1:], name=f"x{i}") for i, x in enumerate(case.inputs)]
    with np.errstate(all="ignore"):
        return Model(held, outputs_of(case.function(ops, *held)))


@pytest.mark.parametrize(("family", "label"), CASES)
def test_graphs_give_the_numbers_of_keras(family: str, label: str) -> None:
    case = FAMILIES[family][label]
    with np.errstate(all="ignore"):  # a trace runs on data of its own
        graph = trace(model_of(case))
    found = Interpreter(graph).run({f"x{i}": x for i, x in enumerate(case.inputs)})
    expected = stored(f"{family}/{label}", "y")
    made = list(found.values())
    assert len(made) == len(expected)
    for y, e in zip(made, expected, strict=True):
        # functions made of others lose a few more digits
        close(np.asarray(y).astype(e.dtype), e, 2e-5)


REFUSED = [
    ("elementwise", "erf", "'erf' in layer"),
    ("elementwise", "cbrt", "'cbrt' in layer"),
    ("elementwise", "heaviside", "'numpy_heaviside' in layer"),
    ("arrays", "sort", "an index of arrays"),
    ("arrays", "quantile linear", "an index of arrays"),
    ("arrays", "logdet", "does not come from its input through primitives"),
    ("networks", "fft", "'fourier' in layer"),
    ("networks", "fold", "'scatter' in layer"),
]


@pytest.mark.parametrize(("family", "label", "message"), REFUSED)
def test_what_no_graph_can_hold_is_refused_by_name(family: str, label: str, message: str) -> None:
    with np.errstate(all="ignore"), pytest.raises(UnsupportedOperator, match=message):
        trace(model_of(FAMILIES[family][label]))
