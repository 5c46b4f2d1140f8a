"""Streams, graphs, memory and waits of the simulated device."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from tests.train.device import CUDARuntimeError, LaunchError, needs_simulation, on_device, peek

pytestmark = needs_simulation

DOUBLE = r"""
extern "C" __global__ void twice(const float* __restrict__ x, float* __restrict__ y, int n) {
    for (int i = threadIdx.x; i < n; i += blockDim.x) y[i] = 2.0f * x[i];
}
"""


@pytest.fixture
def cupy(gpu):
    import cupy

    return cupy


@pytest.fixture
def stream(cupy):
    made = cupy.cuda.Stream(non_blocking=True)
    with made:
        yield made
        if made.is_capturing():
            made.nodes = None


def twice(cupy, x):
    y = cupy.empty(x.shape, x.dtype)
    cupy.RawKernel(DOUBLE, "twice")((1,), (32,), (x, y, np.int32(x.size)))
    return y


def test_a_capture_computes_nothing_and_a_launch_everything(cupy, stream, gpu):
    x = on_device(np.arange(4, dtype=np.float32))
    total = on_device(np.zeros(4, np.float32))
    index = on_device(np.array([3, 1]))
    stream.begin_capture()
    y = twice(cupy, x + 1)
    total += cupy.where(y > 4, y, 0)
    total[1:2] = 7
    kept = cupy.stack([y, cupy.ones_like(y)])[:, ::2]
    chosen = y[index].sum(axis=0, keepdims=True)
    graph = stream.end_capture()
    assert not gpu.launches
    np.testing.assert_array_equal(peek(total), np.zeros(4))
    assert np.isnan(peek(y)).all() and np.isnan(peek(chosen)).all()
    for first in (0, 10):
        x.set(np.arange(first, first + 4, dtype=np.float32))
        before = peek(total)
        graph.launch()
        expected = 2 * (np.arange(first, first + 4) + 1)
        np.testing.assert_array_equal(peek(y), expected)
        after = before + np.where(expected > 4, expected, 0)
        after[1] = 7
        np.testing.assert_array_equal(peek(total), after)
        np.testing.assert_array_equal(peek(kept), [expected[::2], [1, 1]])
        np.testing.assert_array_equal(peek(chosen), [expected[3] + expected[1]])
    assert gpu.launches == ["twice"] * 2 and gpu.graph_launches == 2


def test_kernels_of_a_graph_are_watched_too(cupy, stream):
    x, y = (on_device(np.zeros(n, np.float32)) for n in (129, 128))  # y fills its chunk
    stream.begin_capture()
    cupy.RawKernel(DOUBLE, "twice")((1,), (32,), (x, y, np.int32(129)))
    graph = stream.end_capture()
    with pytest.raises(LaunchError, match="twice wrote out of bounds"):
        graph.launch()


def test_views_within_a_capture_are_views(cupy, stream):
    x = on_device(np.zeros((2, 3, 4), np.float32))
    stream.begin_capture()
    for view in (x.reshape(6, 4), x[1], x.transpose(2, 0, 1), x.T, x[None], cupy.ravel(x),
                 x.view(np.int32), cupy.moveaxis(x, 0, 1), cupy.broadcast_to(x, (5, 2, 3, 4)),
                 cupy.ascontiguousarray(x), *cupy.split(x, 2)):  # fmt: skip
        assert view.data.mem is x.data.mem
    assert not stream.nodes
    assert x.transpose(2, 0, 1).reshape(-1).data.mem is not x.data.mem
    assert len(stream.nodes) == 1


REFUSED = {
    "item": lambda cupy, x: x[0].item(),
    "float": lambda cupy, x: float(x[0]),
    "bool": lambda cupy, x: bool(x[0] > 0),
    "get": lambda cupy, x: x.get(),
    "asnumpy": lambda cupy, x: cupy.asnumpy(x),
    "set": lambda cupy, x: x.set(np.zeros(4, np.float32)),
    "asarray": lambda cupy, x: cupy.asarray(np.zeros(4)),
    "a list": lambda cupy, x: cupy.array([1.0, 2.0]),
    "an index of the host": lambda cupy, x: x[[0, 1]],
    "a mask": lambda cupy, x: x[x > 0],
    "to a mask": lambda cupy, x: x.__setitem__(x > 0, 0),
    "nonzero": lambda cupy, x: cupy.nonzero(x),
    "where": lambda cupy, x: cupy.where(x > 0),
    "unique": lambda cupy, x: cupy.unique(x),
    "sort": lambda cupy, x: cupy.sort(x),
    "synchronize": lambda cupy, x: cupy.cuda.get_current_stream().synchronize(),
    "device": lambda cupy, x: cupy.cuda.Device().synchronize(),
}
BY_CUDA = {"sort", "synchronize", "device"}
"""What CUDA itself refuses, and ends the capture; the rest cupy does not even try."""
LIBRARIES = {
    "matmul": lambda cupy, x: x @ x,
    "dot": lambda cupy, x: cupy.dot(x, x),
    "method dot": lambda cupy, x: x.dot(x),
    "tensordot": lambda cupy, x: cupy.tensordot(x, x, 1),
    "einsum": lambda cupy, x: cupy.einsum("i,i->", x, x),
    "random": lambda cupy, x: cupy.random.Generator(cupy.random.Philox4x3210(1)).random(3),
}


@pytest.mark.parametrize("name", [*REFUSED, *LIBRARIES])
def test_what_a_capture_refuses(cupy, stream, gpu, name):
    x = on_device(np.arange(4, dtype=np.float32))
    call = (REFUSED | LIBRARIES)[name]
    call(cupy, x)
    waits = gpu.synchronizations
    stream.begin_capture()
    if name in LIBRARIES:
        with pytest.raises(NotImplementedError, match="during stream capture"):
            call(cupy, x)
        stream.end_capture()
    elif name not in BY_CUDA:
        with pytest.raises(RuntimeError, match="2[HD] transfers are disallowed"):
            call(cupy, x)
        stream.end_capture()
    else:
        with pytest.raises(CUDARuntimeError, match="cudaErrorStreamCaptureUnsupported"):
            call(cupy, x)
        with pytest.raises(CUDARuntimeError, match="cudaErrorStreamCaptureInvalidated"):
            stream.end_capture()
    assert gpu.synchronizations == waits


def test_waits_are_counted(cupy, gpu):
    x = on_device(np.arange(4, dtype=np.float32))
    y = (x + 1).sum() * x.mean(axis=0)
    assert gpu.synchronizations == 0 and gpu.copies_in == 0
    assert float(y) == 15 and cupy.asnumpy(x).size == 4 and y.item() == 15 and bool(y > 0)
    assert gpu.waits == ["float", "get", "item", "bool"]
    cupy.asarray(np.zeros(3))
    assert gpu.copies_in == 1


def test_graphs_whose_buffers_others_have_compute_wrong_numbers(cupy, stream):
    x = on_device(np.full(300, 1.0, np.float32))
    stream.begin_capture()
    result = (x + 1) * (x + 2)  # the sums are free again when the capture ends
    graph = stream.end_capture()
    graph.launch()
    np.testing.assert_array_equal(peek(result), np.full(300, 6.0))
    other = cupy.zeros(300, np.float32)
    graph.launch()
    assert (peek(other) != 0).any()


def test_a_pool_of_its_own_keeps_the_buffers_of_a_graph(cupy, stream):
    x = on_device(np.full(300, 1.0, np.float32))
    pool = cupy.cuda.MemoryPool()
    stream.begin_capture()
    with cupy.cuda.using_allocator(pool.malloc):
        result = (x + 1) * (x + 2)
    graph = stream.end_capture()
    others = [cupy.zeros(300, np.float32) for _ in range(4)]
    graph.launch()
    assert not any(peek(other).any() for other in others)
    np.testing.assert_array_equal(peek(result), np.full(300, 6.0))
    assert pool.used_bytes() == 1536 and pool.total_bytes() == 3 * 1536
    pool.free_all_blocks()
    assert pool.total_bytes() == 1536


def test_a_pool_hands_out_again_what_was_freed(cupy):
    pool = cupy.cuda.MemoryPool()
    with cupy.cuda.using_allocator(pool.malloc):
        x = cupy.empty(100, np.float32)
        assert np.isnan(peek(x)).all() and pool.used_bytes() == 512
        place = x.data.ptr
        x[...] = 0
        del x
        assert pool.used_bytes() == 0 and pool.total_bytes() == 512
        again = cupy.empty((50,), np.float64)
        assert again.data.ptr == place and np.isnan(peek(again)).all()
        pool.set_limit(size=1024)
        cupy.empty(128, np.float32)
        with pytest.raises(cupy.cuda.memory.OutOfMemoryError, match="limit set to: 1,024 bytes"):
            cupy.empty(256, np.float32)


def test_streams_are_current_within_their_blocks(cupy):
    one, other = (cupy.cuda.Stream(non_blocking=True) for _ in range(2))
    assert cupy.cuda.get_current_stream() == cupy.cuda.Stream.null
    with one:
        with other:
            assert cupy.cuda.get_current_stream() is other
        assert cupy.cuda.get_current_stream() is one
        seen = []
        thread = threading.Thread(target=lambda: seen.append(cupy.cuda.get_current_stream().ptr))
        thread.start()
        thread.join()
        assert seen == [0]
    with pytest.raises(RuntimeError, match="default"):
        cupy.cuda.Stream.null.begin_capture()


def test_a_capture_and_work_outside_of_it_do_not_wait_for_each_other(cupy, stream):
    outside = cupy.cuda.Stream(non_blocking=True)
    before = outside.record()
    stream.begin_capture()
    within = stream.record()
    stream.wait_event(within)
    with pytest.raises(CUDARuntimeError, match="cudaErrorCapturedEvent"):
        within.synchronize()
    with pytest.raises(NotImplementedError, match="over several streams"):
        outside.wait_event(within)
    stream.end_capture()
    stream.begin_capture()
    with pytest.raises(CUDARuntimeError, match="cudaErrorStreamCaptureIsolation"):
        stream.wait_event(before)
    with pytest.raises(CUDARuntimeError, match="cudaErrorStreamCaptureInvalidated"):
        stream.end_capture()
    outside.wait_event(before)
    before.synchronize()


def test_arrays_stay_on_their_side(cupy):
    x = on_device(np.ones(3, np.float32))
    host = np.ones(3, np.float32)
    for mixed in (lambda: x + host, lambda: host + x, lambda: np.exp(x), lambda: cupy.exp(host),
                  lambda: cupy.stack([x, host]), lambda: x.__setitem__(0, host[:1]),
                  lambda: np.asarray(x)):  # fmt: skip
        with pytest.raises(TypeError):
            mixed()
    np.testing.assert_array_equal(peek(2 * x + np.float32(1)), [3, 3, 3])
    assert isinstance(x.sum(), cupy.ndarray) and (x / 0).dtype == np.float32
