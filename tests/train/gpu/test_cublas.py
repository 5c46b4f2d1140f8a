"""Products by cuBLASLt: what it is asked, on a library of the host with its interface."""

from __future__ import annotations

import ctypes
import sys

import numpy as np
import pytest

from edgekit.train.gpu import cublas, libraries
from edgekit.train.precision import set_float32_precision
from edgekit.train.tape import GradientTape
from edgekit.train.tensor import PRIMITIVES, Variable
from tests.train.device import HARDWARE, cublas_host, on_device, peek

RANDOM = np.random.default_rng(5)


@pytest.fixture
def host(gpu, monkeypatch):
    """The library of the host in the place of the real one."""
    if HARDWARE:
        pytest.skip("of the simulated GPU alone")
    library = cublas_host.HostLibrary()
    monkeypatch.setattr(cublas.CUBLAS, "_load", lambda: library)
    monkeypatch.setattr(cublas, "_state", cublas._State())
    monkeypatch.setattr(libraries, "_workspaces", {})
    cublas.CUBLAS.forget()
    with libraries.use_libraries(cublas=True):
        yield gpu
    cublas.CUBLAS.forget()


def straight(x):
    return on_device(x)


def turned(x):
    return on_device(np.ascontiguousarray(x.swapaxes(-1, -2))).swapaxes(-1, -2)


def part(x):
    """Rows that lie further apart than they are long."""
    wide = np.concatenate([x, x[..., :3]], axis=-1)
    return on_device(wide)[..., : x.shape[-1]]


def scattered(x):
    return on_device(np.repeat(x, 2, axis=-1))[..., ::2]


LAYOUTS = (straight, turned, part, scattered)


@pytest.mark.parametrize("of_a", LAYOUTS)
@pytest.mark.parametrize("of_b", LAYOUTS)
def test_products_of_any_layout(host, of_a, of_b):
    for shape in ((7, 5, 3), (1, 4, 6), (4, 1, 3), (5, 6, 1), (1, 1, 1)):
        a = RANDOM.normal(size=(shape[0], shape[1])).astype(np.float32)
        b = RANDOM.normal(size=(shape[1], shape[2])).astype(np.float32)
        c = cublas.matmul(of_a(a), of_b(b))
        assert c.flags.c_contiguous
        np.testing.assert_allclose(peek(c), a.astype(float) @ b, rtol=1e-5, atol=1e-6)
    assert host.launches == ["cublasLtMatmul"] * 5 and host.synchronizations == 0


def test_batches(host):
    a, b = RANDOM.normal(size=(2, 3, 4, 5)), RANDOM.normal(size=(2, 3, 5, 6))
    a, b = a.astype(np.float32), b.astype(np.float32)
    for c, expected in (
        (cublas.matmul(on_device(a), on_device(b)), a @ b),
        (cublas.matmul(on_device(a[0]), turned(b[0])), a[0] @ b[0]),
        (cublas.matmul(on_device(a), on_device(b[1, 2])), a @ b[1, 2]),
    ):
        np.testing.assert_allclose(peek(c), expected, rtol=1e-5, atol=1e-5)
    assert cublas.matmul(on_device(a), on_device(b[0])) is None  # broadcast: for other kernels


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("activation", [None, "relu"])
def test_bias_and_activation_come_with_the_product(host, dtype, activation):
    kind = pytest.importorskip("ml_dtypes").bfloat16 if dtype == "bfloat16" else dtype
    a, b, bias = (RANDOM.normal(size=s).astype(kind) for s in ((9, 4), (4, 5), (5,)))
    c = cublas.matmul(on_device(a), on_device(b), on_device(bias), activation)
    expected = a.astype(float) @ b.astype(float) + bias.astype(float)
    expected = np.maximum(expected, 0) if activation else expected
    assert c.dtype == a.dtype
    # one rounding to 24, 11 or 8 bits of a sum of float64
    unit = {"float32": 2**-23, "float16": 2**-10, "bfloat16": 2**-7}[dtype]
    np.testing.assert_allclose(peek(c).astype(float), expected, rtol=unit, atol=unit)


def test_gradients_of_kernel_and_bias_in_one(host):
    x, g = RANDOM.normal(size=(8, 3)), RANDOM.normal(size=(8, 5))
    rows, given = (on_device(one.astype(np.float32)) for one in (x, g))
    gk, gb = cublas.matmul_and_sums(rows.T, given)
    np.testing.assert_allclose(peek(gk), x.T @ g, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(peek(gb), g.sum(axis=0), rtol=1e-5, atol=1e-5)
    assert host.launches == ["cublasLtMatmul"]


def test_products_are_captured_with_their_biases(host):
    cupy = sys.modules["cupy"]
    a, b = (on_device(RANDOM.normal(size=(4, 4)).astype(np.float32)) for _ in range(2))
    biases = [on_device(np.full(4, n, np.float32)) for n in (10, 20)]
    plain = peek(cublas.matmul(a, b))
    stream = cupy.cuda.Stream(non_blocking=True)
    with stream:
        cublas.matmul(a, b, biases[0])
        plans = len(cublas._state.plans)
        stream.begin_capture()
        found = [cublas.matmul(a, b, bias) for bias in biases]
        graph = stream.end_capture()
        a *= 2
        graph.launch()
    for y, bias in zip(found, (10, 20), strict=True):
        np.testing.assert_allclose(peek(y), 2 * plain + bias, rtol=1e-6, atol=1e-5)
    assert len(cublas._state.plans) == plans == 2


def test_tf32_where_it_was_chosen(host):
    a = on_device(np.ones((4, 4), np.float32))
    try:
        for precision in ("ieee", "tf32"):
            set_float32_precision(precision)
            cublas.matmul(a, a)
    finally:
        set_float32_precision("ieee")
    assert [problem.compute for _, problem in cublas._state.plans] == [68, 77]


def test_algorithms_are_asked_for_by_alignment(host):
    vector = on_device(np.ones(100, np.float32))
    for start in (0, 1, 4):
        a, bias = vector[start : start + 16].reshape(4, 4), vector[start : start + 4]
        np.testing.assert_array_equal(peek(cublas.matmul(a, a, bias)), np.full((4, 4), 5.0))
    problems = [problem for _, problem in cublas._state.plans]
    assert [one.alignment for one in problems] == [256, 4, 16]
    assert [one.first.alignment for one in problems] == [256, 4, 16]


def test_what_it_does_not_do_is_left_to_others(host):
    a = on_device(np.ones((4, 4), np.float32))
    bias = on_device(np.ones(4, np.float32))
    cublas.CUBLAS.get().edgekit_refuse_epilogue(6)
    assert cublas.matmul(a, a, bias, "relu") is None and cublas.matmul(a, a, bias) is not None
    assert cublas.matmul(a, a, activation="relu6") is None
    assert cublas.matmul(a.astype(np.float64), a.astype(np.float64)) is None
    assert cublas.matmul(a, a.astype(np.float16)) is None
    assert cublas.matmul(a[0], a) is None
    with libraries.use_libraries(cublas=False):
        assert cublas.matmul(a, a) is None


def test_a_layer_is_computed_by_it(host):
    x, kernel, bias = (
        Variable(RANDOM.normal(size=s).astype(np.float32)) for s in ((6, 4), (4, 3), (3,))
    )
    with GradientTape() as tape:
        tape.watch([x, kernel, bias])
        y = PRIMITIVES["dense"](x, kernel, bias)
    assert len(tape.gradient(y, [x, kernel, bias])) == 3
    assert host.launches.count("cublasLtMatmul") == 3


def test_a_handle_that_cannot_be_made(host, monkeypatch):
    a = on_device(np.ones((4, 4), np.float32))
    monkeypatch.setattr(cublas.CUBLAS.get(), "cublasLtCreate", lambda _: 1, raising=False)
    assert cublas.matmul(a, a) is None
    assert libraries.report()["cublas"] == "missing (cublasLtCreate gave status 1)"


@pytest.fixture(scope="module")
def real():
    """The real library; skipped where it is not installed. No GPU is needed to describe."""
    try:
        return libraries.shared_library("cublasLt", "13", "12")
    except OSError as error:
        pytest.skip(str(error).splitlines()[0])


def test_the_real_library_takes_the_descriptions(real, monkeypatch):
    """All but the product itself; `cublasLtMatmulAlgoGetHeuristic` needs a handle, so a GPU."""
    asked = []

    class Describing:
        def __getattr__(self, name):
            if name != "cublasLtMatmulAlgoGetHeuristic":
                return getattr(real, name)
            return lambda *given: asked.append(given) or 1

    assert real.cublasLtGetVersion() >= 120000
    first = cublas._Operand(True, 8, 4, 8, 3, 32, 16)
    second = cublas._Operand(False, 8, 5, 9, 3, 45, 256)
    result = cublas._Operand(False, 4, 5, 4, 3, 20, 256)
    for dtype, compute in (("float32", 68), ("float32", 77), ("float16", 68), ("bfloat16", 68)):
        for epilogue in (1, 2, 4, 6, 256):
            problem = cublas._Problem(first, second, result, dtype, compute, epilogue)
            assert cublas._planned(Describing(), ctypes.c_void_p(), problem, 1 << 20) is None
    assert len(asked) == 20
