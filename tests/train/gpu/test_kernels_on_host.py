"""The simulated device itself: what kernels compute there, and which of their faults it finds."""

from __future__ import annotations

import numpy as np
import pytest

from tests.train.device import LaunchError, needs_simulation, on_device, peek

pytestmark = needs_simulation

SOURCE = r"""
template <typename T, int WARPS>
__global__ void sums(const T* __restrict__ x, float* __restrict__ y, int count) {
    __shared__ float of_warps[WARPS];
    float sum = 0.0f;
    for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < count; i += blockDim.x * gridDim.x)
        sum += (float)x[i];
    for (int far = 16; far; far /= 2) sum += __shfl_down_sync(0xffffffffu, sum, far);
    if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = sum;
    __syncthreads();
    if (threadIdx.x) return;
    for (int i = 1; i < WARPS; i++) sum += of_warps[i];
    y[blockIdx.x] = sum;
}

__global__ void tree(int* values) {
    __shared__ int tile[256];
    unsigned i = threadIdx.y * blockDim.x + threadIdx.x;
    tile[i] = values[i];
    __syncthreads();
    for (unsigned far = 128; far; far /= 2) {
        if (i < far) tile[i] += tile[i + far];
        __syncthreads();
    }
    values[i] = tile[0] + __syncthreads_count(i < 3);
}

__global__ void lanes(unsigned* found) {
    unsigned lane = threadIdx.x;
    found[lane] = __ballot_sync(0xffffffffu, lane % 3 == 0);
    found[32 + lane] = __shfl_xor_sync(0xffffffffu, lane, 5);
    found[64 + lane] = __shfl_up_sync(0xffffffffu, lane, 2, 8);
    found[96 + lane] = __shfl_sync(0xffffffffu, lane, 3, 8);
    found[128 + lane] = __any_sync(0xffffffffu, lane == 9) + 2 * __all_sync(0xffffffffu, lane < 9);
    if (lane < 16) found[160 + lane] = __shfl_down_sync(0x0000ffffu, lane, 1, 16);
}

__global__ void missed_barrier(float* x) { if (threadIdx.x < 40) __syncthreads();
    else { __syncthreads(); } }
__global__ void missed_by_a_warp(float* x) { if (threadIdx.x != 7) __syncwarp();
    else __syncthreads(); }
__global__ void exited_lane(float* x) {
    if (threadIdx.x < 16) x[threadIdx.x] = __shfl_down_sync(0xffffffffu, x[threadIdx.x], 1);
}
__global__ void neighbours(float* x, int* found) {
    __shared__ float tile[64];
    for (int round = 0; round < 2; round++) {
        tile[threadIdx.x] = x[threadIdx.x] + round;
        __syncthreads();
        // one barrier is missing: a neighbour may be a round ahead
        if (tile[threadIdx.x ^ 1] != x[threadIdx.x ^ 1] + round) atomicAdd(found, 1);
    }
}
__global__ void ordered_blocks(int* order) { *order = blockIdx.x; }
__global__ void out_of_bounds(float* x, int count) { x[count] = 1.0f; }
__global__ void before_bounds(float* x) { x[-1] = 1.0f; }
__global__ void unset_shared(float* x) {
    __shared__ float tile[32];
    x[threadIdx.x] = tile[threadIdx.x];
    tile[threadIdx.x] = 1.0f;
}
__global__ void numbers(float* x, int a, unsigned b, long long c, float d, bool e, double f) {
    x[0] = a; x[1] = b; x[2] = c; x[3] = d; x[4] = e; x[5] = f;
}
__global__ void vectors(const float4* x, float* y) { y[threadIdx.x] = x[threadIdx.x].w; }
"""
NAMES = (
    *("sums<float, 4>", "sums<int, 2>", "tree", "lanes", "missed_barrier", "missed_by_a_warp"),
    *("neighbours", "ordered_blocks"),
    *("exited_lane", "out_of_bounds", "before_bounds", "unset_shared", "numbers", "vectors"),
)


@pytest.fixture
def run(gpu):
    import cupy

    module = cupy.RawModule(code=SOURCE, name_expressions=NAMES)

    def run(name, grid, block, *arguments):
        module.get_function(name)((grid,), block if type(block) is tuple else (block,), arguments)

    return run


@pytest.mark.parametrize(("name", "block"), [("sums<float, 4>", 128), ("sums<int, 2>", 64)])
def test_sums_by_shuffles_and_shared_memory(run, name, block, gpu):
    x = np.arange(1000, dtype=np.float32 if "float" in name else np.int32)
    y = on_device(np.zeros(3, np.float32))
    run(name, 3, block, on_device(x), y, np.int32(x.size))
    expected = [sum(x[i] for i in range(x.size) if i // block % 3 == which) for which in range(3)]
    np.testing.assert_array_equal(peek(y), expected)
    assert gpu.launches == [name] and gpu.synchronizations == 0


def test_a_tree_over_barriers(run):
    values = on_device(np.arange(256, dtype=np.int32))
    run("tree", 1, (64, 4), values)
    np.testing.assert_array_equal(peek(values), np.full(256, 255 * 128 + 3))


def test_exchanges_of_a_warp(run):
    found = on_device(np.zeros(192, np.uint32))
    run("lanes", 1, 32, found)
    ballot, flipped, up, third, votes, half = peek(found).reshape(6, 32)
    lane = np.arange(32)
    np.testing.assert_array_equal(ballot, np.full(32, sum(1 << i for i in range(0, 32, 3))))
    np.testing.assert_array_equal(flipped, lane ^ 5)
    np.testing.assert_array_equal(up, np.where(lane % 8 < 2, lane, lane - 2))
    np.testing.assert_array_equal(third, lane // 8 * 8 + 3)
    np.testing.assert_array_equal(votes, np.ones(32))
    np.testing.assert_array_equal(half[:16], [*range(1, 16), 15])


@pytest.mark.parametrize(
    ("name", "block", "message"),
    [
        ("missed_barrier", 64, "missed_barrier: .*the threads wait at different barriers"),
        ("missed_by_a_warp", 32, "it waits for its warp while others wait at a barrier"),
        ("exited_lane", 32, "exited_lane: .*reads a lane that has ended"),
        ("before_bounds", 1, "before_bounds wrote out of bounds, 4 bytes before"),
    ],
)
def test_faults_of_kernels(run, name, block, message):
    with pytest.raises(LaunchError, match=message):
        run(name, 1, block, on_device(np.zeros(64, np.float32)))
    run("tree", 1, 256, on_device(np.zeros(256, np.int32)))  # which leaves nothing behind


@pytest.mark.parametrize("count", [1, 5, 128, 1000])
def test_writes_out_of_bounds_are_found(run, count):
    x = on_device(np.zeros(count, np.float32))
    run("out_of_bounds", 1, 1, x, np.int32(count - 1))
    with pytest.raises(LaunchError, match="out_of_bounds wrote out of bounds, 0 bytes after"):
        run("out_of_bounds", 1, 1, x, np.int32(count))


def test_shared_memory_is_not_set_in_any_block(run):
    x = on_device(np.zeros(32, np.float32))
    for _ in range(2):
        run("unset_shared", 2, 32, x)
        assert np.isnan(peek(x)).all()


def test_a_missing_barrier_shows_in_either_order(run):
    x, found = on_device(np.arange(64, dtype=np.float32)), on_device(np.zeros(1, np.int32))
    for _ in range(2):
        run("neighbours", 1, 64, x, found)
        assert peek(found)[0] == 32
        found[...] = 0


def test_no_order_of_blocks_is_promised(run):
    order = on_device(np.zeros(1, np.int32))
    last = []
    for _ in range(2):
        run("ordered_blocks", 5, 1, order)
        last.append(int(peek(order)[0]))
    assert sorted(last) == [0, 4]


GOOD = (np.int32(-1), np.uint32(7), np.int64(2**33), np.float32(0.5), np.bool_(1), np.float64(3))


def test_every_kind_of_number(run):
    x = on_device(np.zeros(6, np.float32))
    run("numbers", 1, 1, x, *GOOD)
    np.testing.assert_array_equal(peek(x), [-1, 7, 2**33, 0.5, 1, 3])


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (1, np.int64(1)), (1, 1), (2, np.int32(1)), (3, np.int32(1)), (4, np.float64(1)),
        (4, 1.0), (5, True), (6, np.float32(1)), (1, np.ones(1, np.int32)),
    ],
)  # fmt: skip
def test_numbers_of_another_type_are_refused(run, place, wrong):
    given = [on_device(np.zeros(6, np.float32)), *GOOD]
    given[place] = wrong
    with pytest.raises(LaunchError, match=f"numbers: argument {place} is "):
        run("numbers", 1, 1, *given)


def test_arrays_that_do_not_fit_are_refused(run):
    x = on_device(np.zeros((4, 4), np.float32))
    for wrong, message in (
        (on_device(np.zeros(4, np.float64)), "is an array of float64"),
        (on_device(np.zeros(4, np.int32)), "is an array of int32"),
        (x.T, "is not C-contiguous"),
        (np.zeros(4, np.float32), "is ndarray"),
        (np.uint64(x.data.ptr), "is uint64"),
    ):
        with pytest.raises(LaunchError, match=f"before_bounds: argument 0 {message}"):
            run("before_bounds", 1, 1, wrong)
    with pytest.raises(LaunchError, match="takes 1 arguments"):
        run("before_bounds", 1, 1, x, x)
    run("vectors", 1, 4, x, on_device(np.zeros(4, np.float32)))
    with pytest.raises(LaunchError, match="argument 0 is not aligned to 16 bytes"):
        run("vectors", 1, 4, x.reshape(-1)[1:], on_device(np.zeros(4, np.float32)))


def test_launches_that_no_device_takes(run):
    x = on_device(np.zeros(4, np.float32))
    for grid, block in ((0, 1), (1, 1025), (1, (32, 33)), (1, (1, 1, 65))):
        with pytest.raises(RuntimeError, match="cudaErrorInvalidConfiguration"):
            run("before_bounds", grid, block, x)
