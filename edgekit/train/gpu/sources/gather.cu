// Rows of a table by their numbers, and the sums of rows that have one number.

#include "reduce.cuh"
#include "vector.cuh"

#define WARPS 8
#define TILE 1024
#define COLUMNS 4  // of a lane

// y[i, :] = table[numbers[i], :]; NaN where there is no such row
template <typename T, typename L>
__global__ void gathered_rows(const T* __restrict__ table, const L* __restrict__ numbers,
                              T* __restrict__ y, int64 table_rows, int width, int64 count) {
    FOR_EACH(i, count) {
        int64 number = (int64)numbers[quotient_of(i, width)];
        bool known = number >= 0 && number < table_rows;
        y[i] = known ? table[number * width + remainder_of(i, width)] : narrow<T>(not_a_number());
    }
}

// total[n, :] = the sum of the rows whose number is n, in their order. A warp takes a row of the
// table and 128 columns, and looks through all numbers; the block's warps share what they read.
// Grid (groups of WARPS table rows, groups of columns), 256 threads.
template <typename T, typename L>
__global__ void summed_rows(const T* __restrict__ rows, const L* __restrict__ numbers,
                            T* __restrict__ total, int64 table_rows, int width, int64 count) {
    __shared__ int64 tile[TILE];
    int lane = threadIdx.x % 32, column = blockIdx.y * 32 * COLUMNS + lane;
    int64 own = (int64)blockIdx.x * WARPS + threadIdx.x / 32;
    float sums[COLUMNS] = {0.0f, 0.0f, 0.0f, 0.0f};
    for (int64 start = 0; start < count; start += TILE) {
        __syncthreads();
        for (int i = threadIdx.x; i < TILE; i += WARPS * 32)
            tile[i] = start + i < count ? (int64)numbers[start + i] : -1;
        __syncthreads();
        for (int base = 0; base < TILE && start + base < count; base += 32) {
            uint32 found = __ballot_sync(0xffffffffu, tile[base + lane] == own);
            for (; found != 0; found &= found - 1) {
                const T* row = rows + (start + base + __ffs(found) - 1) * width;
#pragma unroll
                for (int k = 0; k < COLUMNS; k++)
                    if (column + 32 * k < width) sums[k] += widen(row[column + 32 * k]);
            }
        }
    }
    if (own >= table_rows) return;
#pragma unroll
    for (int k = 0; k < COLUMNS; k++)
        if (column + 32 * k < width)
            total[own * width + column + 32 * k] = narrow<T>(sums[k]);
}
