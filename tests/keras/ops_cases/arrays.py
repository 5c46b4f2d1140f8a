"""Shapes, pieces, places: elements that move, and what is summed up of them."""

from __future__ import annotations

import numpy as np

from .case import Cases
from .inputs import GAPS, OTHER, ROW, SMALL, SQUARE, TRUE, M, N, P, V, W, X, Y

CASES = Cases()
case = CASES.add

# -- shapes ---------------------------------------------------------------------------------------
for axis in (None, 0, 1):
    case("append", X, Y, axis=axis)
case("append", N, P, label="append of both")
case("array_split", X, 3, axis=1)
case("split", V, 2, axis=2)
case("hsplit", X, 2)
case("vsplit", X, 3, fixed=True)
case("dsplit", V, [1, 3])
case("dstack", [X, Y])
case("dstack", [ROW, ROW], label="dstack of vectors")
case("hstack", [X, Y])
case("vstack", [ROW, ROW])
case("stack", [X, Y], axis=1)
case("stack", [N, P], label="stack of both")
case("concatenate", [N, P], axis=1)
case("unstack", V, axis=1)
case("fliplr", X)
case("flipud", X)
case("flip", V, axis=(0, 2))
for k in (0, 1, 2, 3):
    case("rot90", X, k)
case("rot90", V, 1, (1, 2), label="rot90 of other axes")
case("roll", V, 2, axis=1)
case("roll", V, (1, 2), axis=(0, 2), label="roll of axes")
case("repeat", X, 2, axis=1)
case("repeat", X, np.array([1, 0, 2]), axis=0, label="repeat each")
case("tile", X, (2, 1, 3))
case("squeeze", V[:1], fixed=True)
case("expand_dims", X, (0, 2))
case("moveaxis", V, (0, 1), (2, 0))
case("meshgrid", ROW, OTHER)
case("pad", X, ((1, 0), (2, 3)), constant_values=1.5)
case("pad", N, ((1, 0), (2, 3)), label="pad of integers")
for mode in ("reflect", "symmetric", "edge", "wrap"):
    case("pad", X, ((1, 1), (2, 2)), mode, label=f"pad {mode}", slopes="differences")
case("diag", ROW, 1)
case("diag", X, -1, label="diag of a matrix")
case("diagflat", X, -1)
case("diagonal", V, 1, 1, 2)
case("diagonal", V, -1, label="diagonal below")
case("trace", V, 1, 0, 2)
case("trace", N, label="trace of integers")
case("tril", V, -1)
case("triu", V, 1)
case("triu", N, label="triu of integers")
case("vander", ROW, slopes="differences")
case("vander", ROW, 3, True, label="vander increasing", slopes="differences")
case("vander", np.arange(4, dtype="int32"), label="vander of integers")

# -- taking and putting ---------------------------------------------------------------------------
case("take", V, np.array([2, 0, -1]), axis=1)
case("take", X, np.array([[5, 1]]), label="take of all")
case("take_along_axis", X, np.argsort(X, axis=1).astype("int32"), axis=1)
case("get_item", V, (0, slice(1, 3), None, -1), label="get_item")
case("slice", V, (0, 1, 2), (1, 2, 2))
case("slice_update", X, (1, 2), Y[:2, :2])
case("scatter", np.array([[0, 1], [2, 3], [0, 1]]), ROW[:3], (3, 4))
case("scatter", np.array([[0], [2]]), X[:2], (3, 4), label="scatter of rows")
_AT = np.array([[0, 1], [2, 3]])
case("scatter_update", X, _AT, ROW[:2])
case("scatter_update", X, np.array([[1], [2]]), Y[:2], label="scatter_update of rows")
_TWICE = np.array([[0, 1], [2, 3], [0, 1]])
for reduction in ("add", "max", "min", "mul"):
    case("scatter_update", X, _TWICE, ROW[:3], reduction=reduction,
         label=f"scatter_update {reduction}", slopes="differences")  # fmt: skip
_IDS = np.array([2, 0, 2, 1, 2])
_DATA = np.concatenate([X, Y])[:5]
for name in ("segment_sum", "segment_max", "segment_min"):
    case(name, _DATA, _IDS, num_segments=3, slopes="differences")
    case(name, _DATA, np.array([0, 0, 1, 2, 2]), label=f"{name} sorted", sorted=True,
         num_segments=3, slopes="differences")  # fmt: skip
    case(name, M[:, 0], np.array([1, 0, 1]), num_segments=2, label=f"{name} of integers")
case("segment_prod", _DATA, _IDS, num_segments=3, slopes="differences")
case(
    "segment_sum",
    _DATA,
    np.array([0, -1, 3, 3, 0]),
    num_segments=5,
    label="segment_sum with gaps",
    slopes="differences",
)
case("segment_prod", _DATA, np.array([0, 1, 3, 3, 0]), num_segments=5,
     label="segment_prod with gaps", slopes="differences")  # fmt: skip
case(
    "segment_max",
    _DATA,
    np.array([0, 1, 3, 3, 0]),
    num_segments=5,
    label="segment_max with gaps",
    slopes="",
)

# -- reductions -----------------------------------------------------------------------------------
for name in ("sum", "mean", "max", "min", "prod", "std", "var", "ptp", "amax", "amin", "logsumexp"):
    case(name, V)
    case(name, V, axis=1)
    case(name, V, axis=(0, 2), keepdims=True)
    case(name, M, axis=1, label=f"{name} of integers")
for name in ("sum", "mean", "prod", "cumsum", "cumprod", "max", "var"):
    case(name, SMALL, axis=0, label=f"{name} of int8")
    if name != "max":
        case(name, TRUE, axis=0, label=f"{name} of truth values")
case("prod", X, axis=1, dtype="float32", label="prod dtype", slopes="")
case("max", X, axis=1, initial=0.5, label="max initial")
for name in ("cumsum", "cumprod"):
    case(name, X)
    case(name, V, axis=1)
    case(name, M, axis=1, label=f"{name} of integers")
for name in ("argmax", "argmin", "all", "any", "count_nonzero"):
    case(name, X, axis=1)
    case(name, N)
case("argmax", X, axis=1, keepdims=True)
case("average", X, axis=1, weights=P[0], slopes="differences")
case("average", X, axis=1)
case("diff", V)
case("diff", V, 2, 1, label="diff twice")
case("diff", N, label="diff of integers")
case("trapezoid", V)
case("trapezoid", X, ROW[:4], label="trapezoid at places")
case("trapezoid", N, dx=0.5, label="trapezoid of integers")
for name in ("nansum", "nanprod", "nanmax", "nanmin", "nanmean", "nanvar", "nanstd", "nanmedian"):
    case(name, GAPS, slopes="")
    case(name, GAPS, axis=0, slopes="")
    case(name, N, axis=1, label=f"{name} of integers")
    case(name, X, axis=1, keepdims=True)
for name in ("nancumsum", "nancumprod"):
    case(name, GAPS, axis=1, slopes="")
    case(name, X)
for name in ("nanargmax", "nanargmin"):
    case(name, GAPS, axis=1)
    case(name, N, axis=0)
case("nanquantile", GAPS, 0.3, axis=1, slopes="")
case("nanpercentile", GAPS, [20.0, 50.0], axis=1, slopes="")
for method in ("linear", "lower", "higher", "midpoint", "nearest"):
    case("quantile", V, [0.2, 0.7], axis=1, method=method, label=f"quantile {method}",
         slopes="differences")  # fmt: skip
case("quantile", N, 0.3, label="quantile of integers")
case("percentile", V, 30, axis=(0, 2), keepdims=True)
case("median", V, axis=1)

# -- order ----------------------------------------------------------------------------------------
case("sort", V, axis=1)
case("argsort", V, axis=1)
case("top_k", X, 2)
case("argpartition", np.array([3, 1, 2], "int32"), 1)
case("in_top_k", np.array([0, 3, 1]), X, 2)
case("searchsorted", np.sort(ROW), X)
case("searchsorted", np.array([1, 3, 5]), N, side="right", label="searchsorted right")
case("digitize", X, np.array([-1.0, 0.0, 1.0], np.float32))
case("bincount", N.reshape(-1))
case("bincount", N.reshape(-1), X.reshape(-1), 12, label="bincount weighed", slopes="differences")
# counts are integers as in Keras on TensorFlow; on JAX they are real numbers
CASES.enter("histogram",
            lambda ops, x: [ops.cast(y, "float32") for y in ops.histogram(x, 4)],
            [ROW], "", symbolic="decide")  # fmt: skip
CASES.enter(
    "histogram of integers",
    lambda ops, x: [ops.cast(y, "float32") for y in ops.histogram(x, 3, (0, 6))],
    [N[0]],
)
case("nonzero", N)
case("unravel_index", np.array([5, 11], "int32"), (3, 4))
case("unique", N)
case("unique", N, return_index=True, return_inverse=True, return_counts=True, label="unique all")
case("unique", N.reshape(-1), size=15, fill_value=7, return_counts=True, label="unique with size")
case("unique", np.array([[1, 0], [0, 1], [1, 0]], "int32"), axis=0, label="unique rows")

# -- products -------------------------------------------------------------------------------------
case("cross", OTHER, ROW[:3])
case("cross", V[:, :, :3], W[:, :, :3], slopes="differences")
case("cross", V[:, :, :2], W[:, :, :2], label="cross of two", slopes="differences")
case("cross", V[:, :, :2], W[:, :, :3], label="cross of both", slopes="differences")
case("kron", X, SQUARE[0])
case("corrcoef", X)
for mode in ("valid", "same", "full"):
    case("correlate", ROW, OTHER, mode)
case("cdist", X, Y[:2])
case("cdist", V, W[:, :2], label="cdist of batches")
case("logdet", SQUARE[:1] @ SQUARE[:1].transpose(0, 2, 1) + np.eye(3, dtype="float32"))
case("slogdet", SQUARE)
for name in ("dot", "matmul"):
    case(name, X, Y.T)
    case(name, N, M.T, label=f"{name} of integers")
case("matmul", N, P.T, label="matmul of both")
case("inner", X, Y)
case("outer", X, ROW)
case("vdot", ROW, ROW[::-1].copy())
case("tensordot", V, W, axes=((0, 2), (0, 2)))
for subscripts, operands in {
    "ij,jk->ik": (X, Y.T), "bij,bkj->bik": (V, W), "ij,jk": (X, Y.T), "ij->j": (X,),
    "ii->i": (SQUARE[0],), "bii": (SQUARE,), "...ij,...jk->...ik": (V, W.transpose(0, 2, 1)),
    "ij,kj,k->i": (X, Y, ROW[:3]), "i,j->ij": (ROW, OTHER), "bij,bij->b": (V, W),
    "abc,cd->abd": (V, X.T), "...a,a": (V, ROW[:4]), "ij,ij->": (X, Y),
}.items():  # fmt: skip
    case("einsum", subscripts, *operands, label=f"einsum {subscripts}")
