"""`keras.ops` against numpy: one call each, and gradients through what is composed."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.keras import ops
from edgekit.train import GradientTape, Input, Model, Tensor

RNG = np.random.default_rng(0)
X = RNG.uniform(0.1, 0.9, (3, 4)).astype("float32")
Y = RNG.uniform(0.1, 0.9, (3, 4)).astype("float32")
V = RNG.normal(size=(2, 3, 4)).astype("float32")

SAME = [
    *((name, (X,), {}) for name in (
        "abs", "absolute", "arccos", "arcsin", "arcsinh", "arctan", "arctanh", "ceil", "cos",
        "cosh", "exp", "expm1", "floor", "isfinite", "isinf", "isnan", "log", "log10", "log1p",
        "log2", "logical_not", "max", "mean", "median", "min", "ndim", "negative", "prod", "ravel",
        "reciprocal", "round", "shape", "sign", "sin", "sinh", "size", "sort", "sqrt", "square",
        "squeeze", "std", "sum", "tan", "transpose", "tril", "triu", "var", "zeros_like",
        "ones_like", "argmax", "argmin", "argsort", "cumsum", "count_nonzero", "all", "any",
    )),
    *((name, (X, Y), {}) for name in (
        "add", "divide", "equal", "floor_divide", "greater", "greater_equal", "isclose", "less",
        "less_equal", "logaddexp", "logical_and", "logical_or", "logical_xor", "maximum", "minimum",
        "mod", "multiply", "not_equal", "power", "subtract", "true_divide", "vdot", "outer",
        "inner",
    )),
    *((name, (V,), {"axis": 1}) for name in (
        "sum", "mean", "max", "min", "std", "var", "prod", "argmax", "argmin", "cumsum", "sort",
        "argsort", "all", "any", "median", "expand_dims", "flip", "average",
    )),
    ("arccosh", (X + 1,), {}), ("matmul", (V, V.transpose(0, 2, 1)), {}), ("dot", (V, X.T), {}),
    ("dot", (X, V.transpose(0, 2, 1)), {}), ("tensordot", (V, V), {"axes": ([1, 2], [1, 2])}),
    ("tensordot", (V, X), {"axes": 2}), ("einsum", ("bij,bkj->bik", V, V), {}),
    ("einsum", ("ij,jk", X, X.T), {}), ("einsum", ("ij->j", X), {}), ("trace", (X[:, :3],), {}),
    ("reshape", (V, (4, -1)), {}), ("swapaxes", (V, 0, 2), {}), ("moveaxis", (V, 0, -1), {}),
    ("moveaxis", (V, [0, 1], [2, 0]), {}), ("concatenate", ([X, Y],), {"axis": 1}),
    ("stack", ([X, Y],), {"axis": 1}), ("hstack", ([X, Y],), {}), ("vstack", ([X, Y],), {}),
    ("take", (V, [2, 0]), {"axis": 1}), ("take", (X, 3), {}), ("repeat", (X, 2), {"axis": 1}),
    ("repeat", (X, 2), {}), ("tile", (X, (2, 1, 3)), {}), ("roll", (X, 1), {"axis": 1}),
    ("roll", (X, 5), {}), ("pad", (X, ((1, 0), (2, 3))), {}), ("broadcast_to", (X, (2, 3, 4)), {}),
    ("diag", (X[0],), {}), ("linspace", (0, 1, 5), {}), ("arange", (2, 9, 3), {}),
    ("eye", (3, 4, 1), {}), ("identity", (3,), {}), ("where", (X > Y, X, Y), {}),
    ("vstack", ([X[0], Y[0]],), {}), ("trace", (V, 1, 2, 0), {}),
    ("searchsorted", (np.sort(X[0]), V), {}),
    ("searchsorted", (np.sort(X[0]), Y), {"side": "right"}),
    ("clip", (X, 0.3, 0.6), {}), ("quantile", (X, 0.3), {"axis": 1}), ("zeros", ((2, 3),), {}),
    ("full", ((2, 3), 7.0), {}), ("full_like", (X, 2.0), {}), ("squeeze", (X[None],), {"axis": 0}),
    *(("pad", (V, ((1, 0), (2, 1), (0, 3))), {"mode": mode}) for mode in (
        "reflect", "symmetric", "edge", "wrap")),
    *(("quantile", (V, q), {"axis": axis, "method": method, "keepdims": axis == (0, 2)})
      for q in (0.0, 0.37, 1.0, [0.2, 0.5]) for axis in (None, 1, (0, 2))
      for method in ("linear", "lower", "higher", "midpoint", "nearest")),
    ("median", (V,), {"axis": (0, 2)}),
    ("take_along_axis", (X, X.argsort(axis=1)), {"axis": 1}),
    ("take_along_axis", (X, np.array([5, 0, 11, 2])), {"axis": None}),
]  # fmt: skip


@pytest.mark.parametrize("name, args, options", [
    ("dot_product_attention", (V[None],) * 3, {"flash_attention": True}),
    ("bincount", ([1],), {"sparse": True}),
    ("one_hot", ([1], 3), {"sparse": True}),
    ("moments", (X, 0), {"synchronized": True}),
    ("convert_to_tensor", (X,), {"sparse": True}),
    ("einsum", ("ij->j", X), {"casting": "no"}),
])  # fmt: skip
def test_what_cannot_be_done_is_said(name, args, options):
    (word,) = options
    with pytest.raises(UnsupportedOperator, match=word):
        getattr(ops, name)(*args, **options)


def test_activations_take_what_they_take_in_keras_3():
    """gelu is the approximate one by default, as in keras.ops and unlike keras.activations."""
    x = np.linspace(-3, 3, 13).astype("float32")
    inner = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
    np.testing.assert_allclose(ops.gelu(x), 0.5 * x * (1 + np.tanh(inner)), atol=1e-6)
    exact = [v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in x.tolist()]
    np.testing.assert_allclose(ops.gelu(x, False), exact, atol=1e-6)
    np.testing.assert_allclose(ops.elu(x, 2.0), np.where(x > 0, x, 2 * np.expm1(x)), atol=1e-6)


@pytest.mark.parametrize("name, args, options", SAME)
def test_functions_are_those_of_numpy(name, args, options):
    expected = getattr(np, name)(*args, **options)
    made = getattr(ops, name)(*args, **options)
    made = made if isinstance(made, tuple | int) else made.numpy()
    # float32 against numpy's own float32 sums in another order
    np.testing.assert_allclose(made, expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name, args, options", [
    ("nextafter", (np.float32([1, np.inf, 0]), np.float32([0, 0, 1])), {}),
    ("nanmedian", (np.where(X.argmax(1)[:, None] == np.arange(4), np.float32(np.nan), V),),
     {"axis": 2}),
    ("array_split", (X[0], [1, 3]), {}),
])  # fmt: skip
def test_values_alone_are_those_of_numpy(name, args, options):
    made, expected = (getattr(which, name)(*args, **options) for which in (ops, np))
    for ours, theirs in zip(made, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_what_numpy_has_not():
    np.testing.assert_allclose(ops.logsumexp(V, axis=1), np.log(np.exp(V).sum(1)), rtol=1e-6)
    np.testing.assert_allclose(ops.rsqrt(X), 1 / np.sqrt(X), rtol=1e-6)
    np.testing.assert_allclose(ops.norm(X, axis=1), np.linalg.norm(X, axis=1), rtol=1e-6)
    np.testing.assert_allclose(ops.norm(X, ord=1, axis=1), np.abs(X).sum(1), rtol=1e-6)
    np.testing.assert_allclose(ops.softmax(X).numpy().sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(ops.one_hot([1, 0, 5], 3), [[0, 1, 0], [1, 0, 0], [0, 0, 0]])
    np.testing.assert_array_equal(ops.multi_hot([[1, 1], [0, 2]], 3), [[0, 1, 0], [1, 0, 1]])
    np.testing.assert_array_equal(
        ops.multi_hot([[1, 1], [0, 2]], 3, axis=0), [[0, 1], [1, 0], [0, 1]]
    )
    assert ops.cumsum(np.arange(3), dtype="float32").dtype == "float32"
    largest, places = ops.top_k(X, 2)
    np.testing.assert_array_equal(largest, -np.sort(-X, axis=1)[:, :2])
    np.testing.assert_array_equal(np.take_along_axis(X, places.numpy(), 1), largest)
    parts = ops.split(V, [1, 3], axis=2)
    assert [p.shape for p in parts] == [(2, 3, 1), (2, 3, 2), (2, 3, 1)]
    assert [p.shape for p in ops.unstack(V, axis=1)] == [(2, 4)] * 3
    np.testing.assert_array_equal(ops.slice(V, (0, 1, 2), (1, 2, 2)), V[:1, 1:3, 2:])
    target = (Y > 0.5).astype("float32")
    np.testing.assert_allclose(
        ops.binary_crossentropy(target, X), -(target * np.log(X) + (1 - target) * np.log(1 - X)),
        rtol=1e-5,
    )  # fmt: skip


COMPOSED = {
    "logsumexp": lambda x: ops.logsumexp(x, axis=1),
    "var": lambda x: ops.var(x, axis=0),
    "einsum": lambda x: ops.einsum("ij,kj->ik", x, x),
    "sort": lambda x: ops.sort(x) * ops.convert_to_tensor(X),
    "stack": lambda x: ops.stack([x, x * x], axis=1),
    "prod": lambda x: ops.prod(x, axis=1),
    "norm": lambda x: ops.norm(x, axis=1),
    "cumsum": lambda x: ops.cumsum(x, axis=1) * Y,
    "median": lambda x: ops.median(x, axis=1),
    "quantile": lambda x: ops.quantile(x, [0.2, 0.7], axis=0),
    "pad reflect": lambda x: ops.pad(x, ((1, 2), (0, 3)), "reflect") ** 2,
    "pad symmetric": lambda x: ops.pad(x, ((1, 2), (0, 3)), "symmetric") ** 2,
    "inv": lambda x: ops.inv(x[:, :3] + 2 * np.eye(3)) * Y[:, :3],
    "det": lambda x: ops.det(x[:, :3] + 2 * np.eye(3)) ** 2,
    "solve": lambda x: ops.solve(x[:, :3] + 2 * np.eye(3), x) * Y,
    "solve vector": lambda x: ops.solve(x[:, :3] + 2 * np.eye(3), x[:, 3]),
    "where": lambda x: ops.where(x > 0.5, x * x, -x),
    "gray": lambda x: ops.image.rgb_to_grayscale(x.reshape(2, 2, 3)) ** 2,
    "resize": lambda x: ops.image.resize(x.reshape(2, 2, 3), (3, 5)) ** 2,
    "tile": lambda x: ops.tile(x, (2, 1)) * ops.tile(x, (2, 1)),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_gradients_of_composed_functions(name):
    function = COMPOSED[name]
    direction = RNG.normal(size=X.shape)
    x = Tensor(X.astype(np.float64))
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.sum(function(x))
    slope = float((tape.gradient(y, x).numpy() * direction).sum())
    step = 1e-6
    ends = [float(ops.sum(function(Tensor(X + s * step * direction)))) for s in (1, -1)]
    assert slope == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-5)


def test_functions_become_part_of_a_functional_model():
    x = Input((4,))
    model = Model(x, ops.concatenate([ops.exp(x), ops.expand_dims(ops.sum(x, axis=1), -1)], 1))
    expected = np.concatenate([np.exp(X), X.sum(1, keepdims=True)], 1)
    np.testing.assert_allclose(model(X).numpy(), expected, rtol=1e-6)


def _along(function, args, at, direction):
    """The derivative of the sum of all outputs along a direction of one argument."""
    values = []
    for step in (1e-6, -1e-6):
        moved = [a + step * direction if i == at else a for i, a in enumerate(args)]
        values.append(float(np.sum(flat_of(function(*map(tensor_of, moved))))))
    return (values[0] - values[1]) / 2e-6


def tensor_of(x):
    return Tensor(x) if isinstance(x, np.ndarray) and x.dtype.kind == "f" else x


def flat_of(made):
    parts = made if isinstance(made, list | tuple) else [made]
    return np.concatenate([np.ravel(ops.convert_to_numpy(p)).astype("float64") for p in parts])


DIFFERENTIABLE = [
    *SAME, ("diag", (X[0], -2), {}), ("diag", (X, 1), {}), ("diag", (X, -1), {}),
    ("meshgrid", (X[0], X[1, :3]), {}), ("meshgrid", (X[0], X[1, :3]), {"indexing": "ij"}),
    ("array", (X,), {}),
]  # fmt: skip


@pytest.mark.parametrize("name, args, options", DIFFERENTIABLE)
def test_no_gradient_is_lost(name, args, options):
    """Tapes go through every function of numbers to numbers, as central differences say."""

    def function(*given):
        return getattr(ops, name)(*given, **options)

    wide = [a.astype("float64") if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a
            for a in args]  # fmt: skip
    given = [tensor_of(a) for a in wide]
    with GradientTape() as tape:
        tape.watch([t for t in given if isinstance(t, Tensor)])
        made = function(*given)
        parts = made if isinstance(made, list | tuple) else [made]
        parts = [p for p in parts if isinstance(p, Tensor) and p.dtype.kind == "f"]
        total = sum(ops.sum(p) for p in parts) if parts else None
    if total is None:
        return
    followed = [i for i, t in enumerate(given) if isinstance(t, Tensor)]
    gradients = tape.gradient(total, [given[i] for i in followed], unconnected_gradients="zero")
    for i, found in zip(followed, gradients, strict=True):
        direction = np.random.default_rng(i).normal(size=found.shape)
        expected = _along(function, wide, i, direction)
        # central differences: 1e-6 squared, and rounding of sums over 1e-6
        assert float((found.numpy() * direction).sum()) == pytest.approx(expected, 1e-5, 1e-6)


M = RNG.normal(size=(2, 3, 3)).astype("float64")


@pytest.mark.parametrize("name, x", [
    ("inv", M), ("det", M), ("cholesky", M @ M.transpose(0, 2, 1) + np.eye(3)),
    ("eigh", M + M.transpose(0, 2, 1)), ("svd", M), ("qr", M), ("norm", M[0]),
])  # fmt: skip
def test_matrices_against_numpy(name, x):
    found, expected = getattr(ops.linalg, name)(x), getattr(np.linalg, name)(x)
    if not isinstance(found, tuple):
        found, expected = [found], [expected]
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_second_derivative_of_a_determinant():
    """det(diag(a, b)) = a b: the mixed second derivative is 1."""
    x = Tensor(np.diag([2.0, 3.0]))
    with GradientTape() as outer:
        outer.watch(x)
        with GradientTape() as inner:
            inner.watch(x)
            y = ops.det(x)
        first = inner.gradient(y, x)[0, 0]
    assert float(first) == pytest.approx(3.0)
    np.testing.assert_allclose(outer.gradient(first, x).numpy()[1, 1], 1.0)


def test_what_is_no_matrix_is_refused():
    with pytest.raises(InputError, match="square"):
        ops.inv(X)
    with pytest.raises(InputError, match="(?i)singular"):
        ops.inv(np.zeros((2, 2)))


def test_where_alone_gives_places():
    for found, expected in zip(ops.where(X > 0.5), np.nonzero(X > 0.5), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_the_norm_of_several_axes_is_that_of_frobenius():
    found = ops.linalg.norm(V, "fro", (1, 2))
    np.testing.assert_allclose(found, np.linalg.norm(V, "fro", (1, 2)), rtol=1e-6)
