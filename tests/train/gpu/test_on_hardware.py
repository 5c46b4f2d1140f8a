"""What this package takes for granted of CUDA and cupy, asked of a GPU one by one.

These are the first tests to run where a GPU is: what fails here explains what fails elsewhere. On
the simulated GPU they say that it behaves alike.
"""

from __future__ import annotations

import numpy as np
import pytest

from edgekit.train.backend import asarray, where
from edgekit.train.gpu.data import Pinned
from edgekit.train.gpu.kernel import contiguous, empty, kernel
from edgekit.train.gpu.workplace import Workplace
from tests.train.device import HARDWARE, peek

ONES = np.ones(1 << 12, np.float32)


def relu_of(x):
    y = empty(x.shape, x.dtype)
    kernel("activations.cu", "activation_forward<float, Relu>").over(x.size, x, np.float32(0), y)
    return y


@pytest.fixture
def cupy(gpu):
    import cupy

    return cupy


@pytest.fixture
def work(cupy):
    return Workplace()


def test_a_kernel_runs(gpu):
    x = np.linspace(-1, 1, 1001, dtype=np.float32)
    np.testing.assert_array_equal(peek(relu_of(asarray(x))), np.maximum(x, 0))


def test_scalars_of_every_type_come_as_they_are(gpu):
    """uint64 and float32 among pointers: how arguments are packed."""
    from edgekit.train.gpu.random import words
    from edgekit.train.gpu.state import StepState

    state = StepState()
    state.force("step", 5)
    key = 0x0123456789ABCDEF
    whole = peek(words(key, 64, state.step))
    np.testing.assert_array_equal(peek(words(key, 32, state.step, first=8)), whole[32:])
    state.force("step", 6)
    assert (peek(words(key, 64, state.step)) != whole).mean() > 0.9
    assert state.read("step") == 6 and state.read("scale") == 1.0


def test_a_structure_comes_by_value(gpu):
    """Addresses of gradients and how they are stored, 2304 bytes, through `update<Sgd>`."""
    from edgekit.train import Variable, optimizers

    values = [np.arange(n, dtype=np.float32) for n in (3, 1500, 7)]
    variables = [Variable(v) for v in values]
    optimizer = optimizers.SGD(0.5)
    optimizer.build(variables)
    optimizer.apply([asarray(np.full_like(v, i + 1)) for i, v in enumerate(values)], variables)
    for i, (v, before) in enumerate(zip(variables, values, strict=True)):
        np.testing.assert_array_equal(peek(v.data), before - np.float32(0.5 * (i + 1)))


def test_a_graph_is_captured_with_memory_of_its_own_and_launched_again(cupy, work):
    x = asarray(-ONES)
    with work.entered():
        relu_of(x)
        with work.capturing() as captured:
            y = relu_of(x) + np.float32(1)
            z = y * y
            del y
    x[...] = 3
    others = [cupy.zeros(ONES.shape, np.float32) for _ in range(8)]
    with work.entered():
        captured[0].launch(work.stream)
    assert (peek(z) == 16).all() and not any(peek(one).any() for one in others)
    x[...] = -5
    with work.entered():
        captured[0].launch(work.stream)
        captured[0].launch(work.stream)
    assert (peek(z) == 1).all()


def test_a_pool_grows_and_kernels_are_loaded_within_a_capture(cupy, work):
    """Which is what relaxed captures are for: cudaMalloc, and modules that were not there."""
    x = asarray(np.full(1 << 18, 2, np.float32))
    run = kernel("activations.cu", "activation_forward<float, HardSilu>")
    run.__dict__.pop("_function", None)
    with work.entered(), work.capturing() as captured:
        parts = [cupy.empty(x.shape, np.float32) for _ in range(40)]  # 40 MiB
        for part in parts:
            run.over(x.size, x, np.float32(0), part)
        y = parts[0] + parts[-1]
    with work.entered():
        captured[0].launch(work.stream)
    np.testing.assert_allclose(peek(y), 2 * 2 * 5 / 6, rtol=1e-6)


@pytest.mark.parametrize("how", ["float", "asarray", "get", "matmul"])
def test_what_a_capture_refuses_spoils_nothing_else(cupy, work, how):
    x = asarray(np.full((8, 8), 2, np.float32))
    x @ x  # cuBLAS is there
    refused = {
        "float": (lambda: float(x[0, 0] * 2), "D2H transfers are disallowed"),
        "asarray": (lambda: cupy.asarray(np.ones(3)), "H2D transfers are disallowed"),
        "get": (lambda: x.get(), "D2H transfers are disallowed"),
        "matmul": (lambda: x @ x, "cuBLAS API during stream capture"),
    }
    call, reason = refused[how]
    with work.entered():
        with pytest.raises(RuntimeError, match=reason), work.capturing():
            relu_of(x)
            call()
        y = relu_of(x)  # the stream is as good as before
        with work.capturing() as captured:
            z = relu_of(x) + y
        captured[0].launch(work.stream)
    assert (peek(z) == 4).all()


def test_copies_from_pinned_memory_on_another_stream(cupy, work):
    target, pinned = cupy.empty(1 << 16, np.float32), Pinned((1 << 16,), np.float32)
    with work.entered():
        for turn in range(4):
            pinned.wait()
            pinned.array[...] = turn
            work.copies.wait_event(work.stream.record())
            work.stream.wait_event(pinned.copy_to(target, work.copies))
            y = target + np.float32(1)
            assert (peek(y) == turn + 1).all()


def test_a_graph_may_be_dropped_while_it_runs(cupy, work):
    x = asarray(ONES)
    with work.entered():
        for _ in range(3):
            with work.capturing() as captured:
                y = x
                for _ in range(50):
                    y = relu_of(y)
            captured[0].launch(work.stream)
            del captured
    assert (peek(y) == 1).all()


def test_numbers_of_16_bits(cupy):
    bfloat16 = np.dtype(pytest.importorskip("ml_dtypes").bfloat16)
    host = np.array([-3.0, 0.1, 2.5, 1e30], np.float32)
    for dtype in (np.dtype(np.float16), bfloat16):
        x = asarray(host[:3]).astype(dtype)
        assert x.dtype == dtype and (x * x + x).dtype == dtype
        assert x.sum(dtype=np.float32).dtype == np.float32 and x.mean(axis=0).dtype == dtype
        np.testing.assert_array_equal(peek(x.astype(np.float32)), host[:3].astype(dtype))
        assert where(x > 0, x, x.dtype.type(0)).dtype == dtype
        assert (dtype.type(1) - x).dtype == (x / dtype.type(2)).dtype == dtype
        x *= x > dtype.type(-9)
        x[...] = asarray(host[:3])
        y = cupy.concatenate([x, x * dtype.type(2)])[::2]
        np.testing.assert_array_equal(peek(contiguous(y)), peek(y))


def test_a_grid_of_many_rows_of_blocks(gpu):
    """Up to 65535 along y: images of one pixel, one row of blocks for each."""
    from edgekit.train.ops.pooling import global_average_pool2d

    x = np.arange((65535 if HARDWARE else 500) * 3, dtype=np.float32).reshape(-1, 1, 1, 3)
    np.testing.assert_array_equal(peek(global_average_pool2d.forward(asarray(x))), x[:, 0, 0])
