// Metrics: sums that stay on the device, added to once a batch.
//
// `sums` has the total and, where there are two, the count. Every kernel that goes over many values
// writes a partial sum per block, and the last block adds them up in order, so that the result does
// not depend on which block was first. `partial` has PARTIAL doubles for each block, up to BLOCKS.

#include "reduce.cuh"

#define THREADS 256
#define BLOCKS 128
#define PARTIAL 2

// of labels, which are compared with each other only
__device__ __forceinline__ float widen(double value) { return (float)value; }
__device__ __forceinline__ float widen(int value) { return (float)value; }
__device__ __forceinline__ float widen(int64 value) { return (float)value; }
__device__ __forceinline__ float widen(uint8 value) { return (float)value; }
__device__ __forceinline__ double exact(double value) { return value; }
template <typename T> __device__ __forceinline__ double exact(T value) { return widen(value); }

// sums[0] <- sums[0] + total scale, sums[1] <- sums[1] + count, from what each thread found.
__device__ void add_to_sums(double total, double count, double scale, double* sums, int size,
                            double* partial, uint32* ticket) {
    total = sum_of_block<THREADS>(total);
    count = sum_of_block<THREADS>(count);
    if (threadIdx.x == 0) {
        partial[PARTIAL * blockIdx.x] = total;
        partial[PARTIAL * blockIdx.x + 1] = count;
    }
    if (!last_block(ticket, gridDim.x) || threadIdx.x >= size) return;
    double sum = 0.0;
    for (uint32 block = 0; block < gridDim.x; ++block)
        sum += partial[PARTIAL * block + threadIdx.x];
    sums[threadIdx.x] += threadIdx.x ? sum : sum * scale;
}

// total + sum of values, count + sum of weights; without weights every value counts 1
template <typename T, typename W>
__global__ void __launch_bounds__(THREADS)
add_values(const T* __restrict__ values, const W* __restrict__ weights, int weighted,
           double* sums, int size, double* partial, uint32* ticket, int64 count) {
    double total = 0.0, weight = 0.0;
    FOR_EACH(i, count) {
        total += exact(values[i]);
        weight += weighted ? exact(weights[i]) : 1.0;
    }
    add_to_sums(total, weight, 1.0, sums, size, partial, ticket);
}

// total + value weight, count + weight. One thread.
template <typename T>
__global__ void add_number(const T* value, double weight, double* sums, int size) {
    sums[0] += exact(*value) * weight;
    if (size > 1) sums[1] += weight;
}

// total / count, 0 for a count of 0. One thread.
__global__ void mean_of_sums(const double* sums, double* mean) {
    *mean = sums[1] != 0.0 ? sums[0] / sums[1] : 0.0;
}

// The place of the largest, the first of equal ones; a NaN is larger than all.
template <typename T>
__device__ __forceinline__ int place_of_largest(const T* row, int classes) {
    int found = 0;
    float largest = widen(row[0]);
    for (int c = 1; c < classes && largest == largest; ++c) {
        const float value = widen(row[c]);
        if (value > largest || value != value) { largest = value; found = c; }
    }
    return found;
}

// Adds what each thread hit, of so many samples; the first thread counts them.
__device__ __forceinline__ void add_hits(double hits, double samples, double scale, double* sums,
                                         int size, double* partial, uint32* ticket) {
    const bool first = blockIdx.x == 0 && threadIdx.x == 0;
    add_to_sums(hits, first ? samples : 0.0, scale, sums, size, partial, ticket);
}

// Rows whose largest output is that of the label, a class number.
template <typename T, typename L>
__global__ void __launch_bounds__(THREADS)
add_sparse_hits(const L* __restrict__ labels, const T* __restrict__ outputs, int classes,
                double scale, double samples, double* sums, int size, double* partial,
                uint32* ticket, int64 rows) {
    double hits = 0.0;
    FOR_EACH(i, rows)
        hits += (double)labels[i] == place_of_largest(outputs + i * classes, classes);
    add_hits(hits, samples, scale, sums, size, partial, ticket);
}

// Rows whose largest output is where the largest label is.
template <typename T, typename L>
__global__ void __launch_bounds__(THREADS)
add_categorical_hits(const L* __restrict__ labels, const T* __restrict__ outputs, int classes,
                     double scale, double samples, double* sums, int size, double* partial,
                     uint32* ticket, int64 rows) {
    double hits = 0.0;
    FOR_EACH(i, rows)
        hits += place_of_largest(labels + i * classes, classes) ==
                place_of_largest(outputs + i * classes, classes);
    add_hits(hits, samples, scale, sums, size, partial, ticket);
}

// Outputs on the label's side of the threshold.
template <typename T, typename L>
__global__ void __launch_bounds__(THREADS)
add_binary_hits(const L* __restrict__ labels, const T* __restrict__ outputs, float threshold,
                double scale, double samples, double* sums, int size, double* partial,
                uint32* ticket, int64 count) {
    double hits = 0.0;
    FOR_EACH(i, count) hits += (double)labels[i] == (widen(outputs[i]) > threshold ? 1.0 : 0.0);
    add_hits(hits, samples, scale, sums, size, partial, ticket);
}

// Sum of the weights of each bucket; elements of bucket -1 count nowhere. A warp for each bucket.
__global__ void __launch_bounds__(32)
add_buckets(const int* __restrict__ buckets, const float* __restrict__ weights, double* sums,
            int64 count) {
    double sum = 0.0;
    for (int64 i = threadIdx.x; i < count; i += 32)
        if (buckets[i] == (int)blockIdx.x) sum += weights[i];
    sum = sum_of_warp(sum);
    if (threadIdx.x == 0) sums[blockIdx.x] = sum;
}

// The k largest of each row as they are (of equal ones the first), all others `rest`.
__global__ void __launch_bounds__(THREADS)
keep_largest(const float* __restrict__ x, int classes, int k, float rest, float* __restrict__ y,
             int64 count) {
    FOR_EACH(i, count) {
        const int64 start = i / classes * classes;
        const float own = x[i];
        int before = 0;
        for (int64 j = start; j < start + classes && before < k; ++j)
            before += x[j] > own || (own != own && x[j] == x[j]) || (j < i && x[j] == own) ||
                      (j < i && x[j] != x[j] && own != own);
        y[i] = before < k ? own : rest;
    }
}
