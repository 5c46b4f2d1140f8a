// Where the elements of a product come from and go to: matrices with strides, and tiles of them.

#ifndef EDGEKIT_MATRICES
#define EDGEKIT_MATRICES

#include "gemm.cuh"

// Element (outer, k) of a matrix at data[outer * outer_stride + k * k_stride]. ALONG: the k stride
// is 1, otherwise the outer one is; then a row of ones may follow.
template <typename T, bool ALONG> struct Matrix {
    typedef T Element;
    typedef int64 Outer;  // offsets, negative outside
    typedef int64 Inner;
    const T* data;
    int count, depth;  // of outer indices and of k
    int stride;        // of the index that is not 1
    bool aligned;
    int ones;
    Gate<T> gate;

    __device__ __forceinline__ Outer outer(int i) const {
        return i < count ? (ALONG ? (int64)i * stride : i) : -1;
    }
    __device__ __forceinline__ Inner inner(int k) const {
        return k < depth ? (ALONG ? k : (int64)k * stride) : -1;
    }
    __device__ __forceinline__ const T* at(Outer i, Inner k) const {
        return i >= 0 && k >= 0 ? data + (i + k) : nullptr;
    }
};

// Rows of the output one after another.
struct Rows {
    int stride;
    __device__ __forceinline__ int64 offset(int row) const { return (int64)row * stride; }
};

enum { LINEAR = 0, RELU = 1, RELU6 = 2 };

__device__ __forceinline__ float activated(float x, int activation) {
    if (activation != LINEAR) x = x > 0.0f || x != x ? x : 0.0f;
    return activation == RELU6 && x > 6.0f ? 6.0f : x;
}

// Sums become elements: narrow(activation(sum + bias[n])), or parts of sums that wait for others.
template <typename T, class ROWS> struct Output {
    T* data;
    float* part;    // where splits are added later: (rows, columns); null otherwise
    const T* bias;  // (columns,) or null
    int rows, columns, activation;
    bool aligned;   // groups of 4 columns are whole and 16 bytes (8 of 16-bit types) aligned
    ROWS place;     // offset(row), negative where the row is none

    template <int V> __device__ __forceinline__ void write(int row, int column, const float* sums) const {
        if (row >= rows || column >= columns) return;
        if (part) {
            float* to = part + (int64)row * columns + column;
            for (int j = 0; j < V; j++)
                if (column + j < columns) to[j] = sums[j];
            return;
        }
        int64 offset = place.offset(row);
        if (offset < 0) return;
        T* to = data + offset + column;
        alignas(16) T made[V];
        for (int j = 0; j < V; j++)
            if (column + j < columns) {
                float added = bias ? sums[j] + widen(bias[column + j]) : sums[j];
                made[j] = narrow<T>(activated(added, activation));
                if (!aligned) to[j] = made[j];
            }
        if (aligned) copy<V>(to, made);
    }
};

// What one block does at a time: a tile of one batch, and of k one of `parts`. Tiles of the same
// rows follow one another, so that what they share is still in the cache.
template <int M, int N> struct Work {
    int row, column, part, batch;

    static __device__ __forceinline__ int count(int rows, int columns, int parts, int batches) {
        return (rows + M - 1) / M * ((columns + N - 1) / N) * parts * batches;
    }
    __device__ __forceinline__ Work(int item, int rows, int columns, int parts) {
        int across = (columns + N - 1) / N, down = (rows + M - 1) / M;
        column = item % across * N, item /= across;
        row = item % down * M, item /= down;
        part = item % parts, batch = item / parts;
    }
};

// Bits of `flags`, which kernels of products take.
enum {
    A_ALIGNED = 1, B_ALIGNED = 2, C_ALIGNED = 4, WITH_BIAS = 8, WITH_SUMS = 16, GATED_A = 32,
    GATED_B = 64, GATED_TO_SIX = 128
};

#endif
