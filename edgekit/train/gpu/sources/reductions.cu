// Sums of whole arrays, and their gradients.

#include "columns.cuh"

// y = scale times the sum of x, in two stages. Grid (1, shares); a block takes `share` elements.
template <typename T>
__global__ void sum_of_all(const T* __restrict__ x, float scale, T* __restrict__ y, float* parts,
                           uint32* ticket, int64 share, int64 count) {
    int64 end = (blockIdx.y + 1) * share < count ? (blockIdx.y + 1) * share : count;
    float found = 0.0f;
    for (int64 i = blockIdx.y * share + threadIdx.x; i < end; i += COLUMN_THREADS)
        found += widen(x[i]);
    found = summed<COLUMN_THREADS>(found);
    if (gridDim.y > 1) {
        if (threadIdx.x == 0) parts[blockIdx.y] = found;
        if (!last_block(ticket, gridDim.y)) return;
        found = 0.0f;
        for (int i = threadIdx.x; i < (int)gridDim.y; i += COLUMN_THREADS) found += parts[i];
        found = summed<COLUMN_THREADS>(found);
    }
    if (threadIdx.x == 0) y[0] = narrow<T>(found * scale);
}

// every element scale times the one number g
template <typename T>
__global__ void filled_with(const T* __restrict__ g, float scale, T* __restrict__ gx,
                            int64 count) {
    T value = narrow<T>(widen(g[0]) * scale);
    FOR_EACH(i, count) gx[i] = value;
}
