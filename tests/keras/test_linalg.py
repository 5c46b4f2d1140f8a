"""`keras.ops.linalg`: values against numpy, derivatives and theirs against PyTorch in float64."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from edgekit.errors import InputError, UnsupportedOperator
from edgekit.keras import ops
from edgekit.train import GradientTape, Tensor
from edgekit.train.ops.reductions import sum as total_of
from tests.keras.linalg_cases import CASES, inputs_of, weights_of
from tests.material import ROOT

LA = SimpleNamespace(
    **{name: getattr(ops.linalg, name) for name in ops.linalg.__all__},
    sum=ops.sum, square=ops.square, matmul=ops.matmul, array=lambda x: x,
    turned=lambda x: ops.swapaxes(x, -1, -2),
)  # fmt: skip
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def golden():
    with np.load(ROOT / "tests/golden/linalg.npz") as file:
        return dict(file)


def close(found, expected):
    """Rounding of float64 in sums of a few products; quotients of differences make it larger."""
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * scale)


@pytest.mark.parametrize("name", CASES)
def test_derivatives_are_those_of_pytorch(name, golden):
    given = [Tensor(x) for x in inputs_of(name)]
    with GradientTape() as tape:
        tape.watch(given)
        y = CASES[name][0](LA, *given)
    close(y.numpy(), golden[f"{name}/y"])
    for i, d in enumerate(tape.gradient(y, given, unconnected_gradients="zero")):
        close(d.numpy(), golden[f"{name}/d{i}"])


@pytest.mark.parametrize("name", CASES)
def test_second_derivatives_are_those_of_pytorch(name, golden):
    given = [Tensor(x) for x in inputs_of(name)]
    with GradientTape() as outer:
        outer.watch(given)
        with GradientTape() as inner:
            inner.watch(given)
            y = CASES[name][0](LA, *given)
        first = inner.gradient(y, given, unconnected_gradients="zero")
        total = sum(total_of(d * weights_of(*d.shape)) for d in first)
    for i, s in enumerate(outer.gradient(total, given, unconnected_gradients="zero")):
        close(s.numpy(), golden[f"{name}/s{i}"])


@pytest.mark.parametrize("upper", [False, True])
def test_only_the_triangle_of_a_root_is_read(upper):
    x = RNG.normal(size=(3, 3)) + 3 * np.eye(3)
    root = np.triu(x) if upper else np.tril(x)
    product = root.T @ root if upper else root @ root.T
    close(ops.cholesky_inverse(x, upper=upper).numpy(), np.linalg.inv(product))
    b = RNG.normal(size=(3, 2))
    close(ops.solve_triangular(x, b, lower=not upper).numpy(), np.linalg.solve(root, b))


def test_least_squares_and_pseudo_inverses_are_those_of_numpy():
    a, b = RNG.normal(size=(5, 3)), RNG.normal(size=5)
    close(ops.lstsq(a, b).numpy(), np.linalg.lstsq(a, b, rcond=None)[0])
    close(ops.lstsq(a.T, b[:3]).numpy(), np.linalg.lstsq(a.T, b[:3], rcond=None)[0])
    deficient = np.outer(a[:, 0], b)
    close(ops.pinv(deficient).numpy(), np.linalg.pinv(deficient, rcond=5 * 2.3e-16))
    close(ops.pinv(a, rcond=0.9).numpy(), np.linalg.pinv(a, rcond=0.9))


def test_ranks():
    full = RNG.normal(size=(2, 4, 3))
    stack = np.stack([full[0], np.outer(full[0, :, 0], full[1, 0])])
    found = ops.matrix_rank(stack).numpy()
    assert found.tolist() == np.linalg.matrix_rank(stack).tolist() == [3, 1]
    assert found.dtype == np.int32
    assert int(ops.matrix_rank(np.diag([3.0, 0.5]), tol=1.0)) == 1


@pytest.mark.parametrize("shape", [(4, 4), (5, 3), (3, 5)])
def test_lu_factors_make_the_matrix(shape):
    x = RNG.normal(size=shape)
    lu, pivots = (t.numpy() for t in ops.lu_factor(x))
    k = min(shape)
    lower = np.tril(lu[:, :k], -1) + np.eye(shape[0], k)
    assert np.abs(lower).max() <= 1  # the largest number of a column is its pivot
    rows = np.arange(shape[0])
    for i, place in enumerate(pivots):
        rows[[i, place]] = rows[[place, i]]
    close(lower @ np.triu(lu[:k]), x[rows])


@pytest.mark.parametrize("axis", [None, (0, 1), 0, -1])
@pytest.mark.parametrize("ord", [None, "fro", "nuc", 0, 1, -1, 2, -2, 3, np.inf, -np.inf])
def test_norms_are_those_of_numpy(ord, axis):
    """What numpy does not know raises; without an axis a matrix has a norm of matrices."""
    x = RNG.normal(size=(3, 4))
    try:
        expected = np.linalg.norm(x, ord, axis, keepdims=True)
    except ValueError:
        with pytest.raises(InputError, match="norm: ord="):
            ops.norm(x, ord, axis)
        return
    found = ops.norm(x, ord, axis, keepdims=True)
    assert found.shape == expected.shape
    close(found.numpy(), expected)
    close(ops.norm(x, ord, axis).numpy(), expected.reshape(ops.norm(x, ord, axis).shape))


def test_norms_of_more_axes():
    x = RNG.normal(size=(2, 3, 4))
    close(ops.norm(x).numpy(), np.linalg.norm(x))
    close(ops.norm(x, axis=(0, 1, 2)).numpy(), np.linalg.norm(x))
    with pytest.raises(InputError, match=r"ord=1 needs one axis or two"):
        ops.norm(x, 1)


def gradient_of(function, x):
    x = Tensor(x)
    with GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return tape.gradient(y, x)


def test_what_has_no_derivative_says_so():
    x = RNG.normal(size=(5, 3))
    beyond = lambda x: ops.sum(ops.linalg.svd(x)[0])  # noqa: E731
    for function, words in (
        (beyond, "the vectors beyond the singular values have no derivative"),
        (lambda x: ops.sum(ops.linalg.qr(x, "complete")[0]), "mode='complete'.* no derivative"),
        (lambda x: ops.sum(ops.linalg.lu_factor(x)[0]), "lu_factor has no derivative"),
    ):
        with pytest.raises(UnsupportedOperator, match=words):
            gradient_of(function, x)


def test_float32_stays_float32():
    x = RNG.normal(size=(3, 3)).astype(np.float32)
    for name in ("cholesky", "det", "eigh", "inv", "pinv", "qr", "svd"):
        given = x @ x.T + np.eye(3, dtype=np.float32)
        found = getattr(ops.linalg, name)(given)
        for one in found if isinstance(found, tuple) else [found]:
            assert one.dtype == np.float32
        function = getattr(ops.linalg, name)

        def total(x, function=function):
            found = function(x)
            return sum(map(ops.sum, found)) if isinstance(found, tuple) else ops.sum(found)

        assert gradient_of(total, given).dtype == np.float32
