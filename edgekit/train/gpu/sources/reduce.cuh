// Sums and maxima over the threads that share a row: always in the same order.

#ifndef EDGEKIT_REDUCE
#define EDGEKIT_REDUCE

#include "types.cuh"

__device__ __forceinline__ float infinity() { return float_of(0x7f800000u); }
__device__ __forceinline__ float not_a_number() { return float_of(0x7fc00000u); }

struct Sum {
    static __device__ __forceinline__ float start() { return 0.0f; }
    static __device__ __forceinline__ float joined(float a, float b) { return a + b; }
};

struct Largest {
    static __device__ __forceinline__ float start() { return -infinity(); }
    static __device__ __forceinline__ float joined(float a, float b) { return a < b ? b : a; }
};

// Over a warp (WIDTH 32) or a block of WIDTH threads; every thread gets the result.
template <typename Operation, int WIDTH>
__device__ __forceinline__ float reduced(float value) {
    for (int step = 16; step > 0; step /= 2)
        value = Operation::joined(value, __shfl_xor_sync(0xffffffffu, value, step));
    if (WIDTH == 32) return value;
    __shared__ float parts[32];
    int warp = threadIdx.x / 32, warps = WIDTH / 32;
    __syncthreads();  // the last use of `parts` is over
    if (threadIdx.x % 32 == 0) parts[warp] = value;
    __syncthreads();
    value = parts[0];
    for (int i = 1; i < warps; i++) value = Operation::joined(value, parts[i]);
    return value;
}

template <int WIDTH> __device__ __forceinline__ float summed(float value) {
    return reduced<Sum, WIDTH>(value);
}

template <int WIDTH> __device__ __forceinline__ float largest(float value) {
    return reduced<Largest, WIDTH>(value);
}

// Sum over a warp, in its first lane.
template <typename T> __device__ __forceinline__ T sum_of_warp(T value) {
    for (int i = 16; i; i >>= 1) value += __shfl_down_sync(0xffffffffu, value, i);
    return value;
}

// Sum over a block of WIDTH threads, in its first one.
template <int WIDTH, typename T> __device__ __forceinline__ T sum_of_block(T value) {
    __shared__ T shared[WIDTH / 32];
    value = sum_of_warp(value);
    __syncthreads();
    if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = value;
    __syncthreads();
    value = threadIdx.x < WIDTH / 32 ? shared[threadIdx.x] : (T)0;
    return threadIdx.x < 32 ? sum_of_warp(value) : (T)0;
}

// The rows that this group of WIDTH threads takes, and its lane within the group.
#define FOR_EACH_ROW(row, rows, WIDTH)                                                \
    for (int64 row = ((int64)blockIdx.x * blockDim.x + threadIdx.x) / WIDTH;          \
         row < (rows); row += (int64)gridDim.x * blockDim.x / WIDTH)
#define LANE(WIDTH) ((int)(threadIdx.x % (WIDTH)))

// Whether this block is the last of `blocks` to come here: it sees what the others wrote before.
// The ticket is 0 before and after.
__device__ __forceinline__ bool last_block(uint32* ticket, uint32 blocks) {
    __shared__ uint32 place;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) place = atomicInc(ticket, blocks - 1);
    __syncthreads();
    if (place != blocks - 1) return false;
    __threadfence();
    return true;
}

#endif
